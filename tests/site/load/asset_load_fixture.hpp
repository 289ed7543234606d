#pragma once

#include <torc/site/cache/cache_budget.hpp>
#include <torc/site/cache/substitute_key.hpp>
#include <torc/site/load/asset_load.hpp>

#include "site/assets.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace torc::site::test {

/// What is at one path of a made-up disk.
struct FakeFile {
    unsigned mode = S_IFREG;
    std::string contents{};
    /// Seconds since 1970.
    std::int64_t modified = 1'600'000'000;
    std::int64_t changed = 1'600'000'000;
    /// What opening it fails with; 0: nothing.
    int error = 0;
    /// It is reached by a symbolic link.
    bool is_link = false;
    unsigned links = 1;
};

/// Loads from a made-up disk; writes down what was looked at. Descriptors are real, what they say
/// is not.
class AssetLoadTest : public ::testing::Test {
protected:
    AssetLoad::Outcome load(std::string_view path, AssetRef previous = {}) {
        opened_.clear();
        beneath_ = 0;
        AssetLoad load(path, std::move(previous), rules_, now_);
        load.reserve_in(budget_);
        LoadStep step = load.start();
        for (int steps = 0; !is<LoadFinished>(step); ++steps) {
            EXPECT_LT(steps, 200);
            step = perform(load, step);
        }
        return load.take_result();
    }
    AssetRef asset(std::string_view path) { return load(path).asset; }
    http::Status status(std::string_view path) {
        const AssetRef found = asset(path);
        EXPECT_EQ(found->kind(), found->status() == http::Status::not_found ? Asset::Kind::missing
                                                                            : Asset::Kind::error);
        return found->status();
    }
    /// What is sent in place of a path at which there is nothing.
    AssetLoad::Outcome load_substitute(SubstituteKey key) {
        std::string text;
        key.write(text);
        return load(text);
    }
    AssetRef error_at(std::string_view path) {
        return load_substitute(SubstituteKey::error_at(path)).asset;
    }
    AssetLoad::Outcome load_fallback() {
        return load_substitute(
            {.kind = SubstituteKey::Kind::fallback, .path = rules_.fallback_path});
    }
    std::string_view contents(std::string_view path) {
        last_ = asset(path);
        EXPECT_EQ(last_->kind(), Asset::Kind::file);
        return last_->kind() == Asset::Kind::file ? last_->identity().contents() : "";
    }
    /// Where a redirect leads; "?" when it is none.
    std::string location(std::string_view path) {
        const AssetRef found = asset(path);
        return found->kind() == Asset::Kind::redirect ? found->location() : "?";
    }

    void put(const std::string& path, std::string_view contents = "") {
        disk_[path] = FakeFile{.contents = std::string(contents)};
    }
    void put_directory(const std::string& path) { disk_[path] = FakeFile{.mode = S_IFDIR}; }

    LoadRules rules_;
    /// When loads look at the disk.
    WallTime now_ = loaded_at;
    CacheBudget budget_{CacheLimits{}};
    std::map<std::string, FakeFile> disk_;
    /// What was at the root before, the youngest first.
    std::vector<std::map<std::string, FakeFile>> previous_disks_;
    std::vector<std::string> opened_;
    /// Closes the descriptors that loads are done with, and counts them.
    class CountingCloser final : public FileCloser {
    public:
        void close_file(int fd, Lane /*lane*/) noexcept override {
            ::close(fd);
            ++closed_;
        }
        [[nodiscard]] std::size_t closed() const { return closed_; }

    private:
        std::size_t closed_ = 0;
    };
    CountingCloser closer_;

private:
    LoadStep perform(AssetLoad& load, const LoadStep& step) {
        if (const auto* const next = std::get_if<OpenFile>(&step)) {
            return open(load, *next);
        }
        if (const auto* const next = std::get_if<StatFile>(&step)) {
            *next->status = status_of(*current_);
            return load.on_stated();
        }
        if (const auto* const next = std::get_if<ReadFile>(&step)) {
            const std::string_view rest = std::string_view(current_->contents).substr(next->offset);
            const std::size_t count = std::min(next->buffer.size(), rest.size());
            std::memcpy(next->buffer.data(), rest.data(), count);
            return load.on_read(count);
        }
        if (const auto* const next = std::get_if<ListDirectory>(&step)) {
            return listing_error_ != 0 ? load.on_failed(Errno(listing_error_)) : list(load, *next);
        }
        if (is<TryPreviousRoot>(step)) {
            return beneath_++ < previous_disks_.size() ? load.on_previous_root()
                                                       : load.on_no_previous_root();
        }
        return load.on_digest_begun();
    }

    LoadStep open(AssetLoad& load, const OpenFile& next) {
        opened_.emplace_back(next.path);
        auto& disk = beneath_ == 0 ? disk_ : previous_disks_[beneath_ - 1];
        const auto found = disk.find(next.path);
        if (found == disk.end() || found->second.error != 0) {
            return load.on_failed(Errno(found == disk.end() ? ENOENT : found->second.error));
        }
        if (found->second.is_link && next.is_strict) {
            return load.on_failed(Errno(ELOOP));
        }
        current_ = &found->second;
        return load.on_opened(FileHandle(anonymous_file(""), Lane::local, closer_));
    }

    static struct statx status_of(const FakeFile& file) {
        struct statx status{};
        status.stx_mode = static_cast<decltype(status.stx_mode)>(file.mode);
        status.stx_size = file.contents.size();
        status.stx_mtime.tv_sec = file.modified;
        status.stx_ctime.tv_sec = file.changed;
        status.stx_nlink = file.links;
        return status;
    }

    LoadStep list(AssetLoad& load, const ListDirectory& next) {
        RepresentationRef page = memory_file("listing of " + std::string(next.key.path));
        if (load.has_page(Digest::of(page->contents()))) {
            page = {};
        } else if (!load.reserve_page(page->size())) {
            return load.on_failed(Errno(ENOMEM));
        }
        return load.on_listed(std::move(page),
                              std::make_shared<const ListedDirectory>(listed_directory_));
    }

    const FakeFile* current_ = nullptr;
    /// Which of the disks is looked at: 0: `disk_`.
    std::size_t beneath_ = 0;
    AssetRef last_;

protected:
    int listing_error_ = 0;
    /// What the listing of any directory is made of.
    file::Directory listed_directory_;
};

}  // namespace torc::site::test
