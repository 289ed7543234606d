#pragma once

#include <torc/base/limits.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace torc::file {

/// A path as globs are matched with it, prepared once for many of them.
class GlobPath {
public:
    /// `path`: relative to the root; outlives this.
    explicit GlobPath(std::string_view path) noexcept;

    /// With a slash in front. Cut where it is longer than any file's.
    [[nodiscard]] std::string_view path() const noexcept { return {text_.data(), bytes_}; }
    /// What is behind the last slash, of a path that was cut too.
    [[nodiscard]] std::string_view name() const noexcept {
        return is_cut_ ? name_ : path().substr(bytes_ - name_.size());
    }
    /// Longer than any file's.
    [[nodiscard]] bool is_cut() const noexcept { return is_cut_; }

private:
    std::array<char, limits::path_bytes_max + 1> text_;
    std::size_t bytes_ = 0;
    std::string_view name_;
    bool is_cut_ = false;
};

/// One glob without braces, made ready to be matched with many paths: what stands before its first
/// wildcard and behind its last asterisk is compared first, and most globs need no more.
///
/// Of a path that is longer than any file's, a wildcard but one asterisk matches nothing, and the
/// end is not known to globs with a '/'.
class CompiledGlob {
public:
    /// What is matched: the file's name, or its path from the root.
    enum class Subject : std::uint8_t { name, path };

    explicit CompiledGlob(std::string glob);

    [[nodiscard]] bool matches(const GlobPath& path) const noexcept;

    [[nodiscard]] Subject subject() const noexcept { return subject_; }
    /// What all that matches begins with.
    [[nodiscard]] std::string_view prefix() const noexcept { return prefix_; }
    /// What all that matches ends with; of a literal glob, all of it.
    [[nodiscard]] std::string_view suffix() const noexcept { return suffix_; }
    [[nodiscard]] bool is_literal() const noexcept { return shape_ == Shape::literal; }

private:
    enum class Shape : std::uint8_t {
        literal,
        /// One asterisk, or several in a row.
        prefix_and_suffix,
        any,
    };

    std::string glob_;
    std::string prefix_;
    std::string suffix_;
    Subject subject_;
    Shape shape_ = Shape::any;
};

}  // namespace torc::file
