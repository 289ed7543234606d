#include <torc/base/limits.hpp>
#include <torc/base/mapping.hpp>
#include <torc/site/cache/cache_budget.hpp>
#include <torc/site/cache/recent_looks.hpp>
#include <torc/site/load/file_load.hpp>
#include <torc/site/load/file_time.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace torc::site {
namespace {

/// How often a file that changes while it is read is read again before what was read is served
/// anyway.
constexpr unsigned read_attempts_max = 4;
/// openat2(2) gives EAGAIN when a rename raced with the look-up beneath the root.
constexpr unsigned open_attempts_max = 8;
/// From here on the memory for contents is brought in before they are read, which the loop would
/// otherwise do page by page while others wait. For less it is not worth a system call.
constexpr std::size_t populated_bytes_min = 4 * limits::page_bytes;

}  // namespace

LoadStep FileLoad::start(std::string path, const file::Metadata* known, std::size_t beginning_bytes,
                         std::size_t end_bytes) {
    path_ = std::move(path);
    known_ = known;
    beginning_bytes_ = beginning_bytes;
    end_bytes_ = end_bytes;
    file_.reset();
    is_verifying_ = false;
    end_digest();
    is_reading_beginning_ = false;
    is_reading_end_ = false;
    is_verifying_ends_ = false;
    read_attempts_ = 0;
    open_attempts_ = 0;
    is_strict_ = true;
    is_unsized_ = false;
    outcome_ = Outcome{};
    return open();
}

LoadStep FileLoad::open() const noexcept {
    return OpenFile{.path = path_.c_str(), .is_strict = is_strict_};
}

LoadStep FileLoad::stat() noexcept {
    return StatFile{.descriptor = file_.get(), .status = &status_};
}

LoadStep FileLoad::read() noexcept {
    return ReadFile{.descriptor = file_.get(), .buffer = read_buffer(), .offset = read_offset()};
}

LoadStep FileLoad::on_opened(FileHandle file) {
    file_ = std::move(file);
    return stat();
}

LoadStep FileLoad::on_failed(Errno error) {
    const bool was_opening = !file_;
    if (was_opening && error == Errno(EAGAIN) && ++open_attempts_ < open_attempts_max) {
        return open();
    }
    const bool was_strictness = error == Errno(ELOOP) || error == Errno(EXDEV);
    if (was_opening && was_strictness && is_strict_) {
        is_strict_ = false;
        return open();
    }
    return finish_with(error);
}

LoadStep FileLoad::on_stated() {
    const file::Metadata metadata = file::Metadata::from(status_);
    if (is_verifying_ends_) {
        return ends_verified(metadata);
    }
    return is_verifying_ ? verified(metadata) : found(metadata);
}

LoadStep FileLoad::found(const file::Metadata& metadata) {
    outcome_.metadata = metadata;
    outcome_.is_known = known_ != nullptr && *known_ == metadata;
    if (metadata.kind != file::Kind::regular || outcome_.is_known) {
        return LoadFinished{};
    }
    if (is_read(metadata)) {
        return read_again(metadata);
    }
    return wanted_beginning_bytes() > 0 ? read_beginning() : LoadFinished{};
}

std::size_t FileLoad::wanted_beginning_bytes() const noexcept {
    return std::max(beginning_bytes_, wants_ends() ? FileEnds::bytes_max : 0);
}

std::size_t FileLoad::wanted_end_bytes() const noexcept {
    return std::max(end_bytes_, wants_ends() ? FileEnds::bytes_max : 0);
}

LoadStep FileLoad::ends_read() {
    if (wants_ends()) {
        const auto bytes = [](std::string_view text) { return std::as_bytes(std::span(text)); };
        std::string_view end = outcome_.end;
        end.remove_prefix(end.size() - std::min(end.size(), FileEnds::bytes_max));
        outcome_.ends = FileEnds{
            .beginning = FileEnds::hash(
                bytes(std::string_view(outcome_.beginning).substr(0, FileEnds::bytes_max))),
            .end = FileEnds::hash(bytes(end))};
    }
    // Of what was read for that too, no more than was asked for.
    outcome_.beginning.resize(std::min(outcome_.beginning.size(), beginning_bytes_));
    outcome_.end.erase(0, outcome_.end.size() - std::min(outcome_.end.size(), end_bytes_));
    return LoadFinished{};
}

