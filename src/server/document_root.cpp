#include <torc/base/ascii.hpp>
#include <torc/base/start_error.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/file/metadata.hpp>
#include <torc/server/document_root.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

namespace torc::server {
namespace {

/// Whom permissions are about.
std::string this_user() {
    return fmt::format("this user (uid {})", ::geteuid());
}

bool is_of_file(const config::AreaSettings& area) {
    return area.origins.directory.file != nullptr;
}

/// A remedy in the words of what the user wrote: `flag`, or `key` for a configuration file.
std::string_view in_words_of(const config::AreaSettings& area, std::string_view flag,
                             std::string_view key) {
    return is_of_file(area) ? key : flag;
}

/// How a message about the root begins.
std::string name_root(const config::AreaSettings& area) {
    return is_of_file(area)
               ? config::describe_setting(area, area.origins.directory, "DIR", area.directory)
               : area.directory;
}

/// Opens a file as a request for it does; EISDIR and EINVAL for what is none.
Result<void> try_file(const file::Root& root, const config::AreaSettings& area,
                      const std::string& path) {
    const auto opened = root.open_beneath(path.c_str(), file::Root::how(area.load_rules.symlinks));
    if (!opened) {
        return std::unexpected(opened.error());
    }
    const auto metadata = file::Metadata::of(opened->get());
    if (!metadata) {
        return std::unexpected(metadata.error());
    }
    switch (metadata->kind) {
        case file::Kind::regular:
            return {};
        case file::Kind::directory:
            return std::unexpected(Errno(EISDIR));
        case file::Kind::other:
            break;
    }
    return std::unexpected(Errno(EINVAL));
}

/// Why a file can't be served, and what to do about it.
std::string explain(const config::AreaSettings& area, Errno error) {
    switch (error.value()) {
        case ENOENT:
        case ENOTDIR:
            return fmt::format("no such file in {}", area.directory);
        case EACCES:
            return fmt::format(
                "{} may not read it in {}; let it: chmod o+r, and o+x for the "
                "directories above",
                this_user(), area.directory);
        case EXDEV:
            return fmt::format("a symbolic link that leads out of the directory; give {}",
                               in_words_of(area, "--symlinks all", "symlinks = \"all\""));
        case ELOOP:
            return fmt::format("a symbolic link that is not followed; see {}",
                               in_words_of(area, "--symlinks", "symlinks"));
        case EISDIR:
            return "a directory, not a file";
        case EINVAL:
            return "neither a file nor a directory";
        default:
            return error.message();
    }
}

/// Searches the root; false when the kernel does not let it be tried.
bool search(const file::Root& root, const config::AreaSettings& area, io::Backend backend) {
    const auto searched = root.open_beneath(".", file::Root::directory_how());
    if (searched) {
        return true;
    }
    switch (searched.error().value()) {
        case ENOSYS:
        case EPERM:
            if (backend == io::Backend::epoll) {
                throw StartError(fmt::format(
                    "the system call openat2 is missing or forbidden ({}), and torc opens files by "
                    "nothing else; use Linux 5.6 or newer, and allow openat2 in the container's "
                    "seccomp profile",
                    searched.error().name()));
            }
            return false;  // A ring has it without the system call.
        case EACCES:
            throw StartError(fmt::format(
                "{}: {} may not search it, so nothing in it can be served; let it: chmod o+rx {}",
                name_root(area), this_user(), area.directory));
        default:
            throw StartError(fmt::format("{}: can't be searched: {}", name_root(area),
                                         searched.error().message()));
    }
}

void require_fallback(const file::Root& root, const config::AreaSettings& area) {
    const std::string& path = area.load_rules.fallback_path;
    if (path.empty()) {
        return;
    }
    if (const auto tried = try_file(root, area, path); !tried) {
        throw StartError(fmt::format(
            "{}: {}", config::describe_setting(area, area.origins.fallback_path, "--spa", path),
            explain(area, tried.error())));
    }
}

std::string explain_without_index(const config::AreaSettings& area) {
    const std::string names = fmt::format("{}", fmt::join(area.load_rules.index_names, " or "));
    return is_of_file(area)
               ? fmt::format(
                     "{} has no {}, and listing is off: /{} is a 404; give listing = true, or "
                     "index with the name of a file that is there",
                     name_root(area), names, area.path)
               : fmt::format(
                     "{} has no {}, and --listing is off: / is a 404; give --listing, or "
                     "--index with the name of a file that is there",
                     area.directory, names);
}

/// What is wrong with what the root shows; empty: nothing.
std::string check_index(const file::Root& root, const config::AreaSettings& area) {
    const site::LoadRules& rules = area.load_rules;
    for (const std::string& name : rules.index_names) {
        const auto tried = try_file(root, area, name);
        if (tried) {
            return "";
        }
        if (tried.error() != Errno(ENOENT) && tried.error() != Errno(EISDIR)) {
            return fmt::format("{}, which /{} shows: {}", name, area.path,
                               explain(area, tried.error()));
        }
    }
    if (!rules.lists_directories) {
        return rules.fallback_path.empty() ? explain_without_index(area) : "";
    }
    const auto listed = root.open_beneath(".", file::Root::how(rules.symlinks));
    return listed || listed.error() != Errno(EACCES)
               ? ""
               : fmt::format(
                     "{}: {} may not list it, so /{} is a 403; let it: chmod o+r {}, or give {}",
                     name_root(area), this_user(), area.path, area.directory,
                     in_words_of(area, "--no-listing", "listing = false"));
}

/// Makes the settings of a file those of its directory.
void serve_only_file(config::AreaSettings& area) {
    const std::filesystem::path file = area.directory;
    site::LoadRules& rules = area.load_rules;
    if (!rules.fallback_path.empty() || rules.has_clean_urls) {
        throw UsageError(fmt::format(
            "{} is a file, which is served alone: leave out {}, or give its directory",
            name_root(area), in_words_of(area, "--spa and --clean-urls", "spa and clean_urls")));
    }
    rules.serve_only(file.filename());
    area.directory = file.has_parent_path() ? file.parent_path() : ".";
}

}  // namespace

void serve_only_file_if_named(config::AreaSettings& area) {
    if (std::error_code error; std::filesystem::is_regular_file(area.directory, error)) {
        serve_only_file(area);
    }
}

worker::SharedRoot open_document_root(const config::AreaSettings& area) {
    const std::string& directory = area.directory;
    auto root = file::Root::open(directory);
    if (root) {
        return std::make_shared<const file::Root>(*std::move(root));
    }
    const Errno error = root.error();
    if (error == Errno(ENOENT) && is_of_file(area)) {
        throw StartError(fmt::format("{}: no such directory", name_root(area)));
    }
    if (error == Errno(ENOENT)) {
        // Python's http.server and others take a port where torc takes the directory.
        const bool may_be_port = std::ranges::all_of(directory, is_digit);
        throw StartError(
            fmt::format("{}: no such directory; give the one to serve: torc DIR{}", directory,
                        may_be_port ? ", or a port with its option: --port " + directory : ""));
    }
    if (error == Errno(ENOTDIR)) {
        throw StartError(
            fmt::format("{}: not a directory, and no file that can be served; give the directory "
                        "that holds it",
                        name_root(area)));
    }
    throw StartError(fmt::format("{}: can't be opened: {}", name_root(area), error.message()));
}

std::vector<std::string> check_document_root(const file::Root& root,
                                             const config::AreaSettings& area,
                                             io::Backend backend) {
    std::vector<std::string> warnings;
    if (!search(root, area, backend)) {
        return warnings;
    }
    if (const std::string& name = area.load_rules.only_file; !name.empty()) {
        if (const auto tried = try_file(root, area, name); !tried) {
            throw StartError(fmt::format("{}: {}", name, explain(area, tried.error())));
        }
        return warnings;
    }
    require_fallback(root, area);
    if (!area.has_own_directory) {
        return warnings;  // What its path shows is not what the root does.
    }
    if (std::string index = check_index(root, area); !index.empty()) {
        warnings.push_back(std::move(index));
    }
    return warnings;
}

bool has_openat2() noexcept {
    const open_how& how = file::Root::directory_how();
    const UniqueFd opened(
        static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof how)));
    return opened || (errno != ENOSYS && errno != EPERM);
}

}  // namespace torc::server
