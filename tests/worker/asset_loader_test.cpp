#include <torc/base/limits.hpp>
#include <torc/file/root.hpp>
#include <torc/worker/asset_loader.hpp>
#include <torc/worker/operation.hpp>

#include "remote_root.hpp"
#include "reports.hpp"
#include "scripted_proactor.hpp"
#include "site/assets.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::worker {
namespace {

using site::test::anonymous_file;
using site::test::disk_asset;
using test::noon;
using test::ScriptedProactor;

constexpr std::chrono::seconds patience{10};
using Ended = std::optional<site::Site::Loaded>;

class AssetLoaderTest : public ::testing::Test {
protected:
    explicit AssetLoaderTest(const site::CacheLimits& limits = {})
        : budgets_(limits), site_({.codings = {}}, budgets_) {
        proactor_.expect_root(root_->descriptor());
    }

    Ended join(std::string_view path, site::Site::Waiter waiter, MonotonicTime now = noon) {
        EXPECT_TRUE(loader_.join(path, waiter, now));
        return services_.ended.take();
    }

    /// Completes the operation that was started last.
    Ended complete(std::int32_t result) { return complete(proactor_.completion(result)); }
    Ended complete(const io::Completion& completion) {
        loader_.completed(completion, noon);
        return services_.ended.take();
    }
    Ended complete_open() { return complete(anonymous_file("").release()); }
    Ended complete_stat(std::uint64_t size, unsigned mode = S_IFREG) {
        proactor_.status() = {};
        proactor_.status().stx_mode = static_cast<std::uint16_t>(mode);
        proactor_.status().stx_size = size;
        return complete(0);
    }
    /// The file is empty, which takes a read to know on a file system of which nothing is known.
    Ended complete_as_empty() {
        EXPECT_FALSE(complete_stat(0));
        EXPECT_FALSE(complete_read(""));
        return complete_stat(0);
    }
    Ended complete_read(std::string_view bytes) {
        std::memcpy(proactor_.buffer().data(), bytes.data(), bytes.size());
        return complete(static_cast<std::int32_t>(bytes.size()));
    }

