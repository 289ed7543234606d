#include "integration/http/document_tree.hpp"

#include "support/precompressed.hpp"
#include "support/temporary_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace torc::test {
namespace {

namespace fs = std::filesystem;

void write_bytes(const fs::path& path, std::string_view contents) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(contents.data(), static_cast<std::streamsize>(contents.size()));
    if (!file.flush()) {
        throw std::runtime_error("can't write " + path.string());
    }
}

}  // namespace

void set_time(const fs::path& path, FileTime time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const timespec modified{.tv_sec = seconds.time_since_epoch().count(),
                            .tv_nsec = (time - seconds).count()};
    const std::array times = {modified, modified};
    if (::utimensat(AT_FDCWD, path.c_str(), times.data(), 0) < 0) {
        throw std::system_error(errno, std::generic_category(), "utimensat");
    }
}

DocumentTree::DocumentTree(fs::path root, const fs::path& outside)
    : root_(std::move(root)), large_(patterned_bytes(large_bytes)) {
    write("alphabet.txt", alphabet);
    write("empty.txt", "");
    write("three.txt", "123");
    write("five.txt", "12345");
    write("large.bin", large_);
    write("index.html", "<!doctype html>\n<title>root</title>\n");
    write("dir/index.html", "<!doctype html>\n<title>dir</title>\n");
    write("dir/page.html", "<!doctype html>\n<title>page</title>\n");
    write("bare/file.txt", "in a directory without an index\n");

    write("sparse.bin", "");
    fs::resize_file(root_ / "sparse.bin", sparse_bytes - alphabet.size());
    std::ofstream(root_ / "sparse.bin", std::ios::binary | std::ios::app) << alphabet;
    set_time(root_ / "sparse.bin", tree_time);

    const auto now =
        std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
    write("time-0.txt", "modified at 0", FileTime{});
    write("time-1.txt", "modified at 1", FileTime{std::chrono::seconds(1)});
    write("time-future.txt", "modified in a year", now + std::chrono::years(1));

    write("errors/404.html", "<!doctype html>\n<title>outer 404</title>\n");
    write("errors/deep/404.html", "<!doctype html>\n<title>inner 404</title>\n");
    write("errors/deep/page.html", "<!doctype html>\n<title>page</title>\n");

    write_names();
    write_links(outside);
    write_variants();
}

DocumentTree::~DocumentTree() {
    std::error_code ignored;
    fs::permissions(root_ / "closed", fs::perms::owner_all, ignored);
}

void DocumentTree::write(std::string_view name, std::string_view contents, FileTime time) const {
    const fs::path path = root_ / name;
    const fs::path fresh = root_ / "being-written";
    fs::create_directories(path.parent_path());
    write_bytes(fresh, contents);
    set_time(fresh, time);
    fs::rename(fresh, path);
}

void DocumentTree::overwrite(std::string_view name, std::string_view contents,
                             FileTime time) const {
    write_bytes(root_ / name, contents);
    set_time(root_ / name, time);
}

void DocumentTree::write_names() const {
    // Each holds its own name.
    for (const std::string_view name :
         {"with space.txt", "100%.txt", "%41.txt", "a#b.txt", "what?.txt", "a+b&c=d;e.txt",
          "\"quoted\" 'too'.txt", "back\\slash.txt", "new\nline.txt", "<img onerror>.txt",
          "na\xc3\xafve.txt", "latin-1 caf\xe9.txt", "colon:and@at.txt", "~tilde.txt"}) {
        write("names/" + std::string(name), name);
    }
    constexpr std::size_t name_bytes_max = 255;
    const std::string longest(name_bytes_max, 'n');
    write("names/" + longest, longest);

    write(".hidden", "hidden");
    write(".git/config", "hidden");
    write("dir/.env", "hidden");
    write(".well-known/security.txt", "Contact: mailto:test@example.com\n");

    write("unreadable.txt", "unreadable");
    fs::permissions(root_ / "unreadable.txt", fs::perms::none);
    write("closed/page.html", "unreadable");
    fs::permissions(root_ / "closed", fs::perms::none);
}

void DocumentTree::write_links(const fs::path& outside) const {
    const auto link = [&](const fs::path& target, std::string_view name) {
        fs::create_symlink(target, root_ / name);
    };
    link("alphabet.txt", "link-inside.txt");
    link("dir", "link-dir");
    link(outside, "link-outside.txt");
    link("nowhere", "link-dangling");
    link("link-loop", "link-loop");
    if (::mkfifo((root_ / "fifo").c_str(), 0666) < 0) {
        throw std::system_error(errno, std::generic_category(), "mkfifo");
    }
}

void DocumentTree::write_variants() const {
    // They are no compressed data: nobody decodes them, and so they tell which one was sent.
    const std::string style = "the style as it is, and the longest of them all\n";
    write("style.css", style);
    write("style.css.br", brotli_like("in brotli", style.size()));
    write("style.css.zst", zstd_like("in zstd", style.size()));
    write("style.css.gz", gzip_like("in gzip", style));
    const std::string other = "this style as it is\n";
    write("gzip-only.css", other);
    write("gzip-only.css.gz", gzip_like("in gzip", other));
    write("plain.css", "this style has no other form\n");
    constexpr std::chrono::seconds gap{100};
    const std::string stale = "this style is newer than its gzip\n";
    write("stale.css", stale);
    write("stale.css.gz", gzip_like("stale", stale), tree_time - gap);
    const std::string fresh = "this style is older than its gzip\n";
    write("fresh.css", fresh);
    write("fresh.css.gz", gzip_like("fresh", fresh), tree_time + gap);
    write("large.css", large_);
    write("large.css.gz", gzip_like(patterned_bytes(large_bytes, 2), large_));
}

}  // namespace torc::test
