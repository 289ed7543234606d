#pragma once

#include <torc/http/head_writer.hpp>
#include <torc/http/request_parser.hpp>
#include <torc/http/target.hpp>
#include <torc/site/responder.hpp>

#include "site/answers.hpp"
#include "site/assets.hpp"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

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
        std::string buffer(Responder::head_bytes_max(*target), '\0');
        http::HeadWriter writer(buffer);
        answer_ = responder_.respond(request_, *target, asset, persistence, writer);
        return std::string(writer.written());
    }

    /// The answer when the method alone decides; "" when it does not.
    std::string respond_to_method(std::string_view request,
                                  Persistence persistence = Persistence::keep_alive) {
        parse(request);
        std::array<char, Responder::fixed_head_bytes_max> buffer{};
        http::HeadWriter writer(buffer);
        is_answered_ = responder_.respond_to_method(request_, persistence, writer, answer_);
        return std::string(writer.written());
    }

    std::string reject(http::Status status, http::Method method,
                       Persistence persistence = Persistence::close) {
        std::array<char, Responder::fixed_head_bytes_max> buffer{};
        http::HeadWriter writer(buffer);
        answer_ = responder_.reject(status, method, persistence, writer);
        return std::string(writer.written());
    }

    void parse(std::string_view request) {
        text_ = std::string(request) + "\r\n";
        if (http::parse_request(text_, 0, request_).state != http::ParseState::parsed) {
            throw std::invalid_argument("the request is not valid");
        }
    }

    Responder responder_;
    Answer answer_;
    bool is_answered_ = false;

    std::string text_;
    http::Request request_;
    std::array<char, limits::request_line_bytes_default> scratch_{};
};

}  // namespace torc::site::test
