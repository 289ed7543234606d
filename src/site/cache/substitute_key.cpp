#include <torc/base/limits.hpp>
#include <torc/site/cache/substitute_key.hpp>
#include <torc/site/routing/path.hpp>

#include <cstddef>

namespace torc::site {
namespace {

constexpr std::size_t page_directories_max = 16;

// What is behind the NUL. The letter of a ListingStyle is neither.
constexpr char fallback_letter = '1';
constexpr char error_letter = '2';

}  // namespace

SubstituteKey SubstituteKey::error_at(std::string_view path, const file::HiddenNames& hidden) {
    const bool is_roots = path.size() >= limits::path_bytes_max || hidden.hide(path);
    return {.kind = Kind::error,
            .path = is_roots ? std::string_view()
                             : first_directories(directory_of(path), page_directories_max)};
}

std::optional<SubstituteKey> SubstituteKey::parse(std::string_view text) noexcept {
    const std::size_t separator = text.find('\0');
    if (separator == std::string_view::npos) {
        return std::nullopt;
    }
    const char letter = text[separator + 1];
    if (letter != fallback_letter && letter != error_letter) {
        return std::nullopt;
    }
    return SubstituteKey{.kind = letter == fallback_letter ? Kind::fallback : Kind::error,
                         .path = text.substr(0, separator)};
}

void SubstituteKey::write(std::string& text) const {
    text = path;
    text += '\0';
    text += kind == Kind::fallback ? fallback_letter : error_letter;
}

}  // namespace torc::site
