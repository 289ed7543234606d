#include <torc/http/field.hpp>
#include <torc/site/routing/policy.hpp>

#include <algorithm>

namespace torc::site {
namespace {

bool has_field(const std::vector<ExtraField>& fields, std::string_view name) {
    return std::ranges::any_of(fields, [name](const ExtraField& field) {
        return http::is_same_field_name(field.name, name);
    });
}

bool has_name(const std::vector<std::string>& names, std::string_view name) {
    return std::ranges::any_of(
        names, [name](std::string_view other) { return http::is_same_field_name(other, name); });
}

constexpr std::string_view cache_control_name = "Cache-Control";

}  // namespace

Policy::Policy(const std::vector<ExtraField>& extra_fields,
               const std::vector<std::string>& removed_fields) {
    const auto has_own = [&](std::string_view name) {
        return !has_field(extra_fields, name) && !has_name(removed_fields, name);
    };
    if (has_name(removed_fields, cache_control_name)) {
        cache_control_.emplace();
    }
    if (has_own("Server")) {
        always_ += "Server: torc\r\n";
    }
    for (const ExtraField& field : extra_fields) {
        fields_for(field) += field.name + ": " + field.value + "\r\n";
    }
    if (has_own("X-Content-Type-Options")) {
        // Browsers are not to guess about types: they would run what was uploaded as an image. But
        // where torc knows none they would refuse to run what is a script.
        no_sniffing_ = "X-Content-Type-Options: nosniff\r\n";
    }
    bytes_max_ = always_.size() + success_.size() + no_sniffing_.size() + security_policy_.size() +
                 options_.size() + cache_control_.value_or("").size();
    // Takes all the memory that it ever needs.
    render({});
}

void Policy::render(http::DateSeconds now) const {
    rendered_at_ = now;
    const http::DateText date = http::format_date(now);
    ok_prefix_ = http::status_line(http::Status::ok);
    ok_prefix_ += "Date: ";
    ok_prefix_.append(date.data(), date.size());
    ok_prefix_ += "\r\n";
    ok_prefix_ += always_;
    ok_prefix_ += success_;
    ok_prefix_ += no_sniffing_;
}

std::string& Policy::fields_for(const ExtraField& field) {
    switch (field.scope) {
        case ExtraField::Scope::options:
            return options_;
        case ExtraField::Scope::success:
            return success_;
        case ExtraField::Scope::every_answer:
            break;
    }
    if (http::is_same_field_name(field.name, cache_control_name)) {
        return cache_control_ ? *cache_control_ : cache_control_.emplace();
    }
    return http::is_same_field_name(field.name, "Content-Security-Policy") ? security_policy_
                                                                           : always_;
}

}  // namespace torc::site
