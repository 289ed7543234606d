#include <torc/io/backend.hpp>
#include <torc/server/version.hpp>

#include <fmt/format.h>

namespace torc::server {

std::string_view version() noexcept {
    return TORC_VERSION;
}

std::string version_text() {
#ifdef __clang__
    constexpr const char* compiler = "clang " __clang_version__;
#else
    constexpr const char* compiler = "g++ " __VERSION__;
#endif
    return fmt::format("torc {} ({})\n{}", TORC_VERSION, compiler, io::describe_kernel());
}

}  // namespace torc::server
