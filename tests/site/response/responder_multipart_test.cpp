#include <torc/site/load/content_type.hpp>
#include <torc/site/response/responder.hpp>

#include "site/assets.hpp"
#include "site/response/responder_fixture.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>

namespace torc::site {
namespace {

using http::ByteRange;
using http::Status;

class ResponderMultipartTest : public test::ResponderTest {
protected:
    std::string get(std::string_view range) {
        return respond(
            "GET /page.html HTTP/1.1\r\nHost: a\r\nRange: bytes=" + std::string(range) + "\r\n",
            *asset_);
    }
    /// What stands around the parts' bytes.
    std::string part_head(std::size_t index) {
        std::array<char, Multipart::part_head_bytes_max> buffer{};
        http::HeadWriter writer(buffer);
        answer_.parts->write_part_head(index, writer);
        return std::string(writer.written());
    }
    std::string end() {
        std::array<char, Multipart::part_head_bytes_max> buffer{};
        http::HeadWriter writer(buffer);
        answer_.parts->write_end(writer);
        return std::string(writer.written());
    }
    /// Of the answer whose head that is.
    static std::string boundary(std::string_view head) {
        constexpr std::string_view name = "multipart/byteranges; boundary=";
        const std::size_t begin = head.find(name) + name.size();
        return std::string(head.substr(begin, head.find("\r\n", begin) - begin));
    }

    const AssetRef asset_ = test::memory_asset(std::string(10'000, 'x'));
};

TEST_F(ResponderMultipartTest, AnswersSeveralRangesWithAPartForEach) {
    const std::string head = get("0-9,100-199,-5");
    EXPECT_EQ(answer_.status, Status::partial_content);
    ASSERT_TRUE(answer_.parts);
    ASSERT_EQ(answer_.parts->ranges().size(), 3U);
    EXPECT_EQ(answer_.parts->ranges()[1], (ByteRange{.first = 100, .length = 100}));
    EXPECT_EQ(part_head(0), "\r\n--" + boundary(head) +
                                "\r\nContent-Type: text/html; charset=utf-8\r\n"
                                "Content-Range: bytes 0-9/10000\r\n\r\n");
    EXPECT_EQ(part_head(2), "\r\n--" + boundary(head) +
                                "\r\nContent-Type: text/html; charset=utf-8\r\n"
                                "Content-Range: bytes 9995-9999/10000\r\n\r\n");
    EXPECT_EQ(end(), "\r\n--" + boundary(head) + "--\r\n");
}

TEST_F(ResponderMultipartTest, HasRoomForTheLongestTypeAndNumbers) {
    const TypeRule rule = make_type_rule("*", "text/" + std::string(named_type_bytes_max - 5, 'x'));
    constexpr auto size = std::uint64_t{std::numeric_limits<std::int64_t>::max()};
    RepresentationTraits traits = test::traits_of("a.x", size);
    traits.content_type = rule.value;
    const AssetRef asset = test::asset_of(Representation::on_disk(traits, UniqueFd()));
    const std::string head = respond(
        "GET /a.x HTTP/1.1\r\nHost: a\r\nRange: bytes=1000000000000000000-1000000000000000001,"
        "2000000000000000000-2000000000000000001\r\n",
        *asset);
    ASSERT_TRUE(answer_.parts);
    EXPECT_EQ(part_head(1), "\r\n--" + boundary(head) + "\r\nContent-Type: " + rule.value +
                                "\r\nContent-Range: bytes 2000000000000000000-"
                                "2000000000000000001/9223372036854775807\r\n\r\n");
}

TEST_F(ResponderMultipartTest, TellsTheLengthOfAllParts) {
    const std::string head = get("0-9,100-199,-5");
    const std::size_t bytes = part_head(0).size() + 10 + part_head(1).size() + 100 +
                              part_head(2).size() + 5 + end().size();
    EXPECT_TRUE(head.contains("\r\nContent-Length: " + std::to_string(bytes) + "\r\n"));
    EXPECT_EQ(answer_.content_bytes, bytes);
}

TEST_F(ResponderMultipartTest, HasTheFieldsOfTheFileButForItsType) {
    const std::string head = get("0-9,100-199");
    EXPECT_TRUE(head.contains("\r\nETag: "));
    EXPECT_TRUE(head.contains("\r\nCache-Control: no-cache\r\n"));
    EXPECT_FALSE(head.contains("text/html"));
    EXPECT_FALSE(head.contains("Content-Range"));
}

TEST_F(ResponderMultipartTest, HasAnotherBoundaryEachTime) {
    std::set<std::string> boundaries;
    for (int count = 0; count < 1000; ++count) {
        boundaries.insert(boundary(get("0-9,100-199")));
    }
    EXPECT_EQ(boundaries.size(), 1000U);
}

// Two processes, or two workers of one: what the one shows says nothing of the other.
TEST_F(ResponderMultipartTest, HasOtherBoundariesThanAnotherResponder) {
    const std::string first = boundary(get("0-9,100-199"));
    Responder other(codings_);
    other.set_time(test::now);
    std::string buffer(other.head_bytes_max(), '\0');
    http::HeadWriter writer(buffer);
    http::Target target;
    target.path = "page.html";
    (void)other.respond(request_, target, *asset_, Persistence::keep_alive, writer);
    EXPECT_NE(boundary(writer.written()), first);
}

TEST_F(ResponderMultipartTest, SendsOneRangeAlone) {
    (void)get("0-9,10-19");
    EXPECT_FALSE(answer_.parts);
    EXPECT_EQ(answer_.body, (ByteRange{.first = 0, .length = 20}));
    (void)get("0-9,20000-");
    EXPECT_FALSE(answer_.parts);
    EXPECT_EQ(answer_.status, Status::partial_content);
}

TEST_F(ResponderMultipartTest, SendsTheWholeFileWhenThePartsWouldBeLonger) {
    (void)get("0-4999,5001-");
    EXPECT_EQ(answer_.status, Status::ok);
    EXPECT_EQ(answer_.body.length, 10'000U);
}

}  // namespace
}  // namespace torc::site
