#pragma once

#include <torc/http/date.hpp>
#include <torc/http/request.hpp>

#include <cstdint>
#include <string_view>

namespace torc::http {

/// A representation's validators (RFC 9110 §8.8).
struct Validators {
    /// A strong entity tag with its quotes; empty when there is none.
    std::string_view etag;
    DateSeconds last_modified;
    /// False when the file's time says nothing; date preconditions are then ignored.
    bool has_last_modified = true;
};

enum class Precondition : std::uint8_t {
    /// Perform the request.
    passed,
    /// Answer 304 (GET and HEAD only).
    not_modified,
    /// Answer 412.
    failed,
};

/// Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the order of RFC
/// 9110 §13.2.2 for a representation that exists. Call it only when the answer without them would
/// be a 2xx (§13.2.1). Invalid and repeated dates are ignored; an entity tag that is malformed
/// matches nothing, nor does what follows it on its line.
[[nodiscard]] Precondition evaluate_preconditions(const Request& request,
                                                  const Validators& validators,
                                                  DateSeconds now) noexcept;

/// Whether If-Range lets a Range field count (§13.1.5, §14.2): true when there is none, when its
/// tag matches by strong comparison, or when its date is exactly Last-Modified and a strong
/// validator (at least one second older than `now`).
[[nodiscard]] bool if_range_holds(const Request& request, const Validators& validators,
                                  DateSeconds now) noexcept;

}  // namespace torc::http
