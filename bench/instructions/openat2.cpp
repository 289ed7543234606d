// Preloaded into torc under valgrind, which before 3.22 answers openat2(2) with ENOSYS: then
// nothing could be served. Opens without the containment, in a scratch directory that the benchmark
// made.

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <array>
#include <cstdarg>

// torc calls openat2(2) by syscall(2), since the C library has no function of that name.
// NOLINTNEXTLINE(cert-dcl50-cpp,readability-identifier-naming): the C library's own signature.
extern "C" __attribute__((visibility("default"))) long syscall(long number, ...) noexcept {
    std::array<long, 6> arguments{};
    std::va_list list;
    va_start(list, number);
    for (long& argument : arguments) {
        argument = va_arg(list, long);
    }
    va_end(list);
    if (number == SYS_openat2) {
        // As the kernel does with them.
        // NOLINTBEGIN(performance-no-int-to-ptr)
        const auto* how = reinterpret_cast<const open_how*>(arguments[2]);
        return ::openat(static_cast<int>(arguments[0]), reinterpret_cast<const char*>(arguments[1]),
                        static_cast<int>(how->flags), static_cast<mode_t>(how->mode));
        // NOLINTEND(performance-no-int-to-ptr)
    }
    static const auto next = reinterpret_cast<long (*)(long, ...)>(::dlsym(RTLD_NEXT, "syscall"));
    return next(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
                arguments[5]);
}
