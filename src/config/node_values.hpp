#pragma once

#include "options.hpp"
#include "toml_document.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace torc::config {

// Values of options out of the nodes of a document. What is not of the right type is a problem with
// the position of the node.

/// Adds the value that `node` is to `given`, which names the key.
void add_value(Given& given, const Kind& kind, const Node& node, Problems& problems);

/// All values that `node` is, of `kind`: the elements of an array, or the one.
void add_values(Given& given, const Kind& kind, const Node& node, Problems& problems);

/// The string that `node` is; nothing, with a problem: it is none. `key`: its full name.
[[nodiscard]] std::optional<Value> string_of(const Node& node, std::string_view key,
                                             Problems& problems);

/// Notes that the table `path` ("" is the root) has no key as that of `node`. `siblings`: those
/// that it may have.
void add_unknown(const Node& node, std::string_view path, std::span<const std::string> siblings,
                 Problems& problems);

}  // namespace torc::config
