// Which status has which fields: the table in docs/http.md, cell by cell.

#include <torc/site/routing/redirects.hpp>

#include "site/assets.hpp"
#include "site/response/responder_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::site::test {
namespace {

using http::Status;

/// All fields that an answer can have and that not all have.
constexpr std::array optional_fields = {std::string_view("Content-Length"),
                                        std::string_view("Content-Type"),
                                        std::string_view("Content-Encoding"),
                                        std::string_view("Content-Range"),
                                        std::string_view("Last-Modified"),
                                        std::string_view("ETag"),
                                        std::string_view("Accept-Ranges"),
                                        std::string_view("Cache-Control"),
                                        std::string_view("Vary"),
                                        std::string_view("Location"),
                                        std::string_view("Allow"),
                                        std::string_view("Retry-After"),
                                        std::string_view("Content-Disposition"),
                                        std::string_view("Access-Control-Max-Age")};

/// A column of the table.
struct FieldsOfStatus {
    Status status;
    /// "": there must be no Cache-Control.
    std::string_view cache_control;
    /// Besides Cache-Control: these, and no others of `optional_fields`.
    std::vector<std::string_view> present;

    friend void PrintTo(const FieldsOfStatus& fields, std::ostream* out) {
        *out << http::code(fields.status);
    }
};

const std::vector<FieldsOfStatus> table = {
    {.status = Status::ok,
     .cache_control = "max-age=60",
     .present = {"Content-Length", "Content-Type", "Content-Encoding", "Last-Modified", "ETag",
                 "Accept-Ranges", "Vary", "Content-Disposition"}},
    {.status = Status::partial_content,
     .cache_control = "max-age=60",
     .present = {"Content-Length", "Content-Type", "Content-Encoding", "Content-Range",
                 "Last-Modified", "ETag", "Accept-Ranges", "Vary", "Content-Disposition"}},
    {.status = Status::not_modified,
     .cache_control = "max-age=60",
     .present = {"Last-Modified", "ETag", "Accept-Ranges", "Vary", "Content-Disposition"}},
    {.status = Status::no_content,
     .cache_control = "",
     .present = {"Allow", "Access-Control-Max-Age"}},
    {.status = Status::moved_permanently,
     .cache_control = "no-cache",
     .present = {"Content-Length", "Content-Type", "Location", "Vary"}},
    {.status = Status::found,
     .cache_control = "no-cache",
     .present = {"Content-Length", "Content-Type", "Location", "Vary"}},
    {.status = Status::temporary_redirect,
     .cache_control = "no-cache",
     .present = {"Content-Length", "Content-Type", "Location", "Vary"}},
    {.status = Status::permanent_redirect,
     .cache_control = "no-cache",
     .present = {"Content-Length", "Content-Type", "Location", "Vary"}},
    {.status = Status::bad_request,
     .cache_control = "no-store",
     .present = {"Content-Length", "Content-Type"}},
    {.status = Status::unauthorized,
     .cache_control = "no-store",
     .present = {"Content-Length", "Content-Type"}},
    {.status = Status::forbidden,
     .cache_control = "no-store",
     .present = {"Content-Length", "Content-Type"}},
    {.status = Status::not_found,
     .cache_control = "no-cache",
     .present = {"Content-Length", "Content-Type"}},
    {.status = Status::method_not_allowed,
     .cache_control = "no-store",
     .present = {"Content-Length", "Content-Type", "Allow"}},
    {.status = Status::not_acceptable,
     .cache_control = "no-store",
     .present = {"Content-Length", "Content-Type", "Vary"}},
    {.status = Status::request_timeout,
     .cache_control = "no-store",
     .present = {"Content-Length", "Content-Type"}},
    {.status = Status::precondition_failed,
     .cache_control = "no-store",
     .present = {"Content-Length", "Content-Type", "Vary"}},
    {.status = Status::uri_too_long,
     .cache_control = "no-store",
     .present = {"Content-Length", "Content-Type"}},
    {.status = Status::range_not_satisfiable,
     .cache_control = "no-store",
     .present = {"Content-Length", "Content-Type", "Content-Range", "Vary"}},
    {.status = Status::expectation_failed,
     .cache_control = "no-store",
     .present = {"Content-Length", "Content-Type"}},
    {.status = Status::misdirected_request,
     .cache_control = "no-store",
     .present = {"Content-Length", "Content-Type"}},
    {.status = Status::too_many_requests,
     .cache_control = "no-store",
     .present = {"Content-Length", "Content-Type", "Retry-After"}},
    {.status = Status::request_header_fields_too_large,
     .cache_control = "no-store",
     .present = {"Content-Length", "Content-Type"}},
    {.status = Status::internal_server_error,
     .cache_control = "no-store",
     .present = {"Content-Length", "Content-Type"}},
    {.status = Status::not_implemented,
     .cache_control = "no-store",
     .present = {"Content-Length", "Content-Type"}},
    {.status = Status::service_unavailable,
     .cache_control = "no-store",
     .present = {"Content-Length", "Content-Type", "Retry-After"}},
    {.status = Status::http_version_not_supported,
     .cache_control = "no-store",
     .present = {"Content-Length", "Content-Type"}},
};

/// A responder with a user's field of each scope, and a file that there is in two codings.
class ResponderFieldsTest : public ResponderTest {
protected:
    void SetUp() override {
        responder_ = std::make_unique<Responder>(codings_, fields_);
        responder_->set_time(now);
    }

