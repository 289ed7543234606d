#include <torc/site/load/cache_control.hpp>
#include <torc/site/load/fingerprint.hpp>

namespace torc::site {
namespace {

constexpr std::string_view ask_each_time = "no-cache";

}  // namespace

std::string_view cache_control(std::string_view path, const CacheControlRules& rules) {
    if (const CacheControlRule* const rule = rules.find(path)) {
        return rule->value;
    }
    return is_fingerprinted(path) ? keep_for_a_year : ask_each_time;
}

}  // namespace torc::site
