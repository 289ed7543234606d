#pragma once

#include <torc/base/local_ref.hpp>
#include <torc/http/status.hpp>
#include <torc/site/routing/glob_index.hpp>
#include <torc/site/routing/policy.hpp>
#include <torc/site/routing/rule.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace torc::site {

/// The fields of responses for a path: of each status, since rules may be for some alone.
class PathPolicy : public LocallyCounted {
public:
    using OfStatus = std::pair<http::Status, Policy>;

    explicit PathPolicy(Policy others, std::vector<OfStatus> of_status = {});

    [[nodiscard]] const Policy& of(http::Status status) const noexcept {
        return of_status_.empty() ? others_ : find(status);
    }
    /// Bytes of all fields of a response at the most.
    [[nodiscard]] std::size_t bytes_max() const noexcept { return bytes_max_; }

private:
    [[nodiscard]] const Policy& find(http::Status status) const noexcept;

    Policy others_;
    std::vector<OfStatus> of_status_;
    std::size_t bytes_max_;
};
using PathPolicyRef = LocalRef<const PathPolicy>;

/// Which fields a site's rules give to responses. Of several rules that match a path the first that
/// says something of a field counts for it; what is for the whole site comes last.
///
/// Paths that are matched by the same rules share one PathPolicy, so keep a reference with what is
/// cached for a path, and no rule is looked at again.
class RulePolicies {
public:
    /// `site_fields`: of all paths, as a last rule.
    RulePolicies(const std::vector<ExtraField>& site_fields, const std::vector<Rule>& rules);

    /// `path`: a http::Target's, or a file's, relative to the root. Allocates only when no path was
    /// matched by the same rules before.
    [[nodiscard]] PathPolicyRef find(std::string_view path);

    /// Of responses that are for no path, such as to a request that is no HTTP, and of all paths
    /// that no rule matches.
    [[nodiscard]] const PathPolicyRef& without_path() const noexcept { return without_path_; }

    /// Of all fields together that rules give to one response; those beyond are left out.
    static constexpr std::size_t fields_bytes_max = 2 * extra_fields_bytes_max;

private:
    using Matched = std::vector<GlobIndex::Index>;
    struct MatchedHash {
        std::size_t operator()(const Matched& matched) const noexcept;
    };

    /// Of a site, kept for paths to share; beyond it all are forgotten here.
    static constexpr std::size_t policies_max = 1024;

    [[nodiscard]] PathPolicyRef make(const Matched& matched) const;
    [[nodiscard]] Policy make_policy(const Matched& matched,
                                     std::optional<http::Status> status) const;

    /// Those that say something of a field, and that of the whole site, whose number is in no
    /// Matched.
    std::vector<Rule> rules_;
    GlobIndex globs_;
    PathPolicyRef without_path_;
    std::unordered_map<Matched, PathPolicyRef, MatchedHash> policies_;
    /// What the last path was matched by.
    Matched matched_;
};

}  // namespace torc::site
