#pragma once

#include "integration/http/document_tree.hpp"
#include "integration/support/http_client.hpp"
#include "integration/support/server_test.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace torc::test {

/// How long the suite waits for what must happen. A foreign server, which is not a debug build and
/// has no sanitizers in it, gets less.
inline constexpr std::chrono::seconds conformance_timeout{10};
inline constexpr std::chrono::seconds external_timeout{4};

/// What the tests run against: both backends of torc; or, when the environment has
/// TORC_CONFORMANCE_SERVER=127.0.0.1:PORT, that server alone, which serves the directory
/// TORC_CONFORMANCE_ROOT.
[[nodiscard]] std::vector<std::string> servers_under_test();
/// The same without foreign servers, for what torc alone does.
[[nodiscard]] std::vector<std::string> torc_under_test();

/// One clause each. A suite is named by its section: Rfc9112_3_2 is RFC 9112, §3.2. The server is
/// started for the first test that needs it and serves until the last one has run; the tree of
/// documents is one for all.
class Conformance : public ::testing::TestWithParam<std::string> {
protected:
    void SetUp() override;

    /// What the clause asks for; each test says it first, for the table of results.
    static void must() { RecordProperty("level", "MUST"); }
    static void should() { RecordProperty("level", "SHOULD"); }
    /// No RFC demands it, but a client or an attacker tells the difference.
    static void hardening() { RecordProperty("level", "hardening"); }
    /// The RFC leaves it open, and torc has decided.
    static void choice() { RecordProperty("level", "choice"); }

    /// Options of torc besides the directory, the port and the backend.
    [[nodiscard]] virtual std::vector<std::string> options() const { return {}; }
    [[nodiscard]] bool is_torc() const { return GetParam() != "external"; }

    [[nodiscard]] static const DocumentTree& tree();
    /// A directory that is not served, with a file secret.txt.
    [[nodiscard]] static const std::filesystem::path& outside();

    [[nodiscard]] HttpClient connect(int receive_buffer_bytes = 0) const {
        return HttpClient(port_, receive_buffer_bytes,
                          is_torc() ? conformance_timeout : external_timeout);
    }

    /// Sends `bytes` on a connection of its own and gives the final answer, after checks of what
    /// holds for every answer: nothing follows it; and the connection ends if it says so, else
    /// takes another request.
    [[nodiscard]] Response answer_to(std::string_view bytes, std::string_view method = "GET") const;
    [[nodiscard]] Response get(std::string_view target, std::string_view fields = {}) const {
        return answer_to(request_bytes("GET", target, fields));
    }
    [[nodiscard]] Response head(std::string_view target, std::string_view fields = {}) const {
        return answer_to(request_bytes("HEAD", target, fields), "HEAD");
    }
    [[nodiscard]] int status_of(std::string_view bytes) const { return answer_to(bytes).status; }

    /// All answers to `bytes`, up to the last one or the end of the connection, which has to come
    /// by itself.
    [[nodiscard]] std::vector<Response> all_answers(std::string_view bytes) const;

    /// The first answer to `bytes`, when `closing_request` follows them at once: that is answered
    /// as the second and last, or else the connection ends after the first.
    [[nodiscard]] Response answer_before_next(std::string_view bytes) const;
    /// The only answer to `bytes`, when `closing_request` follows them at once: that must not be
    /// answered, for the connection has to end.
    [[nodiscard]] Response last_answer_to(std::string_view bytes) const;

    /// Whether content in a GET is refused as such, which RFC 9110 §9.3.1 allows: then there is
    /// nothing to learn from it.
    [[nodiscard]] bool refuses_content_of_get() const;

    /// Sends `head`, then `filler` again and again, until the server answers or ends the connection
    /// or has taken `bytes_max`; gives the answer, with status 0 when there is none.
    [[nodiscard]] Response flood(std::string_view head, std::string_view filler,
                                 std::size_t bytes_max) const;

    /// The field's value; fails the test, and gives "", when there is not exactly one.
    [[nodiscard]] static std::string only(const Response& response, std::string_view name);

private:
    std::uint16_t port_ = 0;
};

/// For /dir/page.html, with "Connection: close".
[[nodiscard]] std::string closing_request();

/// Whether `status` is one of `allowed`.
[[nodiscard]] ::testing::AssertionResult is_one_of(int status, std::initializer_list<int> allowed);

/// IMF-fixdate (RFC 9110 §5.6.7).
[[nodiscard]] std::string http_date(std::time_t time);
/// Fails unless it is an IMF-fixdate.
[[nodiscard]] std::optional<std::time_t> parse_http_date(const std::string& text);

/// One "Name: value" line.
[[nodiscard]] std::string field_line(std::string_view name, std::string_view value);

// NOLINTBEGIN(cppcoreguidelines-macro-usage)
/// Runs a suite, a class, against the servers under test.
#define CONFORMANCE_RUN(Suite, servers)                                 \
    INSTANTIATE_TEST_SUITE_P(Http, Suite, ::testing::ValuesIn(servers), \
                             &::torc::test::name_of_backend)
/// A suite with the helpers of `Base`.
#define CONFORMANCE_SUITE_WITH(Suite, Base) \
    class Suite : public Base {};           \
    CONFORMANCE_RUN(Suite, ::torc::test::servers_under_test())
#define CONFORMANCE_SUITE(Suite) CONFORMANCE_SUITE_WITH(Suite, ::torc::test::Conformance)
// NOLINTEND(cppcoreguidelines-macro-usage)

}  // namespace torc::test