    /// The head of an answer with that status, as a client gets it.
    std::string head_of(Status status) {
        switch (status) {
            case Status::ok:
                return answer_to("GET", "");
            case Status::partial_content:
                return answer_to("GET", "Range: bytes=0-0\r\n");
            case Status::not_modified:
                return answer_to("GET", "If-None-Match: *\r\n");
            case Status::not_acceptable:
                return answer_to("GET", "Accept-Encoding: *;q=0\r\n");
            case Status::precondition_failed:
                return answer_to("GET", "If-Match: \"x\"\r\n");
            case Status::range_not_satisfiable:
                return answer_to("GET", "Range: bytes=9-\r\n");
            case Status::no_content:
                return answer_to_method("OPTIONS");
            case Status::method_not_allowed:
                return answer_to_method("POST");
            case Status::not_implemented:
                return answer_to_method("BREW");
            case Status::moved_permanently:
                return answer_with(*Asset::redirect("page.html/"), "GET", "");
            case Status::forbidden:
            case Status::not_found:
            case Status::internal_server_error:
            case Status::service_unavailable:
                return answer_with(*Asset::error(status, memory_file("my page")), "GET", "");
            case Status::found:
            case Status::temporary_redirect:
            case Status::permanent_redirect:
                return redirection(status);
            case Status::continue_:  // Never sent.
            case Status::bad_request:
            case Status::unauthorized:
            case Status::request_timeout:
            case Status::uri_too_long:
            case Status::expectation_failed:
            case Status::misdirected_request:
            case Status::too_many_requests:
            case Status::request_header_fields_too_large:
            case Status::http_version_not_supported:
                break;
        }
        return rejection(status);
    }

