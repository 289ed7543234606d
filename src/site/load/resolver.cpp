#include <torc/base/assert.hpp>
#include <torc/site/cache/substitute_key.hpp>
#include <torc/site/listing/listing_key.hpp>
#include <torc/site/load/resolver.hpp>
#include <torc/site/routing/path.hpp>

#include "load/file_names.hpp"
#include "load/file_status.hpp"

#include <utility>

namespace torc::site {
namespace {

std::string_view name_of(std::string_view path) noexcept {
    return path.substr(path.rfind('/') + 1);
}

bool names_directory(std::string_view path) noexcept {
    return path.empty() || path.back() == '/';
}

Resolver::Next refuse(const FileLoad::Outcome& file) noexcept {
    return Resolver::Refuse{status_for(file)};
}

}  // namespace

Resolver::Resolver(std::string_view key, LoadScope& scope) noexcept
    : scope_(scope), rules_(scope.rules()), path_(key) {
    if (const auto substitute = SubstituteKey::parse(key)) {
        path_ = substitute->path;
        purpose_ = Purpose::fallback;
    } else if (const auto listing = ListingKey::parse(key)) {
        path_ = listing->path;
        purpose_ = Purpose::listing;
    }
}

Resolver::Next Resolver::start() {
    if (purpose_ == Purpose::fallback) {
        return look_at(Purpose::fallback, std::string(path_));
    }
    if (!rules_.only_file.empty()) {
        return start_with_only_file();
    }
    if (rules_.hidden.hide(path_)) {
        return Refuse{http::Status::not_found};
    }
    if (purpose_ == Purpose::listing) {
        return look_at(Purpose::listing, path_.empty() ? "." : std::string(path_));
    }
    return names_directory(path_) ? look_at_next_index()
                                  : look_at(Purpose::resource, std::string(path_));
}

Resolver::Next Resolver::start_with_only_file() {
    if (purpose_ == Purpose::listing) {
        return Refuse{http::Status::not_found};
    }
    if (path_.empty()) {
        return look_at_next_index();
    }
    // Even if its name begins with a dot: somebody asked for it by name.
    return path_ == rules_.only_file ? look_at(Purpose::resource, std::string(path_))
                                     : Refuse{http::Status::not_found};
}

Resolver::Next Resolver::look_at(Purpose purpose, std::string path) {
    purpose_ = purpose;
    looked_at_ = path;
    return scope_.look_at(std::move(path), scope_.known_metadata(http::ContentCoding::identity));
}

Resolver::Next Resolver::look_at_next_index() {
    if (next_index_name_ < rules_.index_names.size()) {
        return look_at(Purpose::index, std::string(path_) + rules_.index_names[next_index_name_++]);
    }
    if (rules_.has_clean_urls && !path_.empty()) {
        return look_at(Purpose::without_slash,
                       std::string(path_.substr(0, path_.size() - 1)).append(page_suffix));
    }
    return look_at_directory();
}

Resolver::Next Resolver::look_at_directory() {
    if (!rules_.lists_directories) {
        return Refuse{http::Status::not_found};
    }
    return look_at(Purpose::unindexed, path_.empty() ? "." : std::string(path_));
}

Resolver::Next Resolver::on_looked(FileLoad::Outcome& file) {
    const bool is_file = file.is(file::Kind::regular);
    const bool is_directory = file.is(file::Kind::directory);
    switch (purpose_) {
        case Purpose::resource:
            return take_resource(file);
        case Purpose::index:
            if (is_file) {
                return serve(file);
            }
            // A directory by the name of an index file is no index.
            return file.error == Errno(ENOENT) || is_directory ? look_at_next_index()
                                                               : refuse(file);
        case Purpose::with_suffix:
            return take_with_suffix(file);
        case Purpose::without_slash:
            return is_file ? Redirect{std::string(path_.substr(0, path_.size() - 1))}
                           : look_at_directory();
        case Purpose::without_suffix:
            return take_without_suffix(file);
        case Purpose::unindexed:
            return is_directory ? Directory{} : refuse(file);
        case Purpose::listing:
            return is_directory ? List{std::move(file.file)} : refuse(file);
        case Purpose::fallback:
            return is_file ? serve(file) : refuse(file);
    }
    assertion_failed("the purpose is one of the enumerators");
}

Resolver::Next Resolver::take_resource(FileLoad::Outcome& file) {
    if (file.is(file::Kind::regular)) {
        return rules_.has_clean_urls ? take_page(file) : serve(file);
    }
    is_directory_ = file.is(file::Kind::directory);
    if (rules_.has_clean_urls && (file.error == Errno(ENOENT) || is_directory_)) {
        return look_at(Purpose::with_suffix, std::string(path_).append(page_suffix));
    }
    return is_directory_ ? Redirect{std::string(path_) + '/'} : refuse(file);
}

Resolver::Next Resolver::take_page(FileLoad::Outcome& file) {
    if (name_of(path_) == rules_.index_names.front()) {
        return Redirect{std::string(directory_of(path_))};
    }
    if (!path_.ends_with(page_suffix)) {
        return serve(file);
    }
    held_ = std::move(file);
    return look_at(Purpose::without_suffix,
                   std::string(path_.substr(0, path_.size() - page_suffix.size())));
}

Resolver::Next Resolver::take_without_suffix(const FileLoad::Outcome& file) {
    if (file.error == Errno(ENOENT) || file.is(file::Kind::directory)) {
        return Redirect{std::move(looked_at_)};
    }
    return Serve{.name = std::string(path_), .file = std::move(held_)};
}

Resolver::Next Resolver::take_with_suffix(FileLoad::Outcome& file) {
    if (file.is(file::Kind::regular)) {
        return serve(file);
    }
    return is_directory_ ? Redirect{std::string(path_) + '/'} : refuse(file);
}

Resolver::Next Resolver::serve(FileLoad::Outcome& file) {
    return Serve{.name = std::move(looked_at_), .file = std::move(file)};
}

}  // namespace torc::site
