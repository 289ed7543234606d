#include <torc/file/compiled_glob.hpp>

#include <fnmatch.h>

#include <algorithm>
#include <utility>

namespace torc::file {
namespace {

/// The characters that mean something to fnmatch(3), but for the backslash.
constexpr std::string_view wildcards = "*?[";

/// A run of a glob that stands for itself, and how much of the glob it is.
struct Literal {
    std::string text;
    std::size_t glob_bytes = 0;
};

Literal read_literal(std::string_view glob) {
    Literal literal;
    std::size_t& place = literal.glob_bytes;
    while (place < glob.size() && !wildcards.contains(glob[place])) {
        const std::size_t character = glob[place] == '\\' ? place + 1 : place;
        if (character == glob.size()) {
            break;  // A backslash at the end matches nothing.
        }
        literal.text += glob[character];
        place = character + 1;
    }
    return literal;
}

}  // namespace

GlobPath::GlobPath(std::string_view path) noexcept : name_(path.substr(path.rfind('/') + 1)) {
    text_[0] = '/';
    const std::string_view kept = path.substr(0, limits::path_bytes_max - 1);
    std::ranges::copy(kept, text_.begin() + 1);
    bytes_ = kept.size() + 1;
    text_[bytes_] = '\0';
    is_cut_ = kept.size() < path.size();
}

CompiledGlob::CompiledGlob(std::string glob)
    : glob_(std::move(glob)), subject_(glob_.contains('/') ? Subject::path : Subject::name) {
    const std::string_view whole = glob_;
    if (whole.contains('\0')) {
        // As no path, and fnmatch(3) would end there.
        prefix_ = whole;
        suffix_ = whole;
        shape_ = Shape::literal;
        return;
    }
    Literal front = read_literal(whole);
    prefix_ = std::move(front.text);
    const std::string_view rest = whole.substr(front.glob_bytes);
    if (rest.empty()) {
        suffix_ = prefix_;
        shape_ = Shape::literal;
        return;
    }
    if (rest.front() == '*') {
        const std::size_t stars = std::min(rest.find_first_not_of('*'), rest.size());
        Literal back = read_literal(rest.substr(stars));
        if (stars + back.glob_bytes == rest.size()) {
            suffix_ = std::move(back.text);
            shape_ = Shape::prefix_and_suffix;
            return;
        }
    }
    // What is behind the last asterisk, where no wildcard and no escape can hide in it.
    const std::size_t last = rest.rfind('*');
    const std::string_view end = last == std::string_view::npos ? "" : rest.substr(last + 1);
    if (end.find_first_of("?[]\\") == std::string_view::npos && !rest.contains('[')) {
        suffix_ = end;
    }
}

bool CompiledGlob::matches(const GlobPath& path) const noexcept {
    const std::string_view subject = subject_ == Subject::name ? path.name() : path.path();
    switch (shape_) {
        case Shape::literal:
            return subject == prefix_ && !(path.is_cut() && subject_ == Subject::path);
        case Shape::prefix_and_suffix:
            if (path.is_cut() && subject_ == Subject::path && !suffix_.empty()) {
                return false;
            }
            return subject.size() >= prefix_.size() + suffix_.size() &&
                   subject.starts_with(prefix_) && subject.ends_with(suffix_);
        case Shape::any:
            break;
    }
    // The subject is at the end of a text that ends with NUL, but for a name that was cut off.
    return !path.is_cut() && subject.starts_with(prefix_) && subject.ends_with(suffix_) &&
           ::fnmatch(glob_.c_str(), subject.data(), 0) == 0;
}

}  // namespace torc::file
