#include <torc/base/assert.hpp>

#include <cstdio>
#include <cstdlib>

namespace torc {

void assertion_failed(const char* condition, std::source_location location) noexcept {
    // stdio, not the log: the state that the log hangs on may be what broke.
    // NOLINTNEXTLINE(cert-err33-c): the program ends here, whether it could say why or not.
    std::fprintf(stderr, "torc: %s:%u: %s: assertion failed: %s\n", location.file_name(),
                 location.line(), location.function_name(), condition);
    std::abort();
}

}  // namespace torc
