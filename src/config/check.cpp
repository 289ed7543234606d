#include "check.hpp"

#include <torc/base/ascii.hpp>
#include <torc/base/errno.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/file/contents.hpp>

#include "configuration_file.hpp"
#include "make_settings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fcntl.h>
#include <glob.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::config {
namespace {

constexpr std::size_t problems_shown_max = 20;
/// A file that is longer is none.
constexpr std::size_t configuration_bytes_max = std::size_t{16} << 20U;
constexpr std::size_t included_files_max = 10'000;

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
    auto text = file::read_up_to(descriptor, configuration_bytes_max + 1);
    if (!text) {
        refuse(text.error().message());
    }
    if (text->size() > configuration_bytes_max) {
        refuse(fmt::format("longer than {} bytes", configuration_bytes_max));
    }
    return *std::move(text);
}

/// Refuses what is said of a site elsewhere: with several sites it would be of none of them.
void refuse_site_options(const GivenConfiguration& given, Problems& problems) {
    for (const Option& option : options()) {
        if (const Given* const found = given.options.find(option);
            found != nullptr && is_of_site(option)) {
            problems.add({}, fmt::format("{}: {} has a [[site]], so give {} there", found->name,
                                         given.files.front(), option.key));
        }
    }
}

/// The files that a glob names, sorted; it is relative to the directory of the file `from`.
std::vector<std::string> expand_include(const Value& include, const std::string& from,
                                        Problems& problems) {
    const std::string directory = from.substr(0, from.rfind('/') + 1);
    const std::string pattern =
        include.text.starts_with('/') ? include.text : directory + include.text;
    ::glob_t found{};
    std::vector<std::string> files;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): for its locale, which nobody changes.
    const int result = ::glob(pattern.c_str(), GLOB_ERR, nullptr, &found);
    for (std::size_t i = 0; result == 0 && i < found.gl_pathc; ++i) {
        files.emplace_back(found.gl_pathv[i]);
    }
    ::globfree(&found);
    // No file is there yet, in a directory for them.
    const bool is_one_file = include.text.find_first_of("*?[") == std::string::npos;
    if (result == GLOB_ABORTED || result == GLOB_NOSPACE || (files.empty() && is_one_file)) {
        problems.add(include.position,
                     fmt::format("include {}: {}", include.text,
                                 result == GLOB_NOMATCH ? "no such file" : "can't be searched"));
    }
    if (result == GLOB_NOMATCH && !is_one_file) {
        problems.warn(include.position,
                      fmt::format("include {}: no file matches yet", include.text));
    }
    return files;
}

void add_included(GivenConfiguration& given, const Value& include, Problems& problems) {
    const std::string named = given.files.front();
    for (const std::string& name : expand_include(include, named, problems)) {
        if (std::ranges::find(given.files, name) != given.files.end()) {
            continue;
        }
        if (given.files.size() > included_files_max) {
            problems.add(include.position,
                         fmt::format("include: more than {} files", included_files_max));
            return;
        }
        problems.attempt(include.position, [&] {
            const std::string text = read_configuration("include", name);
            given.files.push_back(name);
            parse_configuration(text, static_cast<std::uint32_t>(given.files.size() - 1),
                                FileRole::included, given, problems);
        });
    }
}

}  // namespace

void add_configuration(GivenConfiguration& given, Problems& problems) {
    const Given* const config = given.options.find(option_named("--config"));
    if (config == nullptr) {
        return;
    }
    const std::string name = config->values.front().text;
    given.files.push_back(name == "-" ? "<stdin>" : name);
    GivenConfiguration file{.files = given.files};
    try {
        const std::string text = read_configuration(config->name, name);
        parse_configuration(text, 0, FileRole::named, file, problems);
    } catch (const StartError& error) {
        problems.add({}, error.what());
        return;
    }
    for (const Value& include : file.includes) {
        add_included(file, include, problems);
    }
    given.files = std::move(file.files);
    given.sites = std::move(file.sites);
    given.defaults = std::move(file.defaults);
    if (!given.sites.empty()) {
        refuse_site_options(given, problems);
    }
    Settings unused;
    for (const Option& option : options()) {
        const Given* const found = file.options.find(option);
        if (found == nullptr) {
            continue;
        }
        if (given.options.find(option) != nullptr) {
            set_option(unused, option, *found, problems);
        }
        given.options.add(option, *found);
    }
}

std::string describe(const Problems::Problem& problem, const std::vector<std::string>& files) {
    const auto& [position, message] = problem;
    return position.line == 0 ? message
                              : fmt::format("{}:{}:{}: {}", files.at(position.file), position.line,
                                            position.column, message);
}

std::string describe(const Problems& problems, const std::vector<std::string>& files) {
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
        lines.push_back(describe(*problem, files));
    }
    return fmt::format("{}", fmt::join(lines, "\n"));
}

}  // namespace torc::config
