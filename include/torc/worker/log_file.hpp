#pragma once

#include <torc/base/errno.hpp>
#include <torc/base/unique_fd.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace torc::worker {

/// Where a log goes: a file, FIFO or terminal that is opened by its path, or a descriptor that the
/// process was given. Has one user, the thread that writes; only opening may block, on the file
/// system that holds the path, and a write to a disk.
class LogFile {
public:
    /// `target`: a path, which is created when there is nothing; or "-", /dev/stdout, /dev/stderr,
    /// /dev/fd/N or /proc/self/fd/N, for a duplicate of that descriptor, whatever it is (a socket
    /// can't be opened by such a path). A FIFO that nobody reads is no error: see `write`.
    [[nodiscard]] static Result<LogFile> open(std::string_view target);
    /// Writes to a duplicate of `descriptor`.
    [[nodiscard]] static Result<LogFile> of_descriptor(int descriptor);

    /// Writes some of `lines`, as much as goes in without waiting (but for a disk); gives how much.
    /// What goes to a pipe or a terminal ends with a line where it can, and is not torn when others
    /// write there too. EAGAIN: there is no room until `descriptor` is writable. ENXIO: nobody
    /// reads the FIFO; the next call looks again, and who reads then gets no half of a line first.
    [[nodiscard]] Result<std::size_t> write(std::string_view lines);

    /// For poll(2). Negative: there is none, because nobody reads the FIFO.
    [[nodiscard]] int descriptor() const noexcept { return file_.get(); }
    /// Empty for a descriptor that was given.
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// Somebody looks at it line by line.
    [[nodiscard]] bool is_terminal() const noexcept;
    /// Why it takes lines more slowly than they come.
    [[nodiscard]] std::string_view reason_for_slowness() const noexcept;

private:
    enum class Kind : std::uint8_t { regular_file, fifo_by_path, pipe, socket, device };

    LogFile(UniqueFd file, Kind kind, std::string path)
        : file_(std::move(file)), kind_(kind), path_(std::move(path)) {}

    [[nodiscard]] static Result<LogFile> open_path(const std::string& path);
    [[nodiscard]] static Kind kind_of(int descriptor);

    UniqueFd file_;
    Kind kind_;
    std::string path_;
};

}  // namespace torc::worker
