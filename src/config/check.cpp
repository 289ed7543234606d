#include "check.hpp"

#include <torc/base/ascii.hpp>
#include <torc/base/errno.hpp>
#include <torc/base/unique_fd.hpp>

#include "configuration_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::config {
namespace {

constexpr std::size_t problems_shown_max = 20;
/// A file that is longer is none.
constexpr std::size_t configuration_bytes_max = std::size_t{1} << 20U;

bool is_caching_time(std::string_view text) {
    text.remove_prefix(text.starts_with('-') ? 1 : 0);
    return !text.empty() && std::ranges::all_of(text, is_digit);
}

/// The text of the file `name`; "-" is standard input. Throws StartError, which calls the file what
/// `option` named it by.
std::string read_configuration(std::string_view option, const std::string& name) {
    const auto refuse = [&](std::string_view why) {
        throw StartError(fmt::format("{} {}: {}", option, name, why));
    };
    UniqueFd file;
    int descriptor = STDIN_FILENO;
    if (name != "-") {
        file.reset(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
        if (!file) {
            const std::string why = Errno::last().message();
            // Of http-server, -c10 and -c-1 say how long caches keep a file.
            refuse(is_caching_time(name)
                       ? fmt::format("{}; for caching use --cache-control '*=max-age=10'", why)
                       : why);
        }
        descriptor = file.get();
    }
    std::string text;
    constexpr std::size_t chunk_bytes = 64UL * 1024;
    std::vector<char> chunk(chunk_bytes);
    while (true) {
        const ssize_t count = ::read(descriptor, chunk.data(), chunk.size());
        if (count == 0) {
            return text;
        }
        if (count < 0 && errno != EINTR) {
            refuse(Errno::last().message());
        }
        text.append(chunk.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        if (text.size() > configuration_bytes_max) {
            refuse(fmt::format("longer than {} bytes", configuration_bytes_max));
        }
    }
}

/// Refuses what is said of a site elsewhere: with several sites it would be of none of them.
void refuse_site_options(const GivenOptions& given, const std::string& file, Problems& problems) {
    for (const Option& option : options()) {
        if (const Given* const found = given.find(option);
            found != nullptr && option.key.starts_with("site.")) {
            problems.add({}, fmt::format("{}: {} has a [[site]], so give {} there", found->name,
                                         file, option.key));
        }
    }
}

}  // namespace

std::string add_configuration(GivenOptions& given, Problems& problems) {
    const Given* const config = given.find(option_named("--config"));
    if (config == nullptr) {
        return "";
    }
    const std::string& name = config->values.front().text;
    std::string file = name == "-" ? "<stdin>" : name;
    std::string text;
    try {
        text = read_configuration(config->name, name);
    } catch (const StartError& error) {
        problems.add({}, error.what());
        return file;
    }
    const FileContents contents = parse_configuration(text, problems);
    if (contents.has_site) {
        refuse_site_options(given, file, problems);
    }
    Settings unused;
    for (const Option& option : options()) {
        const Given* const found = contents.given.find(option);
        if (found == nullptr) {
            continue;
        }
        if (given.find(option) != nullptr) {
            set_option(unused, option, *found, problems);
        }
        given.add(option, *found);
    }
    return file;
}

std::string describe(const Problems& problems, const std::string& file) {
    // By position, and of the same in the order in which they were found.
    std::vector<const Problems::Problem*> sorted;
    for (const Problems::Problem& problem : problems.all()) {
        sorted.push_back(&problem);
    }
    std::ranges::sort(sorted, {}, [](const Problems::Problem* problem) {
        return std::pair(problem->position, problem);
    });
    std::vector<std::string> lines;
    for (const Problems::Problem* const problem : sorted) {
        if (lines.size() == problems_shown_max) {
            lines.push_back(fmt::format("and {} more", sorted.size() - problems_shown_max));
            break;
        }
        const auto& [position, message] = *problem;
        lines.push_back(position.line == 0 ? message
                                           : fmt::format("{}:{}:{}: {}", file, position.line,
                                                         position.column, message));
    }
    return fmt::format("{}", fmt::join(lines, "\n"));
}

}  // namespace torc::config
