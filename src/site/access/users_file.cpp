#include <torc/base/errno.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/file/contents.hpp>
#include <torc/site/access/users_file.hpp>
#include <torc/site/cache/digest.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

namespace torc::site {
namespace {

/// As RFC 7617 has them; a client that sends more is refused, see http::parse_basic_credentials.
constexpr std::size_t name_bytes_max = 255;

constexpr bool is_control(char character) noexcept {
    const auto octet = static_cast<unsigned char>(character);
    return octet < 0x20 || octet == 0x7f;
}

std::string_view trim_end(std::string_view line) noexcept {
    const std::size_t last = line.find_last_not_of(" \t\r");
    return line.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

/// What is wrong with the name of a user; empty: nothing.
std::string find_name_flaw(std::string_view line, std::size_t colon) {
    if (colon == std::string_view::npos) {
        return "no colon; a line is user:hash, as htpasswd -B writes it";
    }
    if (colon == 0) {
        return "no user before the colon";
    }
    if (colon > name_bytes_max) {
        return fmt::format("a user's name of more than {} bytes", name_bytes_max);
    }
    if (std::ranges::any_of(line, is_control)) {
        return "a control character, which no name and no hash may hold";
    }
    return "";
}

/// All of a file, or why not.
std::expected<std::string, std::string> read_file(const std::string& path) {
    // Without O_NONBLOCK a named pipe would be waited for.
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0) {
        return std::unexpected(Errno::last().message());
    }
    if (!S_ISREG(status.st_mode)) {
        return std::unexpected("no regular file; give one that htpasswd -B has made");
    }
    auto text = file::read_up_to(file.get(), UsersFile::bytes_max + 1);
    if (!text) {
        return std::unexpected(text.error().message());
    }
    return *std::move(text);
}

}  // namespace

std::expected<UsersFile, std::vector<UsersFile::Flaw>> UsersFile::parse(std::string_view text) {
    std::vector<Flaw> flaws;
    if (text.size() > bytes_max) {
        flaws.push_back({.what = fmt::format("longer than {} bytes", bytes_max)});
        return std::unexpected(std::move(flaws));
    }
    UsersFile file;
    file.id_ = Digest::of(text).low;
    std::size_t number = 0;
    for (std::string_view rest = text; !rest.empty() && flaws.size() < flaws_max;) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = trim_end(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        ++number;
        if (line.empty() || line.starts_with('#')) {
            continue;
        }
        const std::size_t colon = line.find(':');
        if (std::string flaw = find_name_flaw(line, colon); !flaw.empty()) {
            flaws.push_back({.line = number, .what = std::move(flaw)});
            continue;
        }
        auto hash = PasswordHash::parse(line.substr(colon + 1));
        if (!hash) {
            flaws.push_back({.line = number, .what = std::move(hash.error())});
            continue;
        }
        file.users_.push_back(
            {.name = std::string(line.substr(0, colon)), .hash = *std::move(hash), .line = number});
    }
    // Not stable_sort, for which clang warns of what libstdc++ is made of.
    std::ranges::sort(file.users_, {}, [](const User& user) {
        return std::pair(std::string_view(user.name), user.line);
    });
    file.find_duplicates(flaws);
    if (file.users_.empty() && flaws.empty()) {
        flaws.push_back(
            {.what = "no user in it, so nobody could get in; add one with htpasswd -B"});
    }
    if (file.users_.size() > users_max) {
        flaws.push_back({.what = fmt::format("more than {} users", users_max)});
    }
    if (!flaws.empty()) {
        std::ranges::sort(flaws, {}, [](const Flaw& flaw) {
            return std::pair(flaw.line, std::string_view(flaw.what));
        });
        return std::unexpected(std::move(flaws));
    }
    file.choose_usual_hash();
    return file;
}

void UsersFile::find_duplicates(std::vector<Flaw>& flaws) const {
    for (auto user = users_.begin(); flaws.size() < flaws_max;) {
        user = std::ranges::adjacent_find(user, users_.end(), {}, &User::name);
        if (user == users_.end()) {
            return;
        }
        const std::size_t before = user->line;
        ++user;
        flaws.push_back(
            {.line = user->line,
             .what = fmt::format("the user of line {} once more; leave one of them out", before)});
    }
}

void UsersFile::choose_usual_hash() {
    // By cost, of which a file has a few.
    std::vector<std::pair<std::size_t, std::size_t>> counts;
    for (std::size_t index = 0; index < users_.size(); ++index) {
        const auto same = std::ranges::find_if(counts, [&](const auto& count) {
            return users_[count.first].hash.cost() == users_[index].hash.cost();
        });
        if (same == counts.end()) {
            counts.emplace_back(index, 1);
        } else {
            ++same->second;
        }
    }
    usual_ =
        std::ranges::max_element(counts, {}, [](const auto& count) { return count.second; })->first;
}

UsersFile::Candidate UsersFile::find(std::string_view user) const noexcept {
    const auto found = std::ranges::lower_bound(
        users_, user, {}, [](const User& other) { return std::string_view(other.name); });
    if (found == users_.end() || found->name != user) {
        return {.hash = users_[usual_].hash, .is_unknown = true};
    }
    return {.hash = found->hash};
}

std::expected<std::shared_ptr<const UsersFile>, std::vector<std::string>> UsersFile::load(
    const std::string& path) {
    const auto text = read_file(path);
    if (!text) {
        return std::unexpected(std::vector{fmt::format("{}: {}", path, text.error())});
    }
    auto file = parse(*text);
    if (file) {
        return std::make_shared<const UsersFile>(*std::move(file));
    }
    std::vector<std::string> errors;
    for (const Flaw& flaw : file.error()) {
        errors.push_back(flaw.line == 0 ? fmt::format("{}: {}", path, flaw.what)
                                        : fmt::format("{}:{}: {}", path, flaw.line, flaw.what));
    }
    return std::unexpected(std::move(errors));
}

}  // namespace torc::site
