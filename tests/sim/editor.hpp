#pragma once

#include "sim/file_tree.hpp"
#include "sim/machine.hpp"
#include "sim/model.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace torc::sim {

/// Makes the tree that is served, and changes it as people and tools do: in place, by renames, in
/// several steps. Tells the model after each.
class Editor {
public:
    static constexpr std::string_view root = "/srv/www";

    /// Both outlive it.
    Editor(Machine& machine, FileTree& tree, Model& model, Random random);
    Editor(const Editor&) = delete;
    Editor& operator=(const Editor&) = delete;
    ~Editor() = default;

    /// The file that it changes more often than others, as a path from the root.
    [[nodiscard]] const std::string& favourite() const noexcept { return favourite_; }
    /// Begins to change things, if the run has that.
    void begin();
    void stop() noexcept { has_stopped_ = true; }

private:
    void make_tree();
    void edit();
    void edit_file(const std::string& path);
    void edit_names();
    /// Overwrites a file that is being read, sometimes.
    void overtake(const Inode& file);
    /// The second half of a change that takes two.
    void later(Machine::Event event);
    void changed(std::string_view how, std::string_view path);
    [[nodiscard]] std::string text(std::size_t bytes);
    [[nodiscard]] std::size_t bytes_for(std::string_view path);

    Machine& machine_;
    FileTree& tree_;
    Model& model_;
    Random random_;
    std::string favourite_;
    std::uint64_t versions_ = 0;
    MonotonicTime overtaken_at_{};
    bool has_stopped_ = false;
};

}  // namespace torc::sim
