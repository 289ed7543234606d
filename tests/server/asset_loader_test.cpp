#include <torc/file/root.hpp>
#include <torc/server/asset_loader.hpp>
#include <torc/server/operation.hpp>

#include "site/assets.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace torc::server {
namespace {

using site::test::anonymous_file;
using site::test::disk_asset;

constexpr MonotonicTime noon{std::chrono::hours(12)};

/// Writes down which operation was started last; the test completes it.
class ScriptedProactor final : public io::Proactor {
public:
    void open(io::Token token, int directory, const char* path, const open_how& how) override {
        start(token);
        EXPECT_EQ(directory, root_);
        EXPECT_EQ(&how, &file::Root::how(file::SymlinkPolicy::inside));
        path_ = path;
    }
    void stat(io::Token token, int /*fd*/, struct statx& status) override {
        start(token);
        status_ = &status;
    }
    void read(io::Token token, int /*fd*/, std::span<std::byte> buffer,
              std::uint64_t /*offset*/) override {
        start(token);
        buffer_ = buffer;
    }
    void run(io::Token token, io::BlockingJob& job) override {
        start(token);
        job_ = &job;
    }
    void close(int fd) override {
        ::close(fd);
        ++closed_;
    }
    /// The root that everything is to be opened beneath.
    void expect_root(int root) { root_ = root; }

    [[nodiscard]] int started() const { return started_; }
    [[nodiscard]] Operation last() const { return operation_of(token_); }
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] int closed() const { return closed_; }
    [[nodiscard]] struct statx& status() { return *status_; }
    [[nodiscard]] std::span<std::byte> buffer() const { return buffer_; }
    [[nodiscard]] io::BlockingJob& job() const { return *job_; }
    /// The end of the operation that was started last.
    [[nodiscard]] io::Completion completion(std::int32_t result) const {
        return {.token = token_, .result = result, .more = false, .data = {}};
    }

    // What a loader never asks for.
    void accept(io::Token /*token*/, int /*listener*/) override { refuse(); }
    void cancel_accept(io::Token /*token*/, int /*listener*/) override { refuse(); }
    void receive(io::Token /*token*/, int /*socket*/) override { refuse(); }
    void send(io::Token /*token*/, int /*socket*/, const msghdr& /*message*/,
              bool /*more_follows*/) override {
        refuse();
    }
    void send_file(io::Token /*token*/, const io::FileSlice& /*slice*/) override { refuse(); }
    void write(io::Token /*token*/, int /*fd*/, std::span<const std::byte> /*bytes*/) override {
        refuse();
    }
    void await_input(io::Token /*token*/, int /*fd*/) override { refuse(); }
    void shutdown(int /*socket*/, int /*how*/) override { refuse(); }
    [[nodiscard]] std::span<const io::Completion> wait(MonotonicTime /*deadline*/) override {
        refuse();
    }
    [[nodiscard]] MonotonicTime now() const override { return noon; }
    void wake() noexcept override {}

private:
    [[noreturn]] static void refuse() { throw std::logic_error("not an operation of a loader"); }
    void start(io::Token token) {
        token_ = token;
        ++started_;
    }

    io::Token token_;
    int started_ = 0;
    int closed_ = 0;
    std::string path_;
    struct statx* status_ = nullptr;
    std::span<std::byte> buffer_;
    io::BlockingJob* job_ = nullptr;
    int root_ = -1;
};

class AssetLoaderTest : public ::testing::Test {
protected:
    AssetLoaderTest() { proactor_.expect_root(root_.descriptor()); }

    /// Completes the operation that was started last.
    AssetLoader::Ended complete(std::int32_t result) {
        return loader_.completed(proactor_.completion(result), noon);
    }
    AssetLoader::Ended complete_open() { return complete(anonymous_file("").release()); }
    AssetLoader::Ended complete_stat(std::uint64_t size, unsigned mode = S_IFREG) {
        proactor_.status() = {};
        proactor_.status().stx_mode = static_cast<std::uint16_t>(mode);
        proactor_.status().stx_size = size;
        return complete(0);
    }
    AssetLoader::Ended complete_read(std::string_view bytes) {
        std::memcpy(proactor_.buffer().data(), bytes.data(), bytes.size());
        return complete(static_cast<std::int32_t>(bytes.size()));
    }

    /// Neither what was opened last nor a page for the error is there.
    AssetLoader::Ended complete_missing(int error = ENOENT) {
        EXPECT_FALSE(complete(-error));
        return complete(-ENOENT);
    }

    torc::test::TemporaryDirectory directory_;
    file::Root root_ = *file::Root::open(directory_.path().string());
    ScriptedProactor proactor_;
    site::Site site_{{.codings = {}}, {}};
    AssetLoader loader_{proactor_, site_, root_};
};

