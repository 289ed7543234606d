// slowfs: a FUSE file system with one large file, whose every read takes a while: what a network
// file system or a tired disk does to a server, without either.
//
//   slowfs --size BYTES --delay-ms N MOUNTPOINT
//
// The file is called `cold.bin` and is full of 'x'. The kernel keeps nothing of it from one opening
// to the next. slowfs stays in the foreground; SIGTERM or SIGINT unmounts it, as does the end of
// the process that started it.

#define FUSE_USE_VERSION 31

#include "program.hpp"

#include <fuse.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <exception>
#include <iostream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace {

using torc::bench::check;
using torc::bench::parse_number;

constexpr std::string_view file_path = "/cold.bin";
// 2020-01-01: long ago, or a server would be cautious with it.
constexpr time_t modified_at = 1'577'836'800;

struct Options {
    off_t size = 0;
    std::chrono::milliseconds delay{};
    std::string mountpoint;
};

const Options& options() {
    return *static_cast<const Options*>(fuse_get_context()->private_data);
}

void* initialise(fuse_conn_info* /*connection*/, fuse_config* config) {
    config->kernel_cache = 0;
    config->auto_cache = 0;
    return fuse_get_context()->private_data;
}

int get_attributes(const char* path, struct stat* attributes, fuse_file_info* /*info*/) {
    *attributes = {};
    attributes->st_mtim.tv_sec = modified_at;
    attributes->st_ctim.tv_sec = modified_at;
    if (path == std::string_view("/")) {
        attributes->st_mode = S_IFDIR | 0755;
        attributes->st_nlink = 2;
        return 0;
    }
    if (path != file_path) {
        return -ENOENT;
    }
    attributes->st_mode = S_IFREG | 0444;
    attributes->st_nlink = 1;
    attributes->st_size = options().size;
    return 0;
}

int open_file(const char* path, fuse_file_info* info) {
    if (path != file_path) {
        return -ENOENT;
    }
    return (info->flags & O_ACCMODE) == O_RDONLY ? 0 : -EROFS;
}

int read_file(const char* /*path*/, char* buffer, std::size_t size, off_t offset,
              fuse_file_info* /*info*/) {
    std::this_thread::sleep_for(options().delay);
    const off_t left = std::max<off_t>(options().size - offset, 0);
    const std::size_t count = std::min(size, static_cast<std::size_t>(left));
    std::memset(buffer, 'x', count);
    return static_cast<int>(count);
}

Options parse_options(std::span<char*> arguments) {
    if (arguments.size() != 6 || arguments[1] != std::string_view("--size") ||
        arguments[3] != std::string_view("--delay-ms")) {
        throw std::invalid_argument("usage: slowfs --size BYTES --delay-ms N MOUNTPOINT");
    }
    return {.size = parse_number<off_t>(arguments[2]),
            .delay = std::chrono::milliseconds(parse_number<unsigned>(arguments[4])),
            .mountpoint = arguments[5]};
}

}  // namespace

int main(int argc, char** argv) {
    try {
        Options options = parse_options({argv, static_cast<std::size_t>(argc)});
        check(::prctl(PR_SET_PDEATHSIG, SIGTERM), "PR_SET_PDEATHSIG");
        fuse_operations operations{};
        operations.init = initialise;
        operations.getattr = get_attributes;
        operations.open = open_file;
        operations.read = read_file;
        // allow_other: servers give up root.
        const std::string mount_options =
            "ro,allow_other,default_permissions,fsname=slowfs,max_idle_threads=16";
        std::array<std::string, 6> words{"slowfs",      "-f", "-o",
                                         mount_options, "--", options.mountpoint};
        std::array<char*, words.size()> arguments{};
        std::ranges::transform(words, arguments.begin(), [](auto& word) { return word.data(); });
        return fuse_main(int{arguments.size()}, arguments.data(), &operations, &options);
    } catch (const std::exception& error) {
        std::cerr << "slowfs: " << error.what() << '\n';
        return 1;
    }
}