    /// Loads the listing of "a/" as far as its job.
    void begin_listing(site::Site::Waiter waiter, site::ListingOrder order,
                       MonotonicTime now = noon) {
        std::string key;
        site::ListingKey{.path = "a/",
                         .style = {.format = site::ListingFormat::json, .order = order}}
            .write(key);
        EXPECT_FALSE(join(key, waiter, now));
        EXPECT_FALSE(complete(
            ::open((directory_.path() / "a").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
        EXPECT_FALSE(complete_stat(4096, S_IFDIR));
    }

    /// Another worker has looked at the root by `now`, and found the same.
    void verify_root(MonotonicTime now) {
        current_.found_nothing({.began_at = now, .generation = 0}, Errno(ENOENT));
        loader_.follow_root(now);
    }

    /// Loads a file that is too large for memory, and whose time tells nothing, as far as the look
    /// at it.
    void begin_digest(std::string_view path) {
        EXPECT_FALSE(join(path, 7));
        EXPECT_FALSE(complete_open());
        EXPECT_FALSE(complete_stat(std::uint64_t{1} << 20U));
    }

    /// Completes both runs of a listing's job.
    Ended complete_listing() {
        EXPECT_FALSE(complete(proactor_.job().run())) << "measured alone";
        return complete(proactor_.job().run());
    }

    /// What was opened last is not there.
    Ended complete_missing() { return complete(-ENOENT); }

    torc::test::TemporaryDirectory directory_;
    SharedRoot root_ = test::remote_root(directory_.path());
    ScriptedProactor proactor_;
    site::CacheBudgets budgets_;
    site::Site site_;
    CurrentRoot current_{"path/to/root", root_, noon, test::print_reports};
    LoaderServices services_{.proactor = proactor_,
                             .budgets = budgets_,
                             .reports = test::print_reports,
                             .patience = patience};
    AssetLoader loader_{services_, site_, current_};
};

/// Another worker finds that the path leads to `directory`.
int publish(CurrentRoot& root, const std::filesystem::path& directory) {
    UniqueFd found(::open(directory.c_str(), O_PATH | O_CLOEXEC));
    const int descriptor = found.get();
    file::MountTable mounts;
    EXPECT_FALSE(root.found({.began_at = noon, .generation = root.generation()}, std::move(found),
                            mounts, noon));
    return descriptor;
}

TEST_F(AssetLoaderTest, LoadsAFileStepByStep) {
    EXPECT_FALSE(join("file", 7));
    EXPECT_EQ(proactor_.last(), Operation::load_open);
    EXPECT_EQ(proactor_.path(), "file");
    EXPECT_FALSE(complete_open());
    EXPECT_EQ(proactor_.last(), Operation::load_stat);
    EXPECT_FALSE(complete_stat(5));
    EXPECT_EQ(proactor_.last(), Operation::load_read);
    EXPECT_FALSE(complete_read("hello"));
    EXPECT_EQ(proactor_.last(), Operation::load_stat);
    const Ended ended = complete_stat(5);
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->asset->identity().contents(), "hello");
    EXPECT_EQ(ended->waiters, std::vector<site::Site::Waiter>{7});
    EXPECT_EQ(site_.find("file", noon), ended->asset.get());
}

TEST_F(AssetLoaderTest, LoadsOnceForAllWhoWait) {
    EXPECT_FALSE(join("file", 7));
    EXPECT_FALSE(join("file", 8));
    EXPECT_EQ(proactor_.started(), 1);
    const Ended ended = complete_missing();
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->waiters, (std::vector<site::Site::Waiter>{7, 8}));
}

TEST_F(AssetLoaderTest, LoadsSeveralPathsAtOnce) {
    EXPECT_FALSE(join("first", 1));
    const io::Completion first = proactor_.completion(-ENOENT);
    EXPECT_FALSE(join("second", 2));
    EXPECT_FALSE(complete(-EACCES));
    EXPECT_EQ(complete_missing()->asset->status(), http::Status::forbidden)
        << "there is no page for it";
    const Ended ended = complete(first);
    EXPECT_EQ(ended->asset->status(), http::Status::not_found);
    EXPECT_EQ(ended->waiters, std::vector<site::Site::Waiter>{1});
}

TEST_F(AssetLoaderTest, ClosesADescriptorThatTheAssetDoesNotNeed) {
    (void)join("file", 7);
    (void)complete_open();
    const Ended ended = complete_as_empty();
    ASSERT_TRUE(ended);
    EXPECT_EQ(proactor_.closed(), 1);
}

TEST_F(AssetLoaderTest, ListsADirectoryOnAnotherThread) {
    directory_.write("a/file", "1");
    std::string key;
    site::ListingKey{.path = "a/", .style = {.format = site::ListingFormat::json}}.write(key);
    EXPECT_FALSE(join(key, 7));
    EXPECT_FALSE(
        complete(::open((directory_.path() / "a").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
    EXPECT_FALSE(complete_stat(4096, S_IFDIR));
    EXPECT_EQ(proactor_.last(), Operation::load_list);
    const Ended ended = complete_listing();
    ASSERT_TRUE(ended);
    EXPECT_TRUE(ended->asset->identity().contents().contains("\"name\":\"file\""));
    EXPECT_EQ(site_.find(key, noon), ended->asset.get());
    EXPECT_EQ(proactor_.closed(), 1);
}

TEST_F(AssetLoaderTest, ReadsADirectoryOnceForAllItsOrders) {
    directory_.write("a/file", "1");
    begin_listing(1, site::ListingOrder::name);
    io::BlockingJob& reading = proactor_.job();
    const io::Completion read = proactor_.completion(0);
    const int started = proactor_.started();
    begin_listing(2, site::ListingOrder::size);
    EXPECT_EQ(proactor_.started(), started + 2) << "opened and looked at, and no more";

    EXPECT_EQ(reading.run(), 0);
    std::filesystem::remove_all(directory_.path() / "a");
    EXPECT_FALSE(complete(read));
    EXPECT_NE(&proactor_.job(), &reading) << "the other one goes on at once";
    const Ended ended = complete_listing();
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->waiters, std::vector<site::Site::Waiter>{2});
    EXPECT_TRUE(ended->asset->identity().contents().contains("\"name\":\"file\""));
}

TEST_F(AssetLoaderTest, ReadsADirectoryAgainThatCouldNotBeRead) {
    directory_.write("a/file", "1");
    begin_listing(1, site::ListingOrder::name);
    const io::Completion failed = proactor_.completion(-EIO);
    begin_listing(2, site::ListingOrder::size);
    EXPECT_EQ(complete(failed)->asset->status(), http::Status::internal_server_error);
    const Ended ended = complete_listing();
    ASSERT_TRUE(ended);
    EXPECT_TRUE(ended->asset->identity().contents().contains("\"name\":\"file\""));
}

TEST_F(AssetLoaderTest, WaitsForNoReadingThatDoesNotEnd) {
    directory_.write("a/file", "1");
    begin_listing(1, site::ListingOrder::name);
    io::BlockingJob& hung = proactor_.job();
    const io::Completion hung_end = proactor_.completion(0);
    proactor_.set_now(noon + patience);
    begin_listing(2, site::ListingOrder::size);
    EXPECT_NE(&proactor_.job(), &hung);
    EXPECT_EQ(complete_listing()->waiters, std::vector<site::Site::Waiter>{2});
    EXPECT_EQ(hung.run(), 0);
    EXPECT_FALSE(complete(hung_end));
    EXPECT_EQ(hung.run(), 0);
    EXPECT_EQ(complete(hung_end)->waiters, std::vector<site::Site::Waiter>{1});
}

TEST_F(AssetLoaderTest, WaitsForNoReadingOfADirectoryThatIsNotThereAnyMore) {
    directory_.write("a/old", "1");
    begin_listing(1, site::ListingOrder::name);
    io::BlockingJob& reading = proactor_.job();
    const io::Completion read = proactor_.completion(0);
    EXPECT_EQ(reading.run(), 0);
    std::filesystem::remove(directory_.path() / "a/old");
    directory_.write("a/new", "1");
    site_.changed_beneath("a/");
    const MonotonicTime later = noon + site::Site::fresh_for;
    proactor_.set_now(later);
    verify_root(later);
    begin_listing(2, site::ListingOrder::size, later);
    const Ended ended = complete_listing();
    ASSERT_TRUE(ended);
    EXPECT_TRUE(ended->asset->identity().contents().contains("\"name\":\"new\""));
    EXPECT_FALSE(complete(read));
    EXPECT_EQ(reading.run(), 0);
    EXPECT_EQ(complete(read)->waiters, std::vector<site::Site::Waiter>{1});
}

TEST_F(AssetLoaderTest, WaitsForNoReadingOfTheRootThatWasServedBefore) {
    directory_.write("a/old", "1");
    directory_.write("next/file", "1");
    begin_listing(1, site::ListingOrder::name);
    io::BlockingJob& reading = proactor_.job();
    EXPECT_EQ(reading.run(), 0);
    const io::Completion read = proactor_.completion(0);
    std::filesystem::remove(directory_.path() / "a/old");
    directory_.write("a/new", "1");
    proactor_.expect_root(publish(current_, directory_.path() / "next"));
    loader_.follow_root(noon);
    begin_listing(2, site::ListingOrder::size);
    const Ended ended = complete_listing();
    ASSERT_TRUE(ended);
    EXPECT_TRUE(ended->asset->identity().contents().contains("\"name\":\"new\""));
    EXPECT_FALSE(complete(read));
    EXPECT_EQ(reading.run(), 0);
    EXPECT_EQ(complete(read)->waiters, std::vector<site::Site::Waiter>{1});
}

TEST_F(AssetLoaderTest, ARequestDoesNotJoinALoadThatBeganASecondBeforeAChange) {
    EXPECT_FALSE(join("a/file", 7));
    const io::Completion opened = proactor_.completion(anonymous_file("").release());
    site_.changed("a/", "file");
    EXPECT_FALSE(join("a/file", 8)) << "it began less than a second ago";
    const int started = proactor_.started();
    const MonotonicTime later = noon + site::Site::fresh_for;
    verify_root(later);
    EXPECT_FALSE(join("a/file", 9, later));
    EXPECT_GT(proactor_.started(), started);
    EXPECT_FALSE(complete(opened));
    const Ended ended = complete_as_empty();
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->waiters, (std::vector<site::Site::Waiter>{7, 8}));
}

TEST_F(AssetLoaderTest, ReadsFewFilesAtOnceForTheirDigests) {
    std::vector<io::Completion> reads;
    for (std::uint32_t number = 0; number < limits::digests_at_once_max; ++number) {
        begin_digest("file" + std::to_string(number));
        EXPECT_EQ(proactor_.last(), Operation::load_read);
        reads.push_back(proactor_.completion(-EIO));
    }
    begin_digest("waiting");
    EXPECT_EQ(proactor_.last(), Operation::load_stat) << "of the one that waits";
    EXPECT_TRUE(complete(reads.front())) << "what fails makes way too";
    EXPECT_EQ(proactor_.last(), Operation::load_read);
}

/// Pages are larger than the bound, so that there is one at a time, and no room for anything else.
class AssetLoaderWithoutRoomTest : public AssetLoaderTest {
protected:
    AssetLoaderWithoutRoomTest() : AssetLoaderTest({.memory_bytes_max = 0}) {}
};

TEST_F(AssetLoaderWithoutRoomTest, ReadsOneFileAtATimeForItsDigest) {
    begin_digest("file");
    EXPECT_EQ(proactor_.last(), Operation::load_read);
    const io::Completion read = proactor_.completion(-EIO);
    begin_digest("waiting");
    EXPECT_EQ(proactor_.last(), Operation::load_stat);
    EXPECT_TRUE(complete(read));
    EXPECT_EQ(proactor_.last(), Operation::load_read);
}

TEST_F(AssetLoaderTest, DoesNotMakeAListingAgainThatWouldBeTheSame) {
    directory_.write("a/file", "1");
    begin_listing(1, site::ListingOrder::name);
    const site::AssetRef before = complete_listing()->asset;
    site_.changed("a/", "file");
    proactor_.set_now(noon + std::chrono::hours(1));
    begin_listing(2, site::ListingOrder::name);
    const Ended ended = complete(proactor_.job().run());
    ASSERT_TRUE(ended) << "it was to be written again";
    EXPECT_EQ(&ended->asset->identity(), &before->identity());
}

class AssetLoaderRoomTest : public AssetLoaderWithoutRoomTest {
protected:
    AssetLoaderRoomTest() {
        directory_.write("a/file", "1");
        begin_listing(1, site::ListingOrder::name);
        first_ = complete_listing();
        begin_listing(2, site::ListingOrder::size);
        EXPECT_FALSE(complete(proactor_.job().run()));
    }
    Ended look_for_room(MonotonicTime now) {
        loader_.reclaim();
        loader_.expire(now);
        return services_.ended.take();
    }

    Ended first_;
};

TEST_F(AssetLoaderRoomTest, AListingWaitsUntilReadersLeaveRoomForIt) {
    std::optional<site::BodyInUse> sent(first_->asset->identity());
    first_.reset();
    ASSERT_NE(loader_.next_deadline(), never);
    EXPECT_FALSE(look_for_room(loader_.next_deadline()));
    const int started = proactor_.started();
    sent.reset();
    EXPECT_FALSE(look_for_room(loader_.next_deadline()));
    EXPECT_EQ(proactor_.started(), started + 1);
    EXPECT_EQ(loader_.next_deadline(), never);
    const Ended ended = complete_listing();
    EXPECT_EQ(ended->waiters, std::vector<site::Site::Waiter>{2});
    EXPECT_EQ(ended->asset->kind(), site::Asset::Kind::file);
}

TEST_F(AssetLoaderRoomTest, AListingWaitsForRoomNoLongerThanSomeSeconds) {
    const site::BodyInUse sent(first_->asset->identity());
    EXPECT_FALSE(look_for_room(noon + std::chrono::seconds(19)));
    const Ended ended = look_for_room(noon + std::chrono::seconds(20));
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->asset->status(), http::Status::service_unavailable);
    EXPECT_EQ(loader_.next_deadline(), never);
    EXPECT_FALSE(loader_.is_busy());
}

TEST_F(AssetLoaderTest, AnswersAListingThatFailsWithAnError) {
    std::string key;
    site::ListingKey{.path = "", .style = {}}.write(key);
    (void)join(key, 7);
    (void)complete_open();
    EXPECT_FALSE(complete_stat(4096, S_IFDIR));
    const std::int32_t result = proactor_.job().run();
    EXPECT_EQ(result, -ENOTDIR) << "a file was opened";
    EXPECT_EQ(complete(result)->asset->status(), http::Status::not_found);
}

TEST_F(AssetLoaderTest, GivesUpCachedDescriptorsWhenThereIsNoOther) {
    site_.cache().insert("first", disk_asset("1"), never);
    site_.cache().insert("second", disk_asset("2"), never);
    (void)join("file", 7);
    EXPECT_FALSE(complete(-EMFILE));
    EXPECT_EQ(proactor_.started(), 2);
    EXPECT_EQ(proactor_.path(), "file");
    EXPECT_EQ(budgets_.present.descriptors(), 1U);
    EXPECT_FALSE(complete(-ENFILE));
    EXPECT_EQ(budgets_.present.descriptors(), 0U);
    const Ended ended = complete(-EMFILE);
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->asset->status(), http::Status::service_unavailable);
}

TEST_F(AssetLoaderTest, OpensAgainWhatARenameRacedWith) {
    (void)join("file", 7);
    EXPECT_FALSE(complete(-EAGAIN));
    EXPECT_EQ(proactor_.last(), Operation::load_open);
    EXPECT_EQ(proactor_.started(), 2);
    EXPECT_TRUE(complete_missing());
}

TEST_F(AssetLoaderTest, OpensStrictlyAndThenByTheRules) {
    EXPECT_FALSE(join("file", 7));
    EXPECT_EQ(proactor_.how(), &file::Root::strict_how());
    EXPECT_FALSE(complete(-ELOOP));
    EXPECT_EQ(proactor_.path(), "file");
    EXPECT_EQ(proactor_.how(), &file::Root::how(file::SymlinkPolicy::inside));
}

TEST_F(AssetLoaderTest, LooksAtTheRootFirstWhenThatWasLongAgo) {
    const MonotonicTime later = noon + CurrentRoot::verified_for;
    EXPECT_FALSE(join("file", 7, later));
    EXPECT_FALSE(join("other", 8, later));
    EXPECT_EQ(proactor_.started(), 1);
    EXPECT_EQ(proactor_.last(), Operation::root_open);
    EXPECT_EQ(proactor_.path(), "path/to/root");
    EXPECT_TRUE(loader_.is_busy());
    EXPECT_FALSE(complete(-ENOENT)) << "it is being exchanged: what was there is served";
    EXPECT_EQ(proactor_.started(), 3);
    EXPECT_EQ(proactor_.last(), Operation::load_open);
}

TEST_F(AssetLoaderTest, AnswersFromTheCacheOnceTheRootIsKnownToBeTheSame) {
    const MonotonicTime later = noon + CurrentRoot::verified_for;
    const site::AssetRef asset = site::test::memory_asset("1");
    site_.cache().insert("file", asset, never);
    EXPECT_EQ(site_.find("file", later), nullptr);
    EXPECT_FALSE(join("file", 7, later));
    loader_.completed(proactor_.completion(::open(directory_.path().c_str(), O_PATH | O_CLOEXEC)),
                      later);
    const Ended ended = services_.ended.take();
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->asset.get(), asset.get());
    EXPECT_EQ(site_.find("file", later), asset.get());
    EXPECT_EQ(proactor_.started(), 1);
}