bool FileLoad::is_read(const file::Metadata& metadata) noexcept {
    if (metadata.size <= contents_bytes_max_) {
        return true;
    }
    const bool needs_digest =
        metadata.size <= limits::digested_file_bytes_max && !has_distinct_time(metadata, now_);
    return needs_digest && (looks_ == nullptr || !looks_->note(path_, metadata, now_));
}

LoadStep FileLoad::read_beginning() {
    is_verifying_ = false;
    is_reading_beginning_ = true;
    read_bytes_ = 0;
    outcome_.beginning.resize(
        std::min<std::uint64_t>(wanted_beginning_bytes(), outcome_.metadata.size));
    return read();
}

bool FileLoad::reserve(std::size_t bytes) noexcept {
    if (budget_ == nullptr) {
        return true;
    }
    auto charge = budget_->reserve(bytes);
    if (charge) {
        outcome_.contents.charge = *std::move(charge);
    }
    return charge.has_value();
}

LoadStep FileLoad::read_again(const file::Metadata& metadata) {
    ++read_attempts_;
    is_verifying_ = false;
    read_bytes_ = 0;
    outcome_.metadata = metadata;
    outcome_.beginning.clear();
    const bool belongs_in_memory = metadata.size <= contents_bytes_max_;
    // For nothing there is always room: an empty file may be one that does not tell its size.
    outcome_.has_no_room = belongs_in_memory && metadata.size > 0 && !reserve(metadata.size);
    if (!belongs_in_memory || outcome_.has_no_room) {
        is_digesting_ = true;
        return BeginDigest{};
    }
    outcome_.contents.size = metadata.size;
    outcome_.contents.bytes = std::make_unique_for_overwrite<char[]>(metadata.size);
    if (metadata.size >= populated_bytes_min) {
        populate(outcome_.contents.bytes.get(), metadata.size);
    }
    if (metadata.size == 0 && !is_local(file_.lane())) {
        return read_unsized();
    }
    return metadata.size == 0 ? LoadFinished{} : read();
}

LoadStep FileLoad::read_unsized() {
    // Those of /proc say that they are empty, and those of sysfs that they are a page.
    const std::size_t bytes = std::min(std::max(limits::page_bytes, 2 * outcome_.contents.size),
                                       limits::unsized_file_bytes_max + 1);
    if (read_bytes_ == bytes) {
        return finish_with(Errno(EFBIG));
    }
    if (!reserve(bytes)) {
        return finish_with(Errno(ENOMEM));
    }
    auto larger = std::make_unique_for_overwrite<char[]>(bytes);
    std::copy_n(outcome_.contents.bytes.get(), read_bytes_, larger.get());
    outcome_.contents.bytes = std::move(larger);
    outcome_.contents.size = bytes;
    is_unsized_ = true;
    return read();
}

LoadStep FileLoad::unsized_was_read(std::size_t count) {
    if (count > 0) {
        return read_bytes_ == outcome_.contents.size ? read_unsized() : read();
    }
    is_unsized_ = false;
    if (read_bytes_ > 0) {
        return finish_unsized();
    }
    outcome_.contents.size = 0;  // It is empty.
    is_verifying_ = true;
    return stat();
}

LoadStep FileLoad::finish_unsized() {
    outcome_.contents.size = read_bytes_;
    outcome_.metadata.size = read_bytes_;
    // Its time tells when it was looked up, and nothing of what it holds, which may be other bytes
    // at each reading.
    outcome_.metadata.modified = WallTime{};
    outcome_.is_stable = false;
    return LoadFinished{};
}

std::uint64_t FileLoad::read_offset() const noexcept {
    const std::uint64_t begins_at =
        is_reading_end_ ? outcome_.metadata.size - outcome_.end.size() : 0;
    return begins_at + read_bytes_;
}

std::span<std::byte> FileLoad::read_buffer() noexcept {
    if (is_reading_end_) {
        return std::as_writable_bytes(std::span(outcome_.end)).subspan(read_bytes_);
    }
    if (is_reading_beginning_) {
        return std::as_writable_bytes(std::span(outcome_.beginning)).subspan(read_bytes_);
    }
    if (is_digesting_) {
        const std::uint64_t rest = outcome_.metadata.size - read_bytes_;
        return std::as_writable_bytes(
            std::span(digesting_->chunk)
                .first(std::min<std::uint64_t>(digesting_->chunk.size(), rest)));
    }
    return std::as_writable_bytes(std::span(outcome_.contents.bytes.get(), outcome_.contents.size))
        .subspan(read_bytes_);
}

