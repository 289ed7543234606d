#include "support/temporary_mount.hpp"

#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace torc::test {
namespace {

void mount_over(const std::filesystem::path& target, const char* source, const char* type,
                unsigned long flags) {
    if (::mount(source, target.c_str(), type, flags, nullptr) < 0) {
        throw std::system_error(errno, std::generic_category(), "mount " + target.string());
    }
}

}  // namespace

bool may_mount() {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> capabilities{};
    return ::syscall(SYS_capget, &header, capabilities.data()) == 0 &&
           (capabilities[0].effective & (1U << CAP_SYS_ADMIN)) != 0;
}

TemporaryMount TemporaryMount::bind(const std::filesystem::path& source,
                                    const std::filesystem::path& target) {
    mount_over(target, source.c_str(), nullptr, MS_BIND);
    return TemporaryMount(target);
}

TemporaryMount TemporaryMount::tmpfs(const std::filesystem::path& target) {
    mount_over(target, "tmpfs", "tmpfs", 0);
    return TemporaryMount(target);
}

TemporaryMount::~TemporaryMount() {
    unmount();
}

void TemporaryMount::unmount() {
    if (const std::filesystem::path target = std::exchange(target_, {}); !target.empty()) {
        ::umount2(target.c_str(), MNT_DETACH);
    }
}

}  // namespace torc::test