TEST_F(AssetLoaderTest, OpensBeneathAnotherRootWhenThePathLeadsThere) {
    const MonotonicTime later = noon + CurrentRoot::verified_for;
    directory_.write("next/file", "1");
    site_.cache().insert("file", site::test::memory_asset("1"), never);
    EXPECT_FALSE(join("file", 7, later));
    const int next = ::open((directory_.path() / "next").c_str(), O_PATH | O_CLOEXEC);
    proactor_.expect_root(next);
    loader_.completed(proactor_.completion(next), later);
    EXPECT_EQ(proactor_.last(), Operation::load_open);
    EXPECT_EQ(proactor_.started(), 2);
    EXPECT_EQ(site_.cache().find("file"), nullptr);
    loader_.reclaim();
    EXPECT_EQ(site_.cache().size(), 0U);
    // And caches what it finds there.
    EXPECT_FALSE(complete_open());
    EXPECT_TRUE(complete_as_empty());
    EXPECT_NE(site_.cache().find("file"), nullptr);
}

TEST_F(AssetLoaderTest, WhatWasBegunBeneathTheOldRootIsNotCached) {
    const MonotonicTime later = noon + CurrentRoot::checked_after;
    directory_.write("next/file", "1");
    EXPECT_FALSE(join("file", 7));
    const io::Completion opened = proactor_.completion(anonymous_file("").release());
    loader_.keep_root_verified(later);
    EXPECT_EQ(proactor_.last(), Operation::root_open);
    EXPECT_FALSE(complete(::open((directory_.path() / "next").c_str(), O_PATH | O_CLOEXEC)));
    EXPECT_FALSE(complete(opened));
    EXPECT_TRUE(complete_as_empty());
    EXPECT_EQ(site_.cache().size(), 0U);
}

