// What changes on the disk shows at the clients, without a reload.

#include "integration/support/server_test.hpp"

#include <filesystem>
#include <string>
#include <string_view>

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

}  // namespace
}  // namespace torc::test
