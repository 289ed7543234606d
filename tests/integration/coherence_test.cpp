// What changes on the disk shows at the clients, without a reload.

#include "integration/support/server_test.hpp"
#include "support/precompressed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace torc::test {
namespace {

/// More than the kernel takes of an answer ahead of a reader that does not read.
constexpr std::size_t huge_bytes = std::size_t{24} * 1024 * 1024;
constexpr int small_receive_buffer_bytes = 64 * 1024;

class Coherence : public ServerTest {
protected:
    /// Whether the server has noticed that the file at `name` is now `contents`.
    [[nodiscard]] bool shows(std::string_view name, std::string_view contents) {
        return eventually_serves("/" + std::string(name), 200, contents);
    }
};

TORC_ON_BOTH_BACKENDS(Coherence);

TEST_P(Coherence, ShowsAFileThatWasEdited) {
    write("page.txt", "one");
    start();
    EXPECT_TRUE(shows("page.txt", "one"));
    write("page.txt", "two");
    EXPECT_TRUE(shows("page.txt", "two"));
    write("page.txt", "and three");
    EXPECT_TRUE(shows("page.txt", "and three"));
}

TEST_P(Coherence, ShowsAFileThatWasReplaced) {
    write("page.txt", "one");
    write("page.txt.new", "two");
    start();
    EXPECT_TRUE(shows("page.txt", "one"));
    std::filesystem::rename(site() / "page.txt.new", site() / "page.txt");
    EXPECT_TRUE(shows("page.txt", "two"));
}

TEST_P(Coherence, ShowsAFileThatWasTruncated) {
    write("page.txt", "one and more");
    start();
    EXPECT_TRUE(shows("page.txt", "one and more"));
    std::filesystem::resize_file(site() / "page.txt", 3);
    EXPECT_TRUE(shows("page.txt", "one"));
    std::filesystem::resize_file(site() / "page.txt", 0);
    EXPECT_TRUE(shows("page.txt", ""));
}

TEST_P(Coherence, ShowsThatAFileMayNoLongerBeReadAndThenMayAgain) {
    using std::filesystem::perms;
    const std::string large = patterned_bytes(200'000);
    write("page.txt", "one");
    write("large.bin", large);
    LaunchOptions options = torc_with({});
    options.is_unprivileged = true;
    start(options);
    EXPECT_TRUE(shows("page.txt", "one"));
    EXPECT_TRUE(shows("large.bin", large));
    for (const char* const name : {"page.txt", "large.bin"}) {
        std::filesystem::permissions(site() / name, perms::none);
        EXPECT_TRUE(eventually_serves("/" + std::string(name), 403));
        std::filesystem::permissions(site() / name, perms::owner_read);
    }
    EXPECT_TRUE(shows("page.txt", "one"));
    EXPECT_TRUE(shows("large.bin", large));
}

TEST_P(Coherence, ShowsALargeFileThatWasReplaced) {
    const std::string first = patterned_bytes(200'000, 1);
    const std::string second = patterned_bytes(200'000, 2);
    write("large.bin", first);
    write("large.bin.new", second);
    start();
    EXPECT_TRUE(shows("large.bin", first));
    std::filesystem::rename(site() / "large.bin.new", site() / "large.bin");
    EXPECT_TRUE(shows("large.bin", second));
}

TEST_P(Coherence, ShowsAFileThatGrewBeyondMemoryAndShrankAgain) {
    const std::string large = patterned_bytes(200'000);
    write("page.bin", "small");
    write("page.bin.new", "small again");
    start();
    EXPECT_TRUE(shows("page.bin", "small"));
    write("page.bin", large);
    EXPECT_TRUE(shows("page.bin", large));
    // By a rename: of a large file that shrinks in its place, a second old head promises too much.
    std::filesystem::rename(site() / "page.bin.new", site() / "page.bin");
    EXPECT_TRUE(shows("page.bin", "small again"));
}

// That nothing is there is remembered for a second, unless something is seen to appear.
TEST_P(Coherence, ShowsWhatAppearsWhereNothingWas) {
    write("page.txt", "a page");
    start();
    EXPECT_TRUE(shows("page.txt", "a page"));
    struct Case {
        std::string_view target;
        std::string_view name;
        int status;
        std::string_view top;
    };
    for (const auto& [target, name, status, top] :
         {Case{"/new.txt", "new.txt", 200, "new.txt"},
          Case{"/made/", "made/index.html", 200, "made"},
          Case{"/deep/er/page.txt", "deep/er/page.txt", 200, "deep"},
          Case{"/two", "two/page.txt", 301, "two"}}) {
        EXPECT_EQ(get(target).status, 404) << target;
        write(name, "new");
        EXPECT_TRUE(eventually_serves(target, status, status == 200 ? "new" : "")) << target;
        std::filesystem::remove_all(site() / top);
        EXPECT_TRUE(eventually_serves(target, 404)) << target;
    }
}

TEST_P(Coherence, ShowsAnErrorPageThatAppearsOrChanges) {
    write("a/b/page.txt", "a page");
    start();
    const auto shows_error = [this](std::string_view page) {
        return eventually([&] { return get("/a/b/absent").body == page; });
    };
    EXPECT_EQ(get("/a/b/absent").status, 404);
    write("404.html", "at the root");
    EXPECT_TRUE(shows_error("at the root"));
    write("a/404.html", "nearer");
    EXPECT_TRUE(shows_error("nearer"));
    write("a/404.html", "changed");
    EXPECT_TRUE(shows_error("changed"));
    std::filesystem::remove(site() / "a/404.html");
    EXPECT_TRUE(shows_error("at the root"));
}

TEST_P(Coherence, ShowsAFallbackThatChanges) {
    write("app/index.html", "one");
    start({"--spa", "app/index.html"});
    EXPECT_EQ(get("/users/7").body, "one");
    write("app/index.html", "two");
    EXPECT_TRUE(eventually([this] { return get("/users/7").body == "two"; }));
    write("users/7", "a file");
    EXPECT_TRUE(eventually([this] { return get("/users/7").body == "a file"; }));
    EXPECT_TRUE(eventually([this] { return get("/users/8").body == "two"; }));
}

TEST_P(Coherence, GivesAChangedFileAnotherEntityTag) {
    write("page.txt", "one");
    start();
    const auto before = get("/page.txt").field("ETag");
    write("page.txt", "two");
    EXPECT_TRUE(eventually([&] {
        const Response response = get("/page.txt");
        // One worker may know before the other; but what it sends and calls it always agree.
        EXPECT_EQ(response.body == "one", response.field("ETag") == before);
        return response.body == "two";
    }));
}

TEST_P(Coherence, ShowsThatAFileWasDeletedAndMadeAgain) {
    write("page.txt", "one");
    start();
    EXPECT_TRUE(shows("page.txt", "one"));
    std::filesystem::remove(site() / "page.txt");
    EXPECT_TRUE(eventually_serves("/page.txt", 404));
    write("page.txt", "two");
    EXPECT_TRUE(shows("page.txt", "two"));
}

TEST_P(Coherence, ShowsThatADirectoryTookThePlaceOfAFile) {
    write("place", "file");
    start();
    EXPECT_TRUE(shows("place", "file"));
    std::filesystem::remove(site() / "place");
    write("place/index.html", "index");
    EXPECT_TRUE(eventually_serves("/place", 301));
    EXPECT_TRUE(shows("place/", "index"));
}

TEST_P(Coherence, ShowsWhatASymbolicLinkWasTurnedTo) {
    write("release-1/page.txt", "one");
    write("release-2/page.txt", "two");
    std::filesystem::create_directory_symlink("release-1", site() / "current");
    start();
    EXPECT_TRUE(shows("current/page.txt", "one"));
    std::filesystem::create_directory_symlink("release-2", site() / "next");
    std::filesystem::rename(site() / "next", site() / "current");
    EXPECT_TRUE(shows("current/page.txt", "two"));
}

TEST_P(Coherence, SendsToTheEndAFileThatIsReplacedMeanwhile) {
    const std::string before = patterned_bytes(huge_bytes);
    write("huge.bin", before);
    write("huge.bin.new", "short");
    start();
    HttpClient client = connect(small_receive_buffer_bytes);
    client.send(request_bytes("GET", "/huge.bin"));
    EXPECT_EQ(client.receive_head().status, 200);
    std::filesystem::rename(site() / "huge.bin.new", site() / "huge.bin");
    EXPECT_TRUE(shows("huge.bin", "short"));
    EXPECT_TRUE(is_same_bytes(client.receive(huge_bytes), before));
}

TEST_P(Coherence, DoesNotMakeUpTheRestOfAFileThatIsTruncatedMeanwhile) {
    write("huge.bin", "");
    std::filesystem::resize_file(site() / "huge.bin", huge_bytes);
    start();
    HttpClient client = connect(small_receive_buffer_bytes);
    client.send(request_bytes("GET", "/huge.bin"));
    EXPECT_EQ(client.receive_head().field("Content-Length"), std::to_string(huge_bytes));
    std::filesystem::resize_file(site() / "huge.bin", 100'000);
    // A connection that ends early tells the client that something is missing.
    EXPECT_LT(client.receive_to_end().bytes.size(), huge_bytes);
}

class InterruptedSend : public Coherence {
protected:
    void SetUp() override {
        Coherence::SetUp();
        write("huge.bin", before_);
    }
    /// How much comes of a response whose file is overwritten in its place once it has begun.
    [[nodiscard]] std::size_t received_bytes(std::string_view request) {
        HttpClient client = connect(small_receive_buffer_bytes);
        client.send(request);
        const Response head = client.receive_head();
        promised_bytes_ = std::stoull(head.field("Content-Length").value_or("0"));
        EXPECT_GT(promised_bytes_, huge_bytes / 2);
        std::fstream(site() / "huge.bin", std::ios::in | std::ios::out | std::ios::binary)
            << patterned_bytes(huge_bytes, 2);
        return client.receive_to_end().bytes.size();
    }

    const std::string before_ = patterned_bytes(huge_bytes);
    std::size_t promised_bytes_ = 0;
};

TORC_ON_BOTH_BACKENDS(InterruptedSend);

TEST_P(InterruptedSend, IsCutOffWhenTheFileWasOverwrittenInItsPlace) {
    start();
    const std::size_t received = received_bytes(request_bytes("GET", "/huge.bin"));
    EXPECT_EQ(promised_bytes_, huge_bytes);
    EXPECT_LT(received, promised_bytes_);
}

TEST_P(InterruptedSend, IsCutOffWhenItIsARange) {
    start();
    const std::size_t received =
        received_bytes(request_bytes("GET", "/huge.bin", "Range: bytes=1000-20000000\r\n"));
    EXPECT_LT(received, promised_bytes_);
}

TEST_P(InterruptedSend, IsCutOffWhenItHasManyRanges) {
    start();
    const std::size_t received = received_bytes(
        request_bytes("GET", "/huge.bin", "Range: bytes=0-9,1000-20000000,20000100-20000200\r\n"));
    EXPECT_LT(received, promised_bytes_);
}

TEST_P(InterruptedSend, IsCutOffForAClientOfHttp10) {
    start();
    const std::size_t received = received_bytes("GET /huge.bin HTTP/1.0\r\n\r\n");
    EXPECT_LT(received, promised_bytes_);
}

TEST_P(InterruptedSend, GoesOnWhenTheFileItselfIsTheSame) {
    start();
    HttpClient client = connect(small_receive_buffer_bytes);
    client.send(request_bytes("GET", "/huge.bin"));
    EXPECT_EQ(client.receive_head().status, 200);
    // None of these is a change of its bytes.
    std::filesystem::permissions(site() / "huge.bin", std::filesystem::perms::owner_read);
    std::filesystem::create_hard_link(site() / "huge.bin", site() / "other.bin");
    std::filesystem::rename(site() / "other.bin", site() / "renamed.bin");
    std::filesystem::remove(site() / "huge.bin");
    EXPECT_TRUE(is_same_bytes(client.receive(huge_bytes), before_));
}

TEST_P(Coherence, ShowsAFileOfADirectoryThatWasReplaced) {
    write("a/b/c/page.txt", "one");
    write("next/c/page.txt", "two");
    start();
    EXPECT_TRUE(shows("a/b/c/page.txt", "one"));
    std::filesystem::rename(site() / "a/b", site() / "before");
    EXPECT_TRUE(eventually_serves("/a/b/c/page.txt", 404));
    std::filesystem::rename(site() / "next", site() / "a/b");
    EXPECT_TRUE(shows("a/b/c/page.txt", "two"));
    EXPECT_TRUE(shows("before/c/page.txt", "one"));
}

TEST_P(Coherence, ShowsAnIndexThatWasMade) {
    write("a/second.html", "second");
    start({"--index", "first.html", "--index", "second.html"});
    EXPECT_TRUE(shows("a/", "second"));
    write("a/first.html", "first");
    EXPECT_TRUE(shows("a/", "first"));
}

TEST_P(Coherence, ShowsAPrecompressedFileThatWasMadeAndOneThatIsGone) {
    const std::string_view gzip = "Accept-Encoding: gzip\r\n";
    write("page.txt", "one");
    start();
    EXPECT_EQ(get("/page.txt", gzip).body, "one");
    const std::string coded = gzip_like("coded", "one");
    write("page.txt.gz", coded);
    EXPECT_TRUE(eventually([&] { return get("/page.txt", gzip).body == coded; }));
    std::filesystem::remove(site() / "page.txt.gz");
    EXPECT_TRUE(eventually([&] { return get("/page.txt", gzip).body == "one"; }));
}

TEST_P(Coherence, ShowsWhatTheRootsSymbolicLinkWasTurnedTo) {
    directory_.write("release-1/page.txt", "one");
    directory_.write("release-2/page.txt", "two");
    directory_.write("release-2/new.txt", "new");
    std::filesystem::remove_all(site());
    std::filesystem::create_directory_symlink("release-1", site());
    start();
    EXPECT_TRUE(shows("page.txt", "one"));
    const std::filesystem::path next = directory_.path() / "next";
    std::filesystem::create_directory_symlink("release-2", next);
    std::filesystem::rename(next, site());
    EXPECT_TRUE(shows("page.txt", "two"));
    EXPECT_TRUE(shows("new.txt", "new"));
    // Of what came in its place changes are seen too.
    directory_.write("release-2/page.txt", "three");
    EXPECT_TRUE(shows("page.txt", "three"));
}

TEST_P(Coherence, ServesNothingOfTheOldReleaseOnceAnythingOfTheNewOneWasServed) {
    constexpr int releases = 8;
    for (int release = 0; release < releases; ++release) {
        const std::string name = fmt::format("release-{}/", release);
        directory_.write(name + "page.html", std::to_string(release));
        // Each page names a script that no other release has.
        directory_.write(fmt::format("{}script-{}.js", name, release), std::to_string(release));
    }
    std::filesystem::remove_all(site());
    std::filesystem::create_directory_symlink("release-0", site());
    start();
    // As many as each of the two workers surely has some of.
    std::vector<HttpClient> clients;
    for (int client = 0; client < 16; ++client) {
        clients.push_back(connect());
        EXPECT_EQ(clients.back().get("/page.html").body, "0");
    }
    for (int release = 1; release < releases; ++release) {
        const std::filesystem::path next = directory_.path() / "next";
        std::filesystem::create_directory_symlink(fmt::format("release-{}", release), next);
        std::filesystem::rename(next, site());
        std::size_t turn = 0;
        EXPECT_TRUE(eventually([&] {
            for (; turn < 1000 * clients.size(); ++turn) {
                if (clients[turn % clients.size()].get("/page.html").body ==
                    std::to_string(release)) {
                    return true;
                }
            }
            turn = 0;
            return false;
        }));
        for (HttpClient& client : clients) {
            const Response script = client.get(fmt::format("/script-{}.js", release));
            EXPECT_EQ(script.status, 200) << "of release " << release;
            EXPECT_EQ(client.get("/page.html").body, std::to_string(release));
        }
    }
}

TEST_P(Coherence, ShowsTheDirectoryThatTookThePlaceOfTheRoot) {
    write("page.txt", "one");
    directory_.write("next/page.txt", "two");
    start();
    EXPECT_TRUE(shows("page.txt", "one"));
    std::filesystem::rename(site(), directory_.path() / "before");
    EXPECT_TRUE(shows("page.txt", "one")) << "in the middle of a deploy there is nothing better";
    std::filesystem::rename(directory_.path() / "next", site());
    EXPECT_TRUE(shows("page.txt", "two"));
}

std::size_t count_of(std::string_view text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos;
         at = text.find(part, at + 1)) {
        ++count;
    }
    return count;
}

TEST_P(Coherence, TellsOnceThatTheRootIsGoneAndOnceThatItIsBack) {
    constexpr std::string_view gone = "can't be opened any more";
    constexpr std::string_view back = "is back and is served";
    write("page.txt", "one");
    start();
    // By requests, as a server that nobody asks does not look.
    const auto tells = [this](std::string_view text) {
        return eventually([&] {
            EXPECT_EQ(get("/page.txt").body, "one");
            return server().standard_error().contains(text);
        });
    };
    std::filesystem::rename(site(), directory_.path() / "elsewhere");
    EXPECT_TRUE(tells(gone));
    std::filesystem::rename(directory_.path() / "elsewhere", site());
    EXPECT_TRUE(tells(back));
    EXPECT_EQ(count_of(server().standard_error(), gone), 1U);
    EXPECT_EQ(count_of(server().standard_error(), back), 1U);
}

TEST_P(Coherence, TellsThatTheRootIsNoLongerAccessible) {
    write("inner/page.txt", "one");
    LaunchOptions options = torc_with({});
    options.is_unprivileged = true;
    start(options);
    ASSERT_EQ(get("/inner/page.txt").body, "one");
    std::filesystem::permissions(directory_.path(), std::filesystem::perms::none);
    const bool is_told = eventually([&] {
        (void)get("/inner/page.txt");
        return server().standard_error().contains("can't be opened any more: Permission denied");
    });
    std::filesystem::permissions(
        directory_.path(), std::filesystem::perms::owner_all | std::filesystem::perms::others_exec);
    EXPECT_TRUE(is_told);
}

/// A file of which version after version is put in place while clients ask for it.
class ChangingFile {
public:
    using Clock = std::chrono::steady_clock;

    ChangingFile(std::filesystem::path path, std::size_t bytes)
        : path_(std::move(path)), bytes_(bytes) {
        put_next();
    }

    /// The next version, by a rename.
    void put_next() {
        const std::filesystem::path next = path_.string() + ".next";
        std::ofstream(next, std::ios::binary) << contents(versions_.load() + 1);
        std::filesystem::rename(next, path_);
        const int version = ++versions_;
        times_.at(static_cast<std::size_t>(version)) = Clock::now();
        settled_ = version;
    }
    /// The number that `body` is the contents of; 0: of none.
    [[nodiscard]] int version_of(std::string_view body) const {
        int version = 0;
        std::from_chars(body.data(), body.data() + std::min<std::size_t>(body.size(), 8), version);
        return body == contents(version) ? version : 0;
    }
    /// The version that had been in place for `age` at `time`.
    [[nodiscard]] int version_at(Clock::time_point time, Clock::duration age) const {
        int version = settled_.load();
        while (version > 1 && times_.at(static_cast<std::size_t>(version)) + age > time) {
            --version;
        }
        return version;
    }

private:
    [[nodiscard]] std::string contents(int version) const {
        std::string text = fmt::format("{:08}", version);
        text.resize(bytes_, static_cast<char>('a' + version % 26));
        return text;
    }

    std::filesystem::path path_;
    std::size_t bytes_;
    std::atomic<int> versions_ = 0;
    /// Whose time is known.
    std::atomic<int> settled_ = 0;
    std::array<Clock::time_point, 1000> times_{};
};

TEST_P(Coherence, NeverServesATornOrAStaleBodyUnderLoad) {
    using std::chrono::milliseconds;
    // The promise is one second; the rest is for a machine that does other things too.
    constexpr auto patience = milliseconds(2500);
    ChangingFile small(site() / "small", 10'000);
    ChangingFile large(site() / "large", 200'000);
    start();
    std::atomic<bool> is_over = false;
    std::vector<std::string> problems(4);
    std::vector<std::thread> threads;
    for (std::size_t client = 0; client < problems.size(); ++client) {
        threads.emplace_back([&, client] {
            ChangingFile& file = client % 2 == 0 ? small : large;
            try {
                HttpClient connection(server().port());
                while (!is_over && problems[client].empty()) {
                    const auto asked_at = ChangingFile::Clock::now();
                    const std::string body =
                        connection.get(client % 2 == 0 ? "/small" : "/large").body;
                    const int version = file.version_of(body);
                    if (version == 0) {
                        problems[client] = "a torn body: " + body.substr(0, 20);
                    } else if (version < file.version_at(asked_at, patience)) {
                        problems[client] = "a stale body: " + body.substr(0, 8);
                    }
                }
            } catch (const std::exception& error) {
                problems[client] = error.what();
            }
        });
    }
    for (int change = 0; change < 200; ++change) {
        small.put_next();
        large.put_next();
        std::this_thread::sleep_for(milliseconds(change % 20));
    }
    // And when it no longer changes.
    std::this_thread::sleep_for(patience + milliseconds(500));
    is_over = true;
    for (std::thread& thread : threads) {
        thread.join();
    }
    for (const std::string& problem : problems) {
        EXPECT_EQ(problem, "");
    }
}

}  // namespace
}  // namespace torc::test