TEST_F(AssetLoaderTest, GoesOverToTheRootThatAnotherWorkerFound) {
    directory_.write("next/file", "1");
    site_.cache().insert("file", site::test::memory_asset("1"), never);
    proactor_.expect_root(publish(current_, directory_.path() / "next"));
    loader_.follow_root(noon);
    EXPECT_EQ(site_.find("file", noon), nullptr);
    EXPECT_FALSE(join("file", 7));
    EXPECT_EQ(proactor_.last(), Operation::load_open) << "beneath the new root, see the fixture";
    EXPECT_EQ(proactor_.started(), 1);
}

TEST_F(AssetLoaderTest, ARequestDoesNotJoinALoadOfTheRootThatWasServedBefore) {
    directory_.write("next/file", "1");
    EXPECT_FALSE(join("file", 7));
    const io::Completion opened = proactor_.completion(anonymous_file("").release());
    proactor_.expect_root(publish(current_, directory_.path() / "next"));
    loader_.follow_root(noon);
    EXPECT_FALSE(join("file", 8));
    EXPECT_EQ(proactor_.started(), 2);
    const io::Completion second = proactor_.completion(anonymous_file("").release());
    EXPECT_FALSE(complete(opened));
    Ended ended = complete_as_empty();
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->waiters, std::vector<site::Site::Waiter>{7});
    EXPECT_FALSE(complete(second));
    ended = complete_as_empty();
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->waiters, std::vector<site::Site::Waiter>{8});
    EXPECT_NE(site_.cache().find("file"), nullptr);
}

