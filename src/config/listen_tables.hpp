#pragma once

#include <torc/net/listen_address.hpp>

#include "options.hpp"
#include "toml_document.hpp"

#include <cstddef>
#include <string>

namespace torc::config {

// Addresses to listen on: each is a string, or in a file a table with what goes for its
// connections.

/// Adds those that `node` is, the value of server.listen, to `given`. A table's address is the text
/// of its value.
void add_listen_addresses(Given& given, const Node& node, Problems& problems);

/// The address that `index` of given.values is; notes what is wrong with it.
[[nodiscard]] net::ListenAddress make_listen_address(const Given& given, std::size_t index,
                                                     Problems& problems);

/// All of them as a file has them.
[[nodiscard]] std::string literal_of_addresses(const Given& given);

}  // namespace torc::config
