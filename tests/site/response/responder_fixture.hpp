#pragma once

#include <torc/http/head_writer.hpp>
#include <torc/http/request_parser.hpp>
#include <torc/http/target.hpp>
#include <torc/site/response/responder.hpp>

#include "site/answers.hpp"
#include "site/assets.hpp"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace torc::site::test {

/// A responder, and what it made of the last request.
class ResponderTest : public ::testing::Test {
protected:
    void SetUp() override { responder_.set_time(now); }

    /// The head (and page) that answers `request`, which lacks but its empty line. Sets `answer_`.
    std::string respond(std::string_view request, const Asset& asset,
                        Persistence persistence = Persistence::keep_alive) {
        parse(request);
        const auto target = http::resolve_target(request_.target, scratch_);
        if (!target) {
            throw std::invalid_argument("the target is not valid");
        }
        std::string buffer(responder_.head_bytes_max(*target, asset), '\0');
        http::HeadWriter writer(buffer);
        answer_ = responder_.respond(request_, *target, asset, persistence, writer);
        return std::string(writer.written());
    }

    /// The answer when the method alone decides.
    std::string respond_to_method(std::string_view request,
                                  Persistence persistence = Persistence::keep_alive) {
        parse(request);
        std::string buffer(responder_.head_bytes_max(), '\0');
        http::HeadWriter writer(buffer);
        answer_ = responder_.respond_to_method(request_, persistence, writer);
        return std::string(writer.written());
    }

    /// The answer to what was no request.
    std::string reject(http::Status status, Persistence persistence = Persistence::close) {
        request_.forget();
        std::string buffer(responder_.head_bytes_max(), '\0');
        http::HeadWriter writer(buffer);
        answer_ = responder_.reject(status, request_, persistence, writer);
        return std::string(writer.written());
    }

    void parse(std::string_view request) {
        text_ = std::string(request) + "\r\n";
        if (http::parse_request(text_, 0, request_).state != http::ParseState::parsed) {
            throw std::invalid_argument("the request is not valid");
        }
    }

    std::vector<http::ContentCoding> codings_ = {
        http::ContentCoding::brotli, http::ContentCoding::zstd, http::ContentCoding::gzip};
    Responder responder_{codings_};
    Answer answer_;

    std::string text_;
    http::Request request_;
    std::array<char, limits::request_line_bytes_default> scratch_{};
};

}  // namespace torc::site::test
