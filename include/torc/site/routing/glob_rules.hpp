#pragma once

#include <torc/site/routing/glob_index.hpp>

#include <cstddef>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::site {

/// A list of rules for files, of which the first whose `glob` matches counts.
template <typename Rule>
class GlobRules {
public:
    GlobRules() = default;
    // NOLINTNEXTLINE(google-explicit-constructor): a list of rules is one.
    GlobRules(std::initializer_list<Rule> rules) {
        for (const Rule& rule : rules) {
            push_back(rule);
        }
    }

    void push_back(Rule rule) {
        index_.add(rule.glob);
        rules_.push_back(std::move(rule));
    }

    /// The rule for the file at `path`, relative to the root; null: there is none.
    [[nodiscard]] const Rule* find(std::string_view path) const noexcept {
        const auto found = index_.first_match(path);
        return found ? &rules_[*found] : nullptr;
    }

    [[nodiscard]] bool empty() const noexcept { return rules_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return rules_.size(); }
    [[nodiscard]] const Rule& operator[](std::size_t place) const noexcept { return rules_[place]; }
    [[nodiscard]] auto begin() const noexcept { return rules_.begin(); }
    [[nodiscard]] auto end() const noexcept { return rules_.end(); }

    friend bool operator==(const GlobRules& one, const GlobRules& other) {
        return one.rules_ == other.rules_;  // The index is made of them.
    }

private:
    std::vector<Rule> rules_;
    GlobIndex index_;
};

}  // namespace torc::site
