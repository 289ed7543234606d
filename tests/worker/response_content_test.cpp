#include <torc/worker/response_content.hpp>

#include "site/assets.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace torc::worker {
namespace {

using site::RepresentationRef;
using torc::test::patterned_bytes;

class ResponseContentTest : public ::testing::Test {
protected:
    void begin(const RepresentationRef& source, http::ByteRange range) {
        site::Answer response{.source = source.get(), .body = range};
        content_.begin(response, *batch_);
    }

    std::unique_ptr<ResponseBatch> batch_ = std::make_unique<ResponseBatch>();
    ResponseContent content_;
};

TEST_F(ResponseContentTest, IsDoneWithOnceItIsInTheBatch) {
    begin(site::test::memory_file("12345"), {.first = 1, .length = 3});
    EXPECT_EQ(batch_->total_bytes(), 3U);
    EXPECT_FALSE(content_.has_more());
}

TEST_F(ResponseContentTest, OfAFileLeavesBehindTheBatch) {
    const RepresentationRef file = site::test::disk_file(patterned_bytes(300'000));
    begin(file, {.first = 1000, .length = 200'000});
    EXPECT_TRUE(batch_->is_empty());
    EXPECT_TRUE(content_.has_more());
    EXPECT_FALSE(content_.may_wait());

    content_.on_message_sent(500);
    content_.on_file_sent(150'000);
    const SendFile rest = content_.rest_of_file();
    EXPECT_EQ(rest.slice.file, file->file().get());
    EXPECT_EQ(rest.slice.offset, 151'000U);
    EXPECT_EQ(rest.slice.length, 50'000U);
    EXPECT_EQ(rest.slice.preceding_bytes, 150'500U);
    EXPECT_EQ(rest.part_bytes, 200'000U);

    content_.on_file_sent(50'000);
    EXPECT_FALSE(content_.has_file());
    EXPECT_FALSE(content_.has_more());
}

TEST_F(ResponseContentTest, KeepsAFileOpenUntilItIsReleased) {
    begin(site::test::disk_file(patterned_bytes(300'000)), {.first = 0, .length = 10});
    EXPECT_GE(content_.rest_of_file().slice.file, 0) << "though nobody else has the file";
    content_.on_file_sent(10);
    content_.release_file();
    EXPECT_FALSE(content_.has_more());
}

using ResponseContentDeathTest = ResponseContentTest;

TEST_F(ResponseContentDeathTest, HasNoMoreThanItWantedSent) {
    begin(site::test::disk_file(patterned_bytes(300'000)), {.first = 0, .length = 10});
    EXPECT_DEATH(content_.on_file_sent(11), "file_remaining_bytes_");
}

}  // namespace
}  // namespace torc::worker
