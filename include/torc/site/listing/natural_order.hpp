#pragma once

#include <string>
#include <string_view>

namespace torc::site {

/// Appends to `keys` what has to be compared, byte by byte, to sort names as people do: runs of
/// digits as numbers of any length ("file2" before "file10"), all else by bytes without regard to
/// the case of ASCII letters. Names that differ only in case or in leading zeros have equal keys.
///
/// A key is made once for a name and compared often, which is much faster than to compare the names
/// this way. At most about 3 times as long as the name.
void append_natural_key(std::string& keys, std::string_view name);

}  // namespace torc::site