TEST_F(AssetLoaderTest, BeginsWhatWaitedOnceAnotherWorkerHasLookedAtTheRoot) {
    const MonotonicTime later = noon + CurrentRoot::verified_for;
    EXPECT_FALSE(join("file", 7, later));
    EXPECT_EQ(proactor_.last(), Operation::root_open);
    loader_.follow_root(later);
    EXPECT_EQ(proactor_.started(), 1);
    verify_root(later);
    EXPECT_EQ(proactor_.started(), 2);
    EXPECT_EQ(proactor_.last(), Operation::load_open);
}

TEST_F(AssetLoaderTest, PerformsEachStepInTheLaneOfItsFileSystem) {
    const Lane lane = root_->lane();
    ASSERT_NE(lane, Lane::local);
    (void)join("file", 7);
    EXPECT_EQ(proactor_.lane(), lane);
    (void)complete_open();
    EXPECT_EQ(proactor_.lane(), lane);
    // It is on another file system than its path says.
    proactor_.status() = {};
    proactor_.status().stx_mode = S_IFREG;
    proactor_.status().stx_size = 5;
    proactor_.status().stx_dev_minor = 77;
    (void)complete(0);
    EXPECT_EQ(proactor_.lane(), device_lane(0, 77));
    (void)complete_read("hello");
    EXPECT_EQ(proactor_.lane(), device_lane(0, 77));
    ASSERT_TRUE(complete(0));
    EXPECT_EQ(proactor_.closing_lane(), device_lane(0, 77));
}