TEST_F(AssetLoaderTest, LoadsAFileStepByStep) {
    EXPECT_FALSE(loader_.join("file", site::Wanted::contents, 7, noon));
    EXPECT_EQ(proactor_.last(), Operation::load_open);
    EXPECT_EQ(proactor_.path(), "file");
    EXPECT_FALSE(complete_open());
    EXPECT_EQ(proactor_.last(), Operation::load_stat);
    EXPECT_FALSE(complete_stat(5));
    EXPECT_EQ(proactor_.last(), Operation::load_read);
    EXPECT_FALSE(complete_read("hello"));
    EXPECT_EQ(proactor_.last(), Operation::load_stat);
    const AssetLoader::Ended ended = complete_stat(5);
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->asset->identity().contents(), "hello");
    EXPECT_EQ(ended->waiters, std::vector<site::Site::Waiter>{7});
    EXPECT_EQ(site_.find("file", site::Wanted::contents, noon), ended->asset.get());
}

TEST_F(AssetLoaderTest, LoadsOnceForAllWhoWait) {
    EXPECT_FALSE(loader_.join("file", site::Wanted::contents, 7, noon));
    EXPECT_FALSE(loader_.join("file", site::Wanted::contents, 8, noon));
    EXPECT_EQ(proactor_.started(), 1);
    const AssetLoader::Ended ended = complete_missing();
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->waiters, (std::vector<site::Site::Waiter>{7, 8}));
}

TEST_F(AssetLoaderTest, LoadsSeveralPathsAtOnce) {
    EXPECT_FALSE(loader_.join("first", site::Wanted::contents, 1, noon));
    const io::Completion first = proactor_.completion(-ENOENT);
    EXPECT_FALSE(loader_.join("second", site::Wanted::contents, 2, noon));
    EXPECT_EQ(complete_missing(EACCES)->asset->status(), http::Status::forbidden);
    EXPECT_FALSE(loader_.completed(first, noon));
    const AssetLoader::Ended ended = complete(-ENOENT);
    EXPECT_EQ(ended->asset->status(), http::Status::not_found);
    EXPECT_EQ(ended->waiters, std::vector<site::Site::Waiter>{1});
}

TEST_F(AssetLoaderTest, ClosesADescriptorThatTheAssetDoesNotNeed) {
    (void)loader_.join("file", site::Wanted::contents, 7, noon);
    (void)complete_open();
    const AssetLoader::Ended ended = complete_stat(0);
    ASSERT_TRUE(ended);
    EXPECT_EQ(proactor_.closed(), 1);
}

TEST_F(AssetLoaderTest, ListsADirectoryOnAnotherThread) {
    directory_.write("a/file", "1");
    std::string key;
    site::ListingKey{.path = "a/", .style = {.format = site::ListingFormat::json}}.write(key);
    EXPECT_FALSE(loader_.join(key, site::Wanted::contents, 7, noon));
    EXPECT_FALSE(
        complete(::open((directory_.path() / "a").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
    EXPECT_FALSE(complete_stat(4096, S_IFDIR));
    EXPECT_EQ(proactor_.last(), Operation::load_list);
    const AssetLoader::Ended ended = complete(proactor_.job().run());
    ASSERT_TRUE(ended);
    EXPECT_TRUE(ended->asset->identity().contents().contains("\"name\":\"file\""));
    EXPECT_EQ(site_.find(key, site::Wanted::contents, noon), ended->asset.get());
    EXPECT_EQ(proactor_.closed(), 1);
}

TEST_F(AssetLoaderTest, AnswersAListingThatFailsWithAnError) {
    std::string key;
    site::ListingKey{.path = "", .style = {}}.write(key);
    (void)loader_.join(key, site::Wanted::contents, 7, noon);
    (void)complete_open();
    EXPECT_FALSE(complete_stat(4096, S_IFDIR));
    const std::int32_t result = proactor_.job().run();
    EXPECT_EQ(result, -ENOTDIR) << "a file was opened";
    EXPECT_FALSE(complete(result));
    EXPECT_EQ(complete(-ENOENT)->asset->status(), http::Status::not_found);
}

TEST_F(AssetLoaderTest, GivesUpCachedDescriptorsWhenThereIsNoOther) {
    site_.cache().insert("first", disk_asset("1"), never);
    site_.cache().insert("second", disk_asset("2"), never);
    (void)loader_.join("file", site::Wanted::contents, 7, noon);
    EXPECT_FALSE(complete(-EMFILE));
    EXPECT_EQ(proactor_.started(), 2);
    EXPECT_EQ(proactor_.path(), "file");
    EXPECT_EQ(site_.cache().descriptors(), 1U);
    EXPECT_FALSE(complete(-ENFILE));
    EXPECT_EQ(site_.cache().descriptors(), 0U);
    const AssetLoader::Ended ended = complete(-EMFILE);
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->asset->status(), http::Status::service_unavailable);
}

TEST_F(AssetLoaderTest, OpensAgainWhatARenameRacedWith) {
    (void)loader_.join("file", site::Wanted::contents, 7, noon);
    EXPECT_FALSE(complete(-EAGAIN));
    EXPECT_EQ(proactor_.last(), Operation::load_open);
    EXPECT_EQ(proactor_.started(), 2);
    EXPECT_TRUE(complete_missing());
}

}  // namespace
}  // namespace torc::server
