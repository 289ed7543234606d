#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace torc::server {

/// The levels of syslog(3) that journald tells messages apart by.
enum class JournalLevel : std::uint8_t { error = 3, warning = 4, info = 6, debug = 7 };

/// Whether `descriptor` leads straight to the journal. `journal_stream`: what systemd has set
/// JOURNAL_STREAM to, the device and inode of the stream that it made (systemd.exec(5)); who has
/// redirected it since has another.
[[nodiscard]] bool is_journal(int descriptor, std::string_view journal_stream) noexcept;

/// `lines` with their level in front of each, as sd-daemon(3) has it: "<4>torc: warning: ...".
[[nodiscard]] std::string with_level(JournalLevel level, std::string_view lines);

}  // namespace torc::server
