#include <torc/site/load/cache_control.hpp>
#include <torc/site/load/fingerprint.hpp>

namespace torc::site {

std::string_view ask_each_time(Audience audience) noexcept {
    return audience == Audience::all ? "no-cache" : "private, no-cache";
}

std::string_view cache_control(std::string_view path, const CacheControlRules& rules,
                               Audience audience) {
    if (const CacheControlRule* const rule = rules.find(path)) {
        return rule->value;
    }
    if (!is_fingerprinted(path)) {
        return ask_each_time(audience);
    }
    return audience == Audience::all ? keep_for_a_year : "private, max-age=31536000, immutable";
}

}  // namespace torc::site