LoadStep FileLoad::on_digest_begun() {
    digesting_ = std::make_unique_for_overwrite<DigestReading>();
    return read();
}

LoadStep FileLoad::on_read(std::size_t count) {
    read_bytes_ += count;
    if (is_reading_end_) {
        return end_read(count);
    }
    if (is_reading_beginning_) {
        return beginning_read(count);
    }
    if (is_digesting_) {
        const std::span<const char> piece = std::span(digesting_->chunk).first(count);
        digesting_->digester.add(piece);
        const std::size_t missing_bytes = wanted_beginning_bytes() - outcome_.beginning.size();
        outcome_.beginning.append(piece.data(), std::min(count, missing_bytes));
    }
    if (is_unsized_) {
        return unsized_was_read(count);
    }
    if (count > 0 && read_bytes_ < outcome_.metadata.size) {
        return read();
    }
    is_verifying_ = true;
    return stat();
}

LoadStep FileLoad::beginning_read(std::size_t count) {
    if (count > 0 && read_bytes_ < outcome_.beginning.size()) {
        return read();
    }
    outcome_.beginning.resize(read_bytes_);
    is_reading_beginning_ = false;
    return read_end();
}

LoadStep FileLoad::read_end() {
    if (wanted_end_bytes() == 0) {
        return LoadFinished{};
    }
    is_reading_end_ = true;
    read_bytes_ = 0;
    outcome_.end.resize(std::min<std::uint64_t>(wanted_end_bytes(), outcome_.metadata.size));
    return read();
}

LoadStep FileLoad::end_read(std::size_t count) {
    if (count > 0 && read_bytes_ < outcome_.end.size()) {
        return read();
    }
    is_reading_end_ = false;
    is_verifying_ends_ = true;
    return stat();
}

LoadStep FileLoad::ends_verified(const file::Metadata& metadata) {
    is_verifying_ends_ = false;
    const bool is_whole = read_bytes_ == outcome_.end.size();
    const bool is_same = metadata == outcome_.metadata;
    if (is_whole && is_same) {
        return ends_read();
    }
    if (!is_same && ++read_attempts_ < read_attempts_max) {
        outcome_.digest.reset();
        outcome_.beginning.clear();
        outcome_.end.clear();
        return found(metadata);
    }
    if (!is_whole) {
        return finish_with(Errno(EAGAIN));  // It shrinks as fast as it is read.
    }
    outcome_.is_stable = false;
    const LoadStep next = ends_read();
    outcome_.ends.reset();  // They may be those of another version.
    return next;
}

LoadStep FileLoad::verified(const file::Metadata& metadata) {
    const bool is_whole = read_bytes_ == outcome_.metadata.size;
    outcome_.is_stable = metadata == outcome_.metadata;
    const bool was_digested = is_digesting_ && is_whole && outcome_.is_stable;
    const auto digest = was_digested ? std::optional(digesting_->digester.digest()) : std::nullopt;
    end_digest();
    const bool is_shorter_than_told = !is_whole && outcome_.is_stable && read_attempts_ > 1;
    if (is_shorter_than_told && outcome_.contents.bytes && !is_local(file_.lane())) {
        return finish_unsized();
    }
    if (is_whole && (outcome_.is_stable || read_attempts_ >= read_attempts_max)) {
        outcome_.digest = digest;
        return outcome_.contents.bytes ? LoadFinished{} : read_end();
    }
    if (read_attempts_ >= read_attempts_max) {
        return finish_with(Errno(EAGAIN));  // It shrinks as fast as it is read.
    }
    outcome_.is_stable = true;
    outcome_.contents = Contents{};
    return found(metadata);
}

LoadStep FileLoad::finish_with(Errno error) {
    outcome_.error = error;
    end_digest();
    return LoadFinished{};
}

bool FileLoad::reserve_for_digest() noexcept {
    if (budget_ == nullptr || digest_charge_.is_charged()) {
        return true;
    }
    auto charge = budget_->reserve(sizeof(DigestReading));
    if (charge) {
        digest_charge_ = *std::move(charge);
    }
    return charge.has_value();
}

void FileLoad::end_digest() noexcept {
    is_digesting_ = false;
    digesting_.reset();
    digest_charge_ = MemoryCharge();
}

FileLoad::Outcome FileLoad::take_outcome() noexcept {
    outcome_.file = std::move(file_);
    outcome_.is_strict = is_strict_;
    return std::move(outcome_);
}

}  // namespace torc::site
