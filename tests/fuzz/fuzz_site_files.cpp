// The parsers of _redirects and _headers, and the settings that are made of these: what they give
// can be used as it is.

#include <torc/base/assert.hpp>
#include <torc/config/site_files.hpp>
#include <torc/http/field.hpp>
#include <torc/site/routing/redirects.hpp>
#include <torc/site/routing/rule_policies.hpp>
#include <torc/site/routing/site_files.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

void check_problems(std::string_view text,
                    const std::vector<torc::site::SiteFileProblem>& problems) {
    const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
    TORC_ASSERT(std::ranges::is_sorted(problems, {}, &torc::site::SiteFileProblem::line));
    for (const torc::site::SiteFileProblem& problem : problems) {
        TORC_ASSERT(problem.line > 0 && problem.line <= lines && !problem.text.empty());
    }
}

void check_redirects(std::string_view text) {
    const auto file = torc::site::parse_redirects_file(text, torc::http::Status::found);
    check_problems(text, file.problems);
    TORC_ASSERT(torc::site::Redirects::compile(file.redirects));
}

void check_headers(std::string_view text) {
    const auto file = torc::site::parse_headers_file(text);
    check_problems(text, file.problems);
    std::vector<torc::site::Rule> rules;
    for (const auto& [line, rule] : file.rules) {
        TORC_ASSERT(!rule.glob.empty() && !(rule.fields.empty() && rule.removed_fields.empty()));
        for (const torc::site::ExtraField& field : rule.fields) {
            TORC_ASSERT(torc::http::is_field_name(field.name));
            TORC_ASSERT(torc::http::is_field_value(field.value));
        }
        rules.push_back(rule);
    }
    torc::site::RulePolicies policies({}, rules);
    const auto policy = policies.find("a/b.html");
    TORC_ASSERT(policy->bytes_max() <= 2 * torc::site::RulePolicies::fields_bytes_max);
}

void check_settings(std::string_view text) {
    torc::config::SiteSettings site;
    site.whole.is_for_other_origins = true;
    const std::vector<std::string> problems = torc::config::add_site_files(
        site, {.redirects = std::string(text), .headers = std::string(text)});
    for (const std::string& problem : problems) {
        TORC_ASSERT(std::ranges::all_of(problem, [](char each) { return each >= ' '; }));
    }
    TORC_ASSERT(torc::site::Redirects::compile(site.redirects));
    torc::site::RulePolicies policies(site.whole.extra_fields, site.whole.rules);
    (void)policies.find("a/b.html");
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_redirects(text);
    check_headers(text);
    check_settings(text);
    return 0;
}
