// The operations of SimProactor on files.

#include <torc/base/limits.hpp>

#include "sim/sim_operation.hpp"
#include "sim/sim_proactor.hpp"

#include <linux/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <span>
#include <utility>

namespace torc::sim {
namespace {

using namespace std::chrono_literals;

/// Of a disk that has it in memory, one that is busy, and one that hangs for a while.
constexpr Duration memory_least = 2us;
constexpr Duration memory_most = 200us;
constexpr Duration disk_least = 1ms;
constexpr Duration disk_most = 1s;
constexpr Duration hang_most = 30s;
constexpr std::uint64_t hangs_per_mille = 20;
/// So often in a row an open may find no thread or a rename in its way: no server tries for ever.
constexpr int opened_again_max = 3;

bool is_untouched(std::span<const std::byte> bytes) noexcept {
    return std::ranges::all_of(bytes, [](std::byte byte) { return byte == untouched; });
}

std::span<std::byte> bytes_of(struct statx& status) noexcept {
    return std::as_writable_bytes(std::span(&status, 1));
}

}  // namespace

Duration SimProactor::disk_time() {
    if (!machine_.strikes(Fault::slow_disk)) {
        return machine_.delay(memory_least, memory_most);
    }
    const bool hangs = machine_.random().chance(hangs_per_mille);
    return machine_.delay(disk_least, hangs ? hang_most : disk_most);
}

InodeRef SimProactor::inode_of(int fd, std::string_view user) const {
    const Descriptor* const descriptor = kernel_.descriptors().find(fd);
    if (descriptor == nullptr || descriptor->inode == nullptr) {
        kernel_.history().fail(std::string(user) + " of a descriptor that is no open file");
        return nullptr;
    }
    return descriptor->inode;
}

void SimProactor::begin_on_file(const OperationRef& operation, Duration time) {
    operation->number = ++last_operation_;
    in_flight_.emplace(operation->number, operation);
    if (operation->fd >= 0) {
        kernel_.descriptors().use(operation->fd);
    }
    kernel_.history().note("begin", operation->token.operation, operation->token.slot);
    machine_.after(time, [this, operation] {
        using enum Operation::Kind;
        if (operation->kind == Operation::Kind::open) {
            finish_open(operation);
        } else if (operation->kind == Operation::Kind::stat) {
            finish_stat(operation);
        } else if (operation->kind == Operation::Kind::read) {
            finish_read(operation);
        } else {
            complete(operation, operation->job->run());
        }
    });
}

void SimProactor::open(io::Token token, int directory, const char* path, const open_how& how,
                       Lane lane) {
    begin_on_file(std::make_shared<Operation>(Operation{.kind = Operation::Kind::open,
                                                        .token = token,
                                                        .directory = directory,
                                                        .path = path,
                                                        .path_at_first = path,
                                                        .how = &how,
                                                        .lane = lane}),
                  disk_time());
}

void SimProactor::finish_open(const OperationRef& operation) {
    if (operation->path_at_first != operation->path) {
        kernel_.history().fail("a path was changed before its opening was over");
    }
    if (opened_again_ < opened_again_max && machine_.strikes(Fault::open_again)) {
        ++opened_again_;
        const bool has_thread = operation->lane != Lane::local || machine_.random().chance(500);
        complete(operation, has_thread ? -EAGAIN : -ECANCELED);
        return;
    }
    opened_again_ = 0;
    if (machine_.strikes(Fault::descriptor_shortage)) {
        complete(operation, -EMFILE);
        return;
    }
    if (machine_.strikes(Fault::disk_errors)) {
        complete(operation, -EIO);
        return;
    }
    const Result<int> opened = kernel_.open(operation->directory, operation->path, *operation->how);
    kernel_.history().note_text("open",
                                opened ? *opened - Descriptors::first : -opened.error().value(),
                                operation->path_at_first);
    complete(operation, opened ? *opened : -opened.error().value());
}

void SimProactor::stat(io::Token token, int fd, struct statx& status, Lane lane) {
    if (inode_of(fd, "a stat") == nullptr) {
        return;
    }
    std::ranges::fill(bytes_of(status), untouched);
    begin_on_file(std::make_shared<Operation>(Operation{.kind = Operation::Kind::stat,
                                                        .token = token,
                                                        .fd = fd,
                                                        .lane = lane,
                                                        .status = &status}),
                  disk_time());
}

void SimProactor::finish_stat(const OperationRef& operation) {
    const InodeRef inode = inode_of(operation->fd, "a stat");
    if (!is_untouched(bytes_of(*operation->status))) {
        kernel_.history().fail("the memory of a stat was written before its completion");
    }
    if (machine_.strikes(Fault::disk_errors) || inode == nullptr) {
        complete(operation, -EIO);
        return;
    }
    FileTree::describe(*inode, *operation->status);
    complete(operation, 0);
}

Result<void> SimProactor::stat_at_once(int fd, struct statx& status) const noexcept {
    const InodeRef inode = inode_of(fd, "a stat");
    if (inode == nullptr || machine_.strikes(Fault::disk_errors)) {
        return std::unexpected(Errno(EIO));
    }
    FileTree::describe(*inode, status);
    return {};
}

void SimProactor::read(io::Token token, int fd, std::span<std::byte> buffer, std::uint64_t offset,
                       Lane lane) {
    const InodeRef inode = inode_of(fd, "a read");
    if (inode == nullptr) {
        return;
    }
    kernel_.tree().note_read(*inode);
    std::ranges::fill(buffer, untouched);
    begin_on_file(std::make_shared<Operation>(Operation{.kind = Operation::Kind::read,
                                                        .token = token,
                                                        .fd = fd,
                                                        .lane = lane,
                                                        .buffer = buffer,
                                                        .offset = offset}),
                  disk_time());
}

void SimProactor::finish_read(const OperationRef& operation) {
    const InodeRef inode = inode_of(operation->fd, "a read");
    if (!is_untouched(operation->buffer)) {
        kernel_.history().fail("the memory of a read was written before its completion");
    }
    if (machine_.strikes(Fault::disk_errors) || inode == nullptr) {
        complete(operation, -EIO);
        return;
    }
    const std::size_t begin = std::min<std::size_t>(operation->offset, inode->bytes.size());
    std::size_t count = std::min(operation->buffer.size(), inode->bytes.size() - begin);
    if (count > 1 && machine_.strikes(Fault::short_reads)) {
        count = machine_.random().between(1, count);
    }
    std::memcpy(operation->buffer.data(), inode->bytes.data() + begin, count);
    complete(operation, static_cast<std::int32_t>(count));
}

}  // namespace torc::sim
