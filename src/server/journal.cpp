#include <torc/server/journal.hpp>

#include <fmt/format.h>

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <system_error>

namespace torc::server {
namespace {

std::optional<std::uint64_t> number_of(std::string_view text) noexcept {
    const char* const end = text.data() + text.size();
    std::uint64_t number = 0;
    const auto parsed = std::from_chars(text.data(), end, number);
    return parsed.ec == std::errc() && parsed.ptr == end ? std::optional(number) : std::nullopt;
}

}  // namespace

bool is_journal(int descriptor, std::string_view journal_stream) noexcept {
    const std::size_t colon = journal_stream.find(':');
    struct stat status{};
    if (colon == std::string_view::npos || ::fstat(descriptor, &status) != 0) {
        return false;
    }
    return number_of(journal_stream.substr(0, colon)) == status.st_dev &&
           number_of(journal_stream.substr(colon + 1)) == status.st_ino;
}

std::string with_level(JournalLevel level, std::string_view lines) {
    std::string marked;
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size() - 1) + 1;
        marked += fmt::format("<{}>{}", static_cast<unsigned>(level), lines.substr(0, end));
        lines.remove_prefix(end);
    }
    return marked;
}

}  // namespace torc::server