    std::string answer_with(const Asset& asset, std::string_view method, std::string_view fields) {
        parse(std::string(method) + " /page.html HTTP/1.1\r\nHost: a\r\n" + std::string(fields));
        const auto target = http::resolve_target(request_.target, scratch_);
        std::string buffer(responder_->head_bytes_max(*target, asset), '\0');
        http::HeadWriter writer(buffer);
        (void)responder_->respond(request_, *target, asset, Persistence::keep_alive, writer);
        return only_head(writer);
    }
    std::string answer_to(std::string_view method, std::string_view fields) {
        const bool chooses = fields.starts_with("Accept-Encoding");
        return answer_with(
            *coded_, method,
            chooses ? std::string(fields) : "Accept-Encoding: gzip\r\n" + std::string(fields));
    }
    std::string answer_to_method(std::string_view method) {
        parse(std::string(method) + " /page.html HTTP/1.1\r\nHost: a\r\n");
        std::string buffer(responder_->head_bytes_max(), '\0');
        http::HeadWriter writer(buffer);
        (void)responder_->respond_to_method(request_, Persistence::keep_alive, writer);
        return only_head(writer);
    }
    /// By a user's redirect.
    std::string redirection(Status status) {
        parse("GET /page.html HTTP/1.1\r\nHost: a\r\n");
        const auto target = http::resolve_target(request_.target, scratch_);
        const std::vector<Redirect> rules = {
            {.from = "/page.html", .to = "https://b/", .status = status}};
        const auto redirects = Redirects::compile(rules);
        EXPECT_TRUE(redirects);
        std::string buffer(responder_->head_bytes_max() + redirects->location_bytes_max(0, *target),
                           '\0');
        http::HeadWriter writer(buffer);
        (void)responder_->redirect(request_, *target, {*redirects, 0}, Persistence::keep_alive,
                                   writer);
        return only_head(writer);
    }
    std::string rejection(Status status) {
        std::string buffer(responder_->head_bytes_max(), '\0');
        http::HeadWriter writer(buffer);
        request_.forget();
        (void)responder_->reject(status, request_, Persistence::close, writer);
        return only_head(writer);
    }

    static std::string only_head(const http::HeadWriter& writer) {
        const std::string_view text = writer.written();
        return std::string(text.substr(0, text.find("\r\n\r\n") + 2));
    }
    static AssetRef two_codings() {
        const auto file_in = [](http::ContentCoding coding) {
            RepresentationTraits traits = traits_of("page.html", 5, last_modified, coding);
            traits.cache_control = "max-age=60";
            return Representation::in_memory(traits, copy_of("12345"));
        };
        Asset::Representations representations;
        representations[0] = file_in(http::ContentCoding::identity);
        representations[static_cast<std::size_t>(http::ContentCoding::gzip)] =
            file_in(http::ContentCoding::gzip);
        return Asset::file(std::move(representations));
    }

