#include <torc/site/load/error_load.hpp>
#include <torc/site/routing/path.hpp>

#include "load/file_names.hpp"
#include "load/file_status.hpp"

#include <utility>

namespace torc::site {

std::optional<Look> ErrorLoad::start(http::Status status, std::string_view directory) {
    status_ = status;
    directory_ = directory;
    const bool may_have_page =
        status == http::Status::not_found || status == http::Status::forbidden;
    return may_have_page && scope_.rules().only_file.empty() ? std::optional(look_at_page())
                                                             : std::nullopt;
}

Look ErrorLoad::look_at_page() {
    name_ = directory_ + error_page_name(status_);
    return scope_.look_at(name_, nullptr);
}

std::optional<Look> ErrorLoad::on_looked(FileLoad::Outcome& file) {
    if (file.is(file::Kind::regular)) {
        page_ = scope_.represent(name_, scope_.type_of(name_, file), http::ContentCoding::identity,
                                 file);
        return std::nullopt;
    }
    if (is_short_of_something(file)) {
        scope_.record().is_stable = false;
    }
    if (directory_.empty()) {
        return std::nullopt;
    }
    directory_.pop_back();
    directory_.resize(directory_of(directory_).size());
    return look_at_page();
}

AssetRef ErrorLoad::take_asset() noexcept {
    const bool may_be_fallback =
        status_ == http::Status::not_found && !scope_.rules().fallback_path.empty();
    return Asset::error(status_, std::move(page_),
                        may_be_fallback ? Vary::on_navigation() : Vary());
}

bool ErrorLoad::is_cacheable() const noexcept {
    return status_ == http::Status::not_found && scope_.record().is_stable;
}

}  // namespace torc::site
