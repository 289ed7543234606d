#include "sim/descriptors.hpp"

#include <array>
#include <utility>

namespace torc::sim {
namespace {

std::string_view name_of(Descriptor::Kind kind) noexcept {
    constexpr std::array<std::string_view, 6> names = {"file",     "directory", "mounts",
                                                       "listener", "socket",    "notifier"};
    return names[static_cast<std::size_t>(kind)];
}

}  // namespace

int Descriptors::add(Descriptor descriptor) {
    int fd = first;
    for (const auto& [number, open] : open_) {
        if (number != fd) {
            break;
        }
        ++fd;
    }
    open_.emplace(fd, std::move(descriptor));
    return fd;
}

Descriptor* Descriptors::find(int fd) {
    const auto found = open_.find(fd);
    return found == open_.end() ? nullptr : &found->second;
}

Descriptor* Descriptors::find(int fd, Descriptor::Kind kind, std::string_view user) {
    Descriptor* const descriptor = find(fd);
    if (descriptor == nullptr) {
        history_.fail(std::string(user) + " of a descriptor that is not open");
    } else if (descriptor->kind != kind) {
        history_.fail(std::string(user) + " of a " + std::string(name_of(descriptor->kind)));
        return nullptr;
    }
    return descriptor;
}

void Descriptors::close(int fd, std::string_view user) {
    const auto found = open_.find(fd);
    if (found == open_.end()) {
        history_.fail(std::string(user) + " of a descriptor that is not open");
        return;
    }
    if (found->second.operations > 0) {
        history_.fail(std::string(user) + " of a " + std::string(name_of(found->second.kind)) +
                      " under an operation");
    }
    history_.note("close", fd - first);
    open_.erase(found);
}

std::string Descriptors::text() const {
    std::string text;
    for (const auto& [number, descriptor] : open_) {
        text += (text.empty() ? "" : ", ") + std::to_string(number - first) + " (a " +
                std::string(name_of(descriptor.kind)) +
                (descriptor.inode ? " " + FileTree::path_of(*descriptor.inode) : "") + ")";
    }
    return text;
}

}  // namespace torc::sim
