#pragma once

#include "given.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace torc::config {

/// A value of a TOML document (https://toml.io/en/v1.0.0), and its key where it has one.
struct Node {
    /// `other`: what no key of torc's takes, such as a date.
    enum class Type : std::uint8_t { string, integer, boolean, array, table, other };

    Type type = Type::other;
    Position position{};
    /// In a table.
    std::string key{};
    Position key_position{};
    std::string string{};
    std::int64_t integer = 0;
    bool boolean = false;
    /// Of an array its elements; of a table its values in the order in which they are written.
    std::vector<Node> nodes{};

    /// A value of a table; null: it has no such key.
    [[nodiscard]] const Node* find(std::string_view name) const noexcept;
    /// Whether it is an array of tables, of one at least.
    [[nodiscard]] bool is_array_of_tables() const noexcept;
};

/// The table that `text` is; nothing, with a problem, when it is no TOML. `file`: its number in
/// positions.
[[nodiscard]] std::optional<Node> parse_toml(std::string_view text, std::uint32_t file,
                                             Problems& problems);

}  // namespace torc::config
