#pragma once

#include "options.hpp"
#include "toml_document.hpp"

#include <string>

namespace torc::config {

// Addresses to listen on: each is a string, or in a file a table with what goes for its
// connections.

/// Adds those that `node` is, the value of server.listen, to `given`. A table's address is the text
/// of its value.
void add_listen_addresses(Given& given, const Node& node, Problems& problems);

// Setters of options.
void set_addresses(const Destination& destination, const Given& given, Problems& problems);
void set_trusted_proxies(const Destination& destination, const Given& given, Problems& problems);

/// All of them as a file has them.
[[nodiscard]] std::string literal_of_addresses(const Given& given);

}  // namespace torc::config
