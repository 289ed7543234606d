// Many clients at once, every byte compared, and what is left of them in the server afterwards.

#include <torc/base/limits.hpp>

#include "integration/support/server_test.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace torc::test {
namespace {

constexpr unsigned clients_at_once = 32;
constexpr std::size_t workers = 2;

struct ServedFile {
    std::string target;
    std::string contents;
};

std::vector<const ServedFile*> pointers_to(const std::vector<ServedFile>& files) {
    std::vector<const ServedFile*> pointers;
    pointers.reserve(files.size());
    for (const ServedFile& file : files) {
        pointers.push_back(&file);
    }
    return pointers;
}

/// Gets `files` one after the other on one connection and compares them; a word on the first that
/// was not right, else empty.
std::string fetch_all(std::uint16_t port, std::span<const ServedFile* const> files) {
    try {
        HttpClient client(port);
        for (const ServedFile* const file : files) {
            const Response response = client.get(file->target);
            const auto result = is_same_bytes(response.body, file->contents);
            if (response.status != 200 || !result) {
                return file->target + ": " + std::to_string(response.status) + ", " +
                       result.message();
            }
        }
    } catch (const std::exception& error) {
        return error.what();
    }
    return {};
}

/// Lets every one of `clients_at_once` clients get `each` of the files, in an order of its own.
void fetch_in_parallel(std::uint16_t port, const std::vector<ServedFile>& files, std::size_t each) {
    std::vector<std::string> problems(clients_at_once);
    std::vector<std::thread> threads;
    threads.reserve(clients_at_once);
    for (unsigned client = 0; client < clients_at_once; ++client) {
        threads.emplace_back([&, client] {
            std::vector<const ServedFile*> order = pointers_to(files);
            std::ranges::shuffle(order, std::mt19937(client));
            order.resize(std::min(each, order.size()));
            problems[client] = fetch_all(port, order);
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    for (const std::string& problem : problems) {
        EXPECT_EQ(problem, "");
    }
}

class Load : public ServerTest {
protected:
    /// A tree of files with sizes around every limit of the server.
    [[nodiscard]] std::vector<ServedFile> generate_tree(std::size_t count) const {
        constexpr std::array<std::size_t, 13> sizes = {
            0, 1, 100, 1000, 4095, 4096, 4097, 10'000, 32'767, 32'768, 32'769, 65'536, 150'000};
        std::vector<ServedFile> files;
        for (std::size_t i = 0; i < count; ++i) {
            const std::string name = "d" + std::to_string(i % 7) + "/e" + std::to_string(i % 3) +
                                     "/file-" + std::to_string(i) + ".bin";
            files.push_back(
                {.target = "/" + name,
                 .contents = patterned_bytes(sizes[i % sizes.size()], static_cast<unsigned>(i))});
            write(name, files.back().contents);
        }
        return files;
    }

    [[nodiscard]] std::size_t ring_threads() {
        const auto names = server().thread_names();
        return static_cast<std::size_t>(std::ranges::count_if(
            names, [](const std::string& name) { return name.starts_with("iou-wrk"); }));
    }
};

TORC_ON_BOTH_BACKENDS(Load);

TEST_P(Load, GivesManyClientsEveryByteOfManyFiles) {
    const std::vector<ServedFile> files = generate_tree(300);
    start();
    fetch_in_parallel(server().port(), files, 150);
}

TEST_P(Load, LeavesNeitherDescriptorsNorThreadsBehind) {
    const std::vector<ServedFile> files = generate_tree(100);
    start();
    fetch_in_parallel(server().port(), files, files.size());
    const auto is_quiet_with = [this](std::size_t descriptors) {
        return eventually([&] { return server().open_descriptors() <= descriptors; });
    };
    // What is held for good: large files in the cache of each worker.
    const auto large_files = static_cast<std::size_t>(std::ranges::count_if(
        files, [](const ServedFile& file) { return file.contents.size() > 131'072; }));
    constexpr std::size_t own_descriptors = 32;
    ASSERT_TRUE(is_quiet_with(own_descriptors + workers * large_files));
    const std::size_t before = server().open_descriptors();

    for (int round = 0; round < 3; ++round) {
        fetch_in_parallel(server().port(), files, files.size());
        for (int i = 0; i < 20; ++i) {
            HttpClient client = connect();
            client.send(request_bytes("GET", files.back().target) +
                        request_bytes("GET", "/absent"));
            client.reset();
            EXPECT_EQ(get("/absent/" + std::to_string(i)).status, 404);
        }
    }
    // One worker may hold a large file now that only the other one had been asked for.
    EXPECT_TRUE(is_quiet_with(std::max(before, own_descriptors + workers * large_files)));
    const std::size_t ring_threads_max =
        workers * (limits::ring_bounded_threads_max + limits::ring_unbounded_threads_max);
    EXPECT_LE(ring_threads(), ring_threads_max);
}

/// A site that somebody made for other reasons than to test a server: thousands of pages and
/// pictures, as Debian packages them.
class RealSite : public ServerTest {
protected:
    void SetUp() override {
        ServerTest::SetUp();
        if (IsSkipped()) {
            return;
        }
        if (!std::filesystem::exists(root_ / "index.html")) {
            GTEST_SKIP() << root_ << " is not there: install postgresql-doc-15";
        }
        for (const auto& entry : std::filesystem::recursive_directory_iterator(
                 root_, std::filesystem::directory_options::follow_directory_symlink)) {
            if (entry.is_regular_file()) {
                files_.push_back({.target = "/" + entry.path().lexically_relative(root_).string(),
                                  .contents = contents_of(entry.path())});
            }
        }
        std::filesystem::remove(site());
        std::filesystem::create_directory_symlink(root_, site());
    }

    const std::filesystem::path root_ = "/usr/share/doc/postgresql-doc-15/html";
    std::vector<ServedFile> files_;
};

TORC_ON_BOTH_BACKENDS(RealSite);

TEST_P(RealSite, ComesWholeToWget) {
    const std::filesystem::path wget = "/usr/bin/wget";
    if (!std::filesystem::exists(wget)) {
        GTEST_SKIP() << wget << " is not there";
    }
    start();
    std::string list;
    for (const ServedFile& file : files_) {
        list += "http://127.0.0.1:" + std::to_string(server().port()) + file.target + "\n";
    }
    LaunchOptions options;
    options.program = wget;
    options.arguments = {"--no-verbose", "--force-directories", "--no-host-directories",
                         "--input-file", directory_.write("list", list).string()};
    options.working_directory = directory_.path() / "copy";
    std::filesystem::create_directory(options.working_directory);
    const FinishedRun run = run_to_end(options);
    EXPECT_EQ(run.exit_code, 0) << run.standard_error;
    for (const ServedFile& file : files_) {
        const std::string contents = contents_of(options.working_directory / file.target.substr(1));
        EXPECT_TRUE(is_same_bytes(contents, file.contents)) << file.target;
    }
}

TEST_P(RealSite, ComesWholeToManyClientsAtOnce) {
    start();
    EXPECT_EQ(fetch_all(server().port(), pointers_to(files_)), "");
    fetch_in_parallel(server().port(), files_, files_.size() / 4);
}

}  // namespace
}  // namespace torc::test
