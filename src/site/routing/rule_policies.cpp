#include <torc/http/field.hpp>
#include <torc/site/routing/rule_policies.hpp>

#include <iterator>
#include <string>

namespace torc::site {
namespace {

constexpr std::string_view cache_control = "Cache-Control";

bool says_something_of_fields(const Rule& rule) noexcept {
    return !rule.fields.empty() || !rule.removed_fields.empty() ||
           (!rule.statuses.empty() && rule.cache_control);
}

/// Whether the rule is for responses with `status`; without one, for those that no rule names.
bool is_for(const Rule& rule, std::optional<http::Status> status) noexcept {
    return rule.statuses.empty() ||
           (status && std::ranges::find(rule.statuses, *status) != rule.statuses.end());
}

/// A rule with what else is said by fields, so that all that it says is in these.
Rule in_fields(Rule rule) {
    if (rule.statuses.empty()) {
        return rule;
    }
    for (ExtraField& field : rule.fields) {
        // The rule says itself which responses have it.
        const bool is_for_options = field.scope == ExtraField::Scope::options;
        field.scope = is_for_options ? field.scope : ExtraField::Scope::every_answer;
    }
    if (rule.cache_control && rule.cache_control->empty()) {
        rule.removed_fields.emplace_back(cache_control);
    } else if (rule.cache_control) {
        rule.fields.push_back({.name = std::string(cache_control), .value = *rule.cache_control});
    }
    return rule;
}

/// What several rules say together, in their order.
class FieldsOfRules {
public:
    void add(const Rule& rule) {
        const std::size_t decided_before = decided_.size();
        const auto is_decided = [&](std::string_view name) {
            return std::ranges::any_of(
                decided_.begin(),
                std::next(decided_.begin(), static_cast<std::ptrdiff_t>(decided_before)),
                [name](std::string_view other) { return http::is_same_field_name(name, other); });
        };
        for (const std::string& name : rule.removed_fields) {
            if (!is_decided(name)) {
                removed_.push_back(name);
                decided_.push_back(name);
            }
        }
        for (const ExtraField& field : rule.fields) {
            constexpr std::size_t separators_bytes = 4;  // ": " and the line end.
            const std::size_t bytes = field.name.size() + field.value.size() + separators_bytes;
            if (!is_decided(field.name) && bytes <= RulePolicies::fields_bytes_max - bytes_) {
                fields_.push_back(field);
                decided_.push_back(field.name);
                bytes_ += bytes;
            }
        }
    }

    [[nodiscard]] Policy policy() const { return Policy(fields_, removed_); }

private:
    std::vector<ExtraField> fields_;
    std::vector<std::string> removed_;
    /// Names that a rule says something of; the views are into the rules.
    std::vector<std::string_view> decided_;
    std::size_t bytes_ = 0;
};

}  // namespace

PathPolicy::PathPolicy(Policy others, std::vector<OfStatus> of_status)
    : others_(std::move(others)),
      of_status_(std::move(of_status)),
      bytes_max_(others_.bytes_max()) {
    for (const auto& [status, policy] : of_status_) {
        bytes_max_ = std::max(bytes_max_, policy.bytes_max());
    }
}

const Policy& PathPolicy::find(http::Status status) const noexcept {
    const auto found = std::ranges::find(of_status_, status, &OfStatus::first);
    return found == of_status_.end() ? others_ : found->second;
}

std::size_t RulePolicies::MatchedHash::operator()(const Matched& matched) const noexcept {
    // FNV-1a. Nobody who sends requests chooses which sets of rules there are.
    std::uint64_t hash = 0xCBF2'9CE4'8422'2325;
    for (const GlobIndex::Index index : matched) {
        hash = (hash ^ index) * 0x0000'0100'0000'01B3;
    }
    return hash;
}

RulePolicies::RulePolicies(const std::vector<ExtraField>& site_fields,
                           const std::vector<Rule>& rules) {
    for (const Rule& rule : rules) {
        if (says_something_of_fields(rule)) {
            rules_.push_back(in_fields(rule));
            globs_.add(rule.glob);
        }
    }
    matched_.reserve(rules_.size());
    rules_.push_back({.glob = "*", .fields = site_fields});
    without_path_ = make({});
}

PathPolicyRef RulePolicies::find(std::string_view path) {
    if (globs_.size() == 0) {
        return without_path_;
    }
    matched_.clear();
    globs_.for_each_match(path, [this](GlobIndex::Index rule) { matched_.push_back(rule); });
    if (matched_.empty()) {
        return without_path_;
    }
    if (const auto found = policies_.find(matched_); found != policies_.end()) {
        return found->second;
    }
    if (policies_.size() >= policies_max) {
        policies_.clear();
    }
    return policies_.emplace(matched_, make(matched_)).first->second;
}

PathPolicyRef RulePolicies::make(const Matched& matched) const {
    std::vector<PathPolicy::OfStatus> of_status;
    for (const GlobIndex::Index rule : matched) {
        for (const http::Status status : rules_[rule].statuses) {
            if (std::ranges::find(of_status, status, &PathPolicy::OfStatus::first) ==
                of_status.end()) {
                of_status.emplace_back(status, make_policy(matched, status));
            }
        }
    }
    return PathPolicyRef(new PathPolicy(make_policy(matched, std::nullopt), std::move(of_status)));
}

Policy RulePolicies::make_policy(const Matched& matched, std::optional<http::Status> status) const {
    FieldsOfRules fields;
    for (const GlobIndex::Index rule : matched) {
        if (is_for(rules_[rule], status)) {
            fields.add(rules_[rule]);
        }
    }
    fields.add(rules_.back());
    return fields.policy();
}

}  // namespace torc::site