TEST_F(AssetLoaderTest, LooksAtTheRootsPathInItsOwnLane) {
    loader_.keep_root_verified(noon + CurrentRoot::checked_after);
    EXPECT_EQ(proactor_.lane(), Lane::root);
}

TEST_F(AssetLoaderTest, OpensOnThreadsOfItsOwnWhenTheKernelHasNone) {
    const SharedRoot local = std::make_shared<const file::Root>(*file::Root::open("/dev/shm"));
    if (local->lane() != Lane::local) {
        GTEST_SKIP() << "/dev/shm is not in memory here";
    }
    proactor_.expect_root(local->descriptor());
    CurrentRoot current("path/to/root", local, noon, test::print_reports);
    AssetLoader loader(services_, site_, current);
    ASSERT_TRUE(loader.join("file", 7, noon));
    EXPECT_EQ(proactor_.lane(), Lane::local);
    loader.completed(proactor_.completion(-ECANCELED), noon);
    EXPECT_EQ(proactor_.started(), 2);
    EXPECT_EQ(proactor_.last(), Operation::load_open);
    EXPECT_EQ(proactor_.lane(), Lane::local_threads);
    loader.completed(proactor_.completion(-ECANCELED), noon);
    const Ended ended = services_.ended.take();
    ASSERT_TRUE(ended) << "it is no reason to try for ever";
    EXPECT_EQ(ended->asset->status(), http::Status::internal_server_error);
}

