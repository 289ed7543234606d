#pragma once

#include <torc/base/file_handle.hpp>
#include <torc/http/status.hpp>
#include <torc/site/load/file_load.hpp>
#include <torc/site/load/load_scope.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace torc::site {

/// From the path of a URL to the file that it leads to: a look at one candidate after the other
/// (the path itself, index names, clean URLs), each of which decides what comes next.
///
/// | looks at            | a file                       | a directory            | ENOENT         |
/// |---------------------|------------------------------|------------------------|----------------|
/// | `resource`: path    | Serve; clean URLs: Redirect  | Redirect to path/;     | Refuse; clean  |
/// |                     | if an index, without_suffix  | clean URLs:            | URLs:          |
/// |                     | if it ends with .html        | with_suffix            | with_suffix    |
/// | `index`: path/NAME  | Serve                        | the next NAME; then clean URLs:         |
/// |                     |                              | without_slash; then unindexed or Refuse |
/// | `with_suffix`:      | Serve                        | Redirect to path/ if `resource` was a   |
/// |  path.html          |                              | directory, or else Refuse               |
/// | `without_slash`:    | Redirect to path             | unindexed, or Refuse where directories  |
/// |  path.html of path/ |                              | are not listed                          |
/// | `without_suffix`:   | Serve path.html              | Redirect to path       | Redirect to    |
/// |  path of path.html  |                              |                        | path           |
/// | `unindexed`: path/  | Refuse                       | Directory              | Refuse         |
/// | `listing`: path/    | Refuse                       | List                   | Refuse         |
/// | `fallback`          | Serve                        | Refuse                 | Refuse         |
///
/// Any other error is Refuse, but that `without_suffix` then serves path.html, and that
/// `with_suffix` and `without_slash` go on as if nothing were there.
class Resolver {
public:
    /// `key`: a http::Target's path, or a ListingKey or a fallback's SubstituteKey as text; it and
    /// `scope` outlive the resolver.
    Resolver(std::string_view key, LoadScope& scope) noexcept;

    /// The path leads to this file.
    struct Serve {
        std::string name;
        FileLoad::Outcome file;
    };
    /// The file is to be asked for at another path, relative to the root.
    struct Redirect {
        std::string path;
    };
    /// A directory without an index.
    struct Directory {};
    /// The directory whose listing was asked for, open.
    struct List {
        FileHandle directory;
    };
    /// There is nothing that may be served.
    struct Refuse {
        http::Status status;
    };
    using Next = std::variant<Look, Serve, Redirect, Directory, List, Refuse>;

    [[nodiscard]] Next start();
    /// What the last Look found.
    [[nodiscard]] Next on_looked(FileLoad::Outcome& file);

private:
    /// What the file that is being looked at is for.
    enum class Purpose : std::uint8_t {
        resource,
        index,
        with_suffix,
        without_slash,
        without_suffix,
        unindexed,
        listing,
        fallback,
    };

    [[nodiscard]] Next look_at(Purpose purpose, std::string path);
    [[nodiscard]] Next start_with_only_file();
    [[nodiscard]] Next look_at_next_index();
    [[nodiscard]] Next look_at_directory();
    // What a look found, by its purpose.
    [[nodiscard]] Next take_resource(FileLoad::Outcome& file);
    [[nodiscard]] Next take_page(FileLoad::Outcome& file);
    [[nodiscard]] Next take_with_suffix(FileLoad::Outcome& file);
    [[nodiscard]] Next take_without_suffix(const FileLoad::Outcome& file);
    [[nodiscard]] Next serve(FileLoad::Outcome& file);

    LoadScope& scope_;
    const LoadRules& rules_;
    /// Of the URL; of a fallback, that of its file.
    std::string_view path_;
    Purpose purpose_ = Purpose::resource;
    /// The file that is being looked at.
    std::string looked_at_;
    std::size_t next_index_name_ = 0;
    /// `path_` is a directory, though it has no slash at its end.
    bool is_directory_ = false;
    /// path.html, while path is looked at.
    FileLoad::Outcome held_;
};

}  // namespace torc::site
