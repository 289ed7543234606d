#pragma once

#include <torc/file/hidden_names.hpp>
#include <torc/file/symlink_policy.hpp>
#include <torc/http/negotiation.hpp>
#include <torc/site/load/cache_control.hpp>
#include <torc/site/load/content_type.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace torc::site {

/// How paths become assets.
struct LoadRules {
    /// What a directory shows, first match first.
    std::vector<std::string> index_names = {"index.html"};
    /// Files up to this size are kept in memory, larger ones by their descriptor.
    std::size_t contents_bytes_max = std::size_t{128} * 1024;
    /// Codings that precompressed files beside a file are looked for in, the most wanted first.
    std::vector<http::ContentCoding> codings = {
        http::ContentCoding::brotli, http::ContentCoding::zstd, http::ContentCoding::gzip};
    CacheControlRules cache_control{};
    /// See restrict_audience.
    Audience audience = Audience::all;
    /// The value of a listing's Cache-Control; empty: no field.
    std::string listing_cache_control = "no-cache";
    /// Before what a name tells.
    TypeRules types{};
    /// What is neither served nor listed.
    file::HiddenNames hidden{};
    file::SymlinkPolicy symlinks = file::SymlinkPolicy::inside;
    /// "/about" is about.html, and "/about.html" leads there.
    bool has_clean_urls = false;
    /// A directory without an index shows what is in it.
    bool lists_directories = false;
    /// What a navigation gets where there is nothing, relative to the root; empty: an error.
    std::string fallback_path{};
    /// For how long after another directory became the root the one before it is still looked in
    /// for files that are not there any more, by names that stand for their contents (see
    /// is_kept_name); 0: not at all.
    std::chrono::seconds keep_previous{0};
    /// The one file of the root that there is, to all who ask: at its own path and, being the only
    /// index name then, at "/". Everything else is a 404 without being looked for. Empty: all are
    /// served.
    std::string only_file{};

    /// The files are for some: they ask for a password, or are for some networks. What the user
    /// says of Cache-Control stands.
    void restrict_audience() {
        audience = Audience::some;
        if (listing_cache_control == ask_each_time(Audience::all)) {
            listing_cache_control = ask_each_time(Audience::some);
        }
    }

    /// Serves `name`, a file in the root itself, and nothing beside it: no precompressed file, no
    /// listing, no error page.
    void serve_only(const std::string& name) {
        only_file = name;
        index_names = {name};
        codings.clear();
        lists_directories = false;
    }

    friend bool operator==(const LoadRules&, const LoadRules&) = default;
};

}  // namespace torc::site
