#include "sim/editor.hpp"

#include <array>
#include <chrono>
#include <utility>

namespace torc::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, 6> edited_files = {
    "/index.html", "/small.txt", "/medium.css", "/large.bin", "/dir/page.html", "/dir/index.html"};
constexpr std::uint64_t overtaken_reads_per_mille = 100;
/// A file that changes at each look can't be served as any version of it.
constexpr Duration overtaken_pause = 3s;
constexpr std::uint16_t locked = 0;
constexpr std::uint16_t open = 0644;

std::string path_of(std::string_view name) {
    return std::string(Editor::root) + std::string(name);
}

}  // namespace

Editor::Editor(Machine& machine, FileTree& tree, Model& model, Random random)
    : machine_(machine), tree_(tree), model_(model), random_(random) {
    favourite_ = edited_files[random_.below(edited_files.size())].substr(1);
    make_tree();
}

std::string Editor::text(std::size_t bytes) {
    constexpr std::uint64_t letters = 26;
    Random random = random_.fork();
    std::string text = "version " + std::to_string(++versions_) + "\n";
    text.reserve(bytes + sizeof(std::uint64_t));
    while (text.size() < bytes) {
        std::uint64_t number = random.next();
        for (std::size_t count = 0; count < sizeof number; ++count, number >>= 8U) {
            text += static_cast<char>('a' + number % letters);
        }
    }
    text.resize(bytes);
    return text;
}

std::size_t Editor::bytes_for(std::string_view path) {
    if (path.ends_with("large.bin")) {
        return random_.between(135'000, 500'000);
    }
    return path.ends_with("medium.css") ? random_.between(20'000, 120'000)
                                        : random_.between(20, 5'000);
}

void Editor::make_tree() {
    for (const std::string_view directory :
         {"/srv", "/srv/www", "/srv/www/dir", "/srv/www/dir/deep", "/srv/www/bare",
          "/srv/www/.hidden", "/srv/other"}) {
        tree_.make_directory(directory);
    }
    for (const std::string_view name :
         {"/index.html", "/small.txt", "/medium.css", "/large.bin", "/dir/index.html",
          "/dir/page.html", "/dir/deep/file.txt", "/locked.txt", "/.hidden/secret.txt"}) {
        tree_.replace(path_of(name), text(bytes_for(name)));
    }
    tree_.replace("/srv/other/secret.txt", text(100));
    tree_.replace(path_of("/empty.txt"), "");
    tree_.link(path_of("/link.txt"), "small.txt");
    tree_.link(path_of("/outside.txt"), "../other/secret.txt");
    tree_.set_permissions(path_of("/locked.txt"), locked);
}

void Editor::begin() {
    if (machine_.faults().has(Fault::clock_jumps)) {
        machine_.after(machine_.delay(0s, 10s), [this] {
            machine_.set_wall_clock(Duration(random_.between(1, 7200) * 1'000'000'000) - 3600s);
            machine_.note_strike(Fault::clock_jumps);
            machine_.history().note("clock");
        });
    }
    if (machine_.faults().has(Fault::tree_changes)) {
        machine_.after(machine_.delay(5ms, 3s), [this] { edit(); });
        tree_.listen_reads([this](const Inode& file) { overtake(file); });
    }
}

void Editor::overtake(const Inode& file) {
    const MonotonicTime now = machine_.now().monotonic;
    if (has_stopped_ || file.parent == nullptr || now < overtaken_at_ + overtaken_pause ||
        !random_.chance(overtaken_reads_per_mille)) {
        return;
    }
    overtaken_at_ = now;
    machine_.after(machine_.delay(1us, 300us), [this, path = FileTree::path_of(file)] {
        if (!has_stopped_ && tree_.has(path)) {
            tree_.overwrite(path, 0, text(bytes_for(path)));
            changed("overtake", path);
        }
    });
}

void Editor::later(Machine::Event event) {
    machine_.after(machine_.delay(5ms, 1s), std::move(event));
}

void Editor::changed(std::string_view how, std::string_view path) {
    machine_.note_strike(Fault::tree_changes);
    machine_.history().note_text("edit", 0, std::string(how) + " " + std::string(path));
    model_.look();
}

void Editor::edit() {
    if (has_stopped_) {
        return;
    }
    if (random_.chance(200)) {
        edit_names();
    } else if (random_.chance(400)) {
        edit_file(path_of("/" + favourite_));
    } else {
        edit_file(path_of(edited_files[random_.below(edited_files.size())]));
    }
    machine_.after(machine_.delay(5ms, 3s), [this] { edit(); });
}

void Editor::edit_file(const std::string& path) {
    if (!tree_.has(path)) {
        return;
    }
    const std::size_t bytes = bytes_for(path);
    switch (random_.below(6)) {
        case 0:
            tree_.replace(path, text(bytes));
            changed("replace", path);
            break;
        case 1:
            tree_.overwrite(path, 0, text(bytes));
            changed("overwrite", path);
            break;
        case 2:
            tree_.overwrite(path, 0, "");
            changed("truncate", path);
            later([this, path, bytes] {
                if (tree_.has(path)) {
                    tree_.overwrite(path, 0, text(bytes));
                    changed("fill", path);
                }
            });
            break;
        case 3:
            tree_.overwrite(path, tree_.find(path)->bytes.size(), text(100));
            changed("append", path);
            break;
        case 4:
            tree_.remove(path);
            changed("remove", path);
            later([this, path, bytes] {
                if (tree_.has(path.substr(0, path.rfind('/')))) {
                    tree_.replace(path, text(bytes));
                    changed("make", path);
                }
            });
            break;
        default:
            tree_.set_permissions(path, locked);
            changed("lock", path);
            later([this, path] {
                if (tree_.has(path)) {
                    tree_.set_permissions(path, open);
                    changed("unlock", path);
                }
            });
    }
}

void Editor::edit_names() {
    const std::string directory = path_of("/dir");
    const std::string aside = path_of("/aside");
    if (random_.chance(500)) {
        tree_.link(path_of("/link.txt"), random_.chance(500) ? "small.txt" : "dir/deep/file.txt");
        changed("link", "/link.txt");
    } else if (tree_.has(directory) && !tree_.has(aside)) {
        tree_.rename(directory, aside);
        changed("rename", directory);
        later([this, directory, aside] {
            if (tree_.has(aside) && !tree_.has(directory)) {
                tree_.rename(aside, directory);
                changed("rename", aside);
            }
        });
    }
}

}  // namespace torc::sim
