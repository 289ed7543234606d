#pragma once

#include <torc/http/status.hpp>
#include <torc/site/cache/asset.hpp>
#include <torc/site/load/file_load.hpp>
#include <torc/site/load/load_scope.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace torc::site {

/// What is shown for an error: the site's own page for it ("404.html", "403.html"), looked for in
/// one directory after the other up to the root; torc's own where there is none.
class ErrorLoad {
public:
    /// `scope` outlives this.
    explicit ErrorLoad(LoadScope& scope) noexcept : scope_(scope) {}

    /// `directory`: where a page is looked for first, "" or "a/b/". Gives the first page to look
    /// at; nothing: a site has none for such an error.
    [[nodiscard]] std::optional<Look> start(http::Status status, std::string_view directory);
    /// What the last look found. Gives the next one.
    [[nodiscard]] std::optional<Look> on_looked(FileLoad::Outcome& file);

    /// After the last look, once.
    [[nodiscard]] AssetRef take_asset() noexcept;
    /// Whether the same will be shown for a while: other errors than 404 (Not Found) pass.
    [[nodiscard]] bool is_cacheable() const noexcept;

private:
    [[nodiscard]] Look look_at_page();

    LoadScope& scope_;
    http::Status status_ = http::Status::not_found;
    /// Where the page is looked for.
    std::string directory_;
    std::string name_;
    RepresentationRef page_;
};

}  // namespace torc::site
