#include "configuration_text.hpp"
#include "manual_page.hpp"

#include <cstdio>
#include <string_view>

/// Prints a file that is made of the options; scripts/documents runs it.
int main(int argc, char** argv) {
    const std::string_view name = argc == 2 ? argv[1] : "";
    if (name == "torc.toml") {
        (void)std::fputs(torc::config::sample_configuration().c_str(), stdout);
        return 0;
    }
    if (name == "torc.1") {
        (void)std::fputs(torc::config::manual_page().c_str(), stdout);
        return 0;
    }
    (void)std::fputs("usage: torc_documents torc.1|torc.toml\n", stderr);
    return 2;
}
