#include <torc/base/errno.hpp>

#include <cstring>
#include <system_error>

namespace torc {

std::string_view Errno::name() const noexcept {
    const char* name = strerrorname_np(value_);
    return name != nullptr ? name : "E?";
}

std::string Errno::message() const {
    return std::generic_category().message(value_);
}

}  // namespace torc