TEST_F(AssetLoaderTest, KeepsNobodyWaitingForALoadThatIsOverdue) {
    (void)join("file", 7);
    EXPECT_TRUE(loader_.join("file", 8, noon + patience - std::chrono::nanoseconds(1)));
    EXPECT_FALSE(loader_.join("file", 9, noon + patience));
    const Ended ended = complete_missing();
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->waiters, (std::vector<site::Site::Waiter>{7, 8}));
    EXPECT_EQ(services_.overdue_asset->status(), http::Status::service_unavailable);
}

TEST_F(AssetLoaderTest, BeginsWithTheRootItKnowsWhenTheLookAtItsPathDoesNotEnd) {
    const MonotonicTime later = noon + CurrentRoot::verified_for;
    EXPECT_FALSE(join("file", 7, later));
    EXPECT_EQ(proactor_.last(), Operation::root_open);
    EXPECT_EQ(loader_.next_deadline(), later + ServedRoot::patience);
    loader_.expire(later + ServedRoot::patience);
    EXPECT_EQ(proactor_.last(), Operation::load_open);
    EXPECT_EQ(loader_.next_deadline(), never);
    // Who comes later does not wait for it at all.
    EXPECT_FALSE(join("other", 8, later + ServedRoot::patience));
    EXPECT_EQ(proactor_.started(), 3);
}

TEST_F(AssetLoaderTest, LooksAtTheRootNoMoreOftenThanItMust) {
    loader_.keep_root_verified(noon + CurrentRoot::checked_after - std::chrono::nanoseconds(1));
    EXPECT_EQ(proactor_.started(), 0);
    loader_.keep_root_verified(noon + CurrentRoot::checked_after);
    loader_.keep_root_verified(noon + CurrentRoot::checked_after);
    EXPECT_EQ(proactor_.started(), 1);
}

}  // namespace
}  // namespace torc::worker
