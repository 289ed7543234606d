#pragma once

#include <torc/file/metadata.hpp>
#include <torc/http/negotiation.hpp>
#include <torc/site/cache/asset.hpp>
#include <torc/site/load/content_type.hpp>
#include <torc/site/load/file_load.hpp>
#include <torc/site/load/load_scope.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace torc::site {

/// One file in each of its codings: the file itself, and the precompressed ones beside it that were
/// made of it.
class VariantLoad {
public:
    /// `scope` outlives this.
    explicit VariantLoad(LoadScope& scope) noexcept : scope_(scope) {}

    /// Begins with the file itself, which was found at `name`. Gives the first precompressed file
    /// to look at; nothing: there is none to look for.
    [[nodiscard]] std::optional<Look> start(std::string name, FileLoad::Outcome& file);
    /// What the last look found. Gives the next one.
    [[nodiscard]] std::optional<Look> on_looked(FileLoad::Outcome& file);

    /// After the last look, once: the asset that was there before if nothing has changed.
    /// `path`: that led to it.
    [[nodiscard]] AssetRef take_asset(Vary vary, std::string_view path);

private:
    [[nodiscard]] std::optional<Look> next();
    [[nodiscard]] std::string coded_name() const;
    /// Whether a precompressed file decodes to the original as far as can be told; reports one that
    /// does not.
    [[nodiscard]] bool is_right(http::ContentCoding coding, const FileLoad::Outcome& file);

    LoadScope& scope_;
    std::string name_;
    ContentType type_;
    file::Metadata original_{};
    Asset::Representations representations_;
    /// In LoadRules::codings: the coding that is looked for.
    std::size_t position_ = 0;
};

}  // namespace torc::site
