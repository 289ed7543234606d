#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/errno.hpp>
#include <torc/base/file_ends.hpp>
#include <torc/base/file_handle.hpp>
#include <torc/base/limits.hpp>
#include <torc/file/metadata.hpp>
#include <torc/site/cache/digest.hpp>
#include <torc/site/cache/representation.hpp>
#include <torc/site/load/load_step.hpp>

#include <linux/stat.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace torc::site {

class CacheBudget;
class RecentLooks;

/// Opens one file, and reads it when it is small, without doing any of it: an event goes in, the
/// next step comes out. So a cold disk never blocks the thread. A file is stated before and after
/// it is read, so that what is read is one version of it, and so is a larger one whose ends are
/// read. That is read whole for the digest of its contents where its time tells no version of it
/// from the next, unless it is written all the time.
class FileLoad {
public:
    /// `contents_bytes_max`: files up to this size are read into memory. `now`: no later than the
    /// files are looked at.
    FileLoad(std::size_t contents_bytes_max, WallTime now) noexcept
        : contents_bytes_max_(contents_bytes_max), now_(now) {}

    /// Has the memory for contents be reserved of `budget`, which outlives the load: a file that
    /// finds no room there is only read for its digest. Without this, all that are small are kept.
    void reserve_in(CacheBudget& budget) noexcept { budget_ = &budget; }
    /// Has looks at files be noted in `looks`, which outlives the load: one that is written all the
    /// time is not read for a digest, which the next write would make useless.
    void note_in(RecentLooks& looks) noexcept { looks_ = &looks; }
    /// Has both ends of larger files be read on local disks, see Outcome::ends.
    void read_ends() noexcept { reads_ends_ = true; }

    /// Whether the file is being read for its digest, which takes limits::digest_chunk_bytes from
    /// `on_digest_begun` on.
    [[nodiscard]] bool is_digesting() const noexcept { return is_digesting_; }
    /// Reserves these bytes, once. False: there is no room.
    [[nodiscard]] bool reserve_for_digest() noexcept;

    /// Begins with another file. `known`: what was found there before, null for nothing; a file
    /// that is still the same is not read again. It outlives the load. `beginning_bytes`: what has
    /// to be known of its contents, even if it is too large to be read or nobody wants them;
    /// `end_bytes`: the same of their end.
    [[nodiscard]] LoadStep start(std::string path, const file::Metadata* known,
                                 std::size_t beginning_bytes = 0, std::size_t end_bytes = 0);

    // Events: how the last step went. Each gives the next step.
    [[nodiscard]] LoadStep on_opened(FileHandle file);
    [[nodiscard]] LoadStep on_stated();
    /// `count`: bytes that pread(2) gave.
    [[nodiscard]] LoadStep on_read(std::size_t count);
    /// Allocates what the file is read into.
    [[nodiscard]] LoadStep on_digest_begun();
    [[nodiscard]] LoadStep on_failed(Errno error);

    /// The file that is being loaded, relative to the root.
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// Sets the lane of the file system that the open file turned out to be on.
    void set_lane(Lane lane) noexcept { file_.set_lane(lane); }

    struct Outcome {
        /// Why there is no file; the rest then means nothing.
        std::optional<Errno> error;
        file::Metadata metadata;
        /// The file is the known one.
        bool is_known = false;
        /// False for a file that changed whenever it was looked at, or may have: one that does not
        /// tell its size, and whose `metadata` have that of its contents and no time.
        bool is_stable = true;
        /// Of a regular file of up to `contents_bytes_max`, unless it is known.
        Contents contents;
        /// Of a larger one that was read for it.
        std::optional<Digest> digest;
        /// Of a larger one, as much as was to be known, unless it is known.
        std::string beginning;
        std::string end;
        /// Of a larger one on a local disk, if they were to be read, unless it is known: elsewhere
        /// a read of its end may take as long as one of all that is before it.
        std::optional<FileEnds> ends;
        /// Open still, whatever was found.
        FileHandle file;
        /// Small enough for memory, but there was no room.
        bool has_no_room = false;
        /// Reached strictly, or as strictly not there: all that could change that happens in the
        /// directories on the way to it.
        bool is_strict = true;

        [[nodiscard]] bool is(file::Kind kind) const noexcept {
            return !error && metadata.kind == kind;
        }
    };
    /// After LoadFinished, once.
    [[nodiscard]] Outcome take_outcome() noexcept;

private:
    [[nodiscard]] LoadStep open() const noexcept;
    [[nodiscard]] LoadStep stat() noexcept;
    /// Reads on where the last read ended.
    [[nodiscard]] LoadStep read() noexcept;
    [[nodiscard]] std::span<std::byte> read_buffer() noexcept;
    [[nodiscard]] std::uint64_t read_offset() const noexcept;

    [[nodiscard]] LoadStep found(const file::Metadata& metadata);
    [[nodiscard]] LoadStep verified(const file::Metadata& metadata);
    [[nodiscard]] bool is_read(const file::Metadata& metadata) noexcept;
    [[nodiscard]] bool wants_ends() const noexcept { return reads_ends_ && is_local(file_.lane()); }
    [[nodiscard]] std::size_t wanted_beginning_bytes() const noexcept;
    [[nodiscard]] std::size_t wanted_end_bytes() const noexcept;
    [[nodiscard]] LoadStep ends_read();
    [[nodiscard]] LoadStep read_beginning();
    [[nodiscard]] LoadStep beginning_read(std::size_t count);
    [[nodiscard]] LoadStep read_end();
    [[nodiscard]] LoadStep end_read(std::size_t count);
    [[nodiscard]] LoadStep ends_verified(const file::Metadata& metadata);
    [[nodiscard]] LoadStep read_again(const file::Metadata& metadata);
    /// False: there is no room for it in memory.
    [[nodiscard]] bool reserve(std::size_t bytes) noexcept;
    /// Reads on until the end of a file that does not tell its size.
    [[nodiscard]] LoadStep read_unsized();
    [[nodiscard]] LoadStep unsized_was_read(std::size_t count);
    [[nodiscard]] LoadStep finish_unsized();
    [[nodiscard]] LoadStep finish_with(Errno error);
    void end_digest() noexcept;

    std::size_t contents_bytes_max_;
    WallTime now_;
    CacheBudget* budget_ = nullptr;
    RecentLooks* looks_ = nullptr;
    bool reads_ends_ = false;
    std::string path_;
    const file::Metadata* known_ = nullptr;
    std::size_t beginning_bytes_ = 0;
    std::size_t end_bytes_ = 0;
    FileHandle file_;
    struct statx status_{};
    std::uint64_t read_bytes_ = 0;
    /// What is read for a digest comes here, piece by piece.
    struct DigestReading {
        Digester digester;
        std::array<char, limits::digest_chunk_bytes> chunk;
    };
    std::unique_ptr<DigestReading> digesting_;
    MemoryCharge digest_charge_;
    bool is_digesting_ = false;
    bool is_unsized_ = false;
    /// True when the file was read and is stated once more.
    bool is_verifying_ = false;
    /// True when only the beginning is read.
    bool is_reading_beginning_ = false;
    /// True when only the end is read.
    bool is_reading_end_ = false;
    /// True when both ends were read and the file is stated once more.
    bool is_verifying_ends_ = false;
    unsigned read_attempts_ = 0;
    unsigned open_attempts_ = 0;
    bool is_strict_ = true;
    Outcome outcome_;
};

}  // namespace torc::site