    const std::vector<ExtraField> fields_ = {
        {.name = "X-Frame-Options", .value = "DENY"},
        {.name = "Content-Disposition", .value = "attachment", .scope = ExtraField::Scope::success},
        {.name = "Access-Control-Max-Age", .value = "60", .scope = ExtraField::Scope::options}};
    std::unique_ptr<Responder> responder_;
    const AssetRef coded_ = two_codings();
};

/// How often a head, with a line end behind each of its lines, has a field.
std::size_t count(std::string_view head, std::string_view name) {
    const std::string line = "\r\n" + std::string(name) + ": ";
    std::size_t found = 0;
    for (std::size_t at = head.find(line); at != std::string_view::npos;
         at = head.find(line, at + 1)) {
        ++found;
    }
    return found;
}

class ResponderFieldsOfStatusTest : public ResponderFieldsTest,
                                    public ::testing::WithParamInterface<FieldsOfStatus> {};
INSTANTIATE_TEST_SUITE_P(Statuses, ResponderFieldsOfStatusTest, ::testing::ValuesIn(table),
                         ::testing::PrintToStringParamName());

TEST_P(ResponderFieldsOfStatusTest, AreThoseOfTheTable) {
    const FieldsOfStatus& expected = GetParam();
    const std::string head = head_of(expected.status);
    ASSERT_TRUE(head.starts_with(http::status_line(expected.status))) << head;
    for (const std::string_view name : {"Date", "Server", "X-Frame-Options"}) {
        EXPECT_EQ(count(head, name), 1U) << name << " in\n" << head;
    }
    for (const std::string_view name : optional_fields) {
        const bool is_expected =
            name == "Cache-Control"
                ? !expected.cache_control.empty()
                : std::ranges::find(expected.present, name) != expected.present.end();
        EXPECT_EQ(count(head, name), is_expected ? 1U : 0U) << name << " in\n" << head;
    }
    if (!expected.cache_control.empty()) {
        EXPECT_TRUE(
            head.contains("\r\nCache-Control: " + std::string(expected.cache_control) + "\r\n"))
            << head;
    }
}

TEST_F(ResponderFieldsTest, ARefusalByCodingNamesItThoughThereIsNothingToChooseFrom) {
    const AssetRef plain = memory_asset("12345");
    EXPECT_EQ(count(answer_with(*plain, "GET", ""), "Vary"), 0U);
    const std::string refusal = answer_with(*plain, "GET", "Accept-Encoding: *;q=0\r\n");
    EXPECT_TRUE(refusal.starts_with("HTTP/1.1 406 ")) << refusal;
    EXPECT_TRUE(refusal.contains("\r\nVary: Accept-Encoding\r\n")) << refusal;
}

TEST_F(ResponderFieldsTest, HeadHasThoseOfGet) {
    for (const std::string_view fields :
         {"", "If-None-Match: *\r\n", "If-Match: \"x\"\r\n", "Accept-Encoding: *;q=0\r\n"}) {
        EXPECT_EQ(answer_to("HEAD", fields), answer_to("GET", fields)) << fields;
    }
    const AssetRef absent = Asset::error(Status::not_found);
    EXPECT_EQ(answer_with(*absent, "HEAD", ""), answer_with(*absent, "GET", ""));
}

TEST_F(ResponderFieldsTest, AUsersPolicyIsForAllButPagesThatStateTheirOwn) {
    const std::vector<ExtraField> fields = {
        {.name = "content-security-policy", .value = "default-src 'self'"}};
    responder_ = std::make_unique<Responder>(codings_, fields);
    responder_->set_time(now);
    const auto has_users_alone = [](std::string_view head) {
        return count(head, "Content-Security-Policy") == 0 &&
               count(head, "content-security-policy") == 1;
    };
    const auto has_its_own_alone = [](std::string_view head) {
        return count(head, "Content-Security-Policy") == 1 &&
               count(head, "content-security-policy") == 0;
    };
    const AssetRef absent = Asset::error(Status::not_found);
    for (const std::string& head :
         {answer_to("GET", ""), answer_to("GET", "Range: bytes=0-0\r\n"),
          answer_to("GET", "If-None-Match: *\r\n"), answer_to_method("OPTIONS"),
          answer_with(*Asset::error(Status::not_found, memory_file("my page")), "GET", ""),
          answer_with(*absent, "GET", "Accept: */*\r\n"), rejection(Status::bad_request)}) {
        EXPECT_TRUE(has_users_alone(head)) << head;
    }
    RepresentationTraits traits = traits_of("listing.html", 5);
    traits.security_policy = "default-src 'none'";
    const AssetRef listing = asset_of(Representation::in_memory(traits, copy_of("12345")));
    for (const std::string& head :
         {answer_with(*absent, "GET", "Accept: text/html\r\n"),
          answer_with(*Asset::redirect("page.html/"), "GET", "Accept: text/html\r\n"),
          answer_with(*listing, "GET", "")}) {
        EXPECT_TRUE(has_its_own_alone(head)) << head;
    }
    const std::string unchanged = answer_with(*listing, "GET", "If-None-Match: *\r\n");
    EXPECT_TRUE(has_its_own_alone(unchanged)) << unchanged;
}

TEST_F(ResponderFieldsTest, ASecondCacheControlIsNeverSent) {
    // A file without one has none: a rule of the user's says so.
    RepresentationTraits traits = traits_of("page.html", 5);
    traits.cache_control = "";
    const AssetRef bare = asset_of(Representation::in_memory(traits, copy_of("12345")));
    EXPECT_EQ(count(answer_with(*bare, "GET", ""), "Cache-Control"), 0U);
    EXPECT_EQ(count(answer_with(*bare, "GET", "If-Match: \"x\"\r\n"), "Cache-Control"), 1U);
}

}  // namespace
}  // namespace torc::site::test
