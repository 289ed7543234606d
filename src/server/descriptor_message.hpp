#pragma once

#include <torc/base/unique_fd.hpp>

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace torc::server {

/// A message of a Unix-domain socket that may carry descriptors (SCM_RIGHTS of unix(7)).
class DescriptorMessage {
public:
    /// As many as go with one message: the kernel takes 253.
    static constexpr std::size_t descriptors_max = 250;

    /// `text` outlives it; a message that is received is written there.
    explicit DescriptorMessage(std::span<char> text) noexcept
        : text_{.iov_base = text.data(), .iov_len = text.size()} {
        header_.msg_iov = &text_;
        header_.msg_iovlen = 1;
    }
    DescriptorMessage(const DescriptorMessage&) = delete;
    DescriptorMessage& operator=(const DescriptorMessage&) = delete;

    /// Of a datagram socket without a peer; outlives the message.
    void set_address(sockaddr* address, socklen_t length) noexcept {
        header_.msg_name = address;
        header_.msg_namelen = length;
    }
    /// Precondition: no more than descriptors_max.
    void attach(std::span<const int> descriptors) noexcept {
        if (descriptors.empty()) {
            return;
        }
        header_.msg_control = control_.data();
        header_.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
        cmsghdr* const control = CMSG_FIRSTHDR(&header_);
        control->cmsg_level = SOL_SOCKET;
        control->cmsg_type = SCM_RIGHTS;
        control->cmsg_len = CMSG_LEN(descriptors.size_bytes());
        std::memcpy(CMSG_DATA(control), descriptors.data(), descriptors.size_bytes());
    }
    /// As sendmsg(2).
    [[nodiscard]] ssize_t send(int socket) noexcept {
        return ::sendmsg(socket, &header_, MSG_NOSIGNAL);
    }
    /// As recvmsg(2), without waiting; appends what comes to `descriptors`. -1 also when there are
    /// too few descriptors left for what came.
    [[nodiscard]] ssize_t receive(int socket, std::vector<UniqueFd>& descriptors) {
        header_.msg_control = control_.data();
        header_.msg_controllen = control_.size();
        const ssize_t received = ::recvmsg(socket, &header_, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        if (received < 0) {
            return received;
        }
        for (cmsghdr* control = CMSG_FIRSTHDR(&header_); control != nullptr;
             control = CMSG_NXTHDR(&header_, control)) {
            if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) {
                continue;
            }
            const std::size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            for (std::size_t index = 0; index < count; ++index) {
                int descriptor = -1;
                std::memcpy(&descriptor, CMSG_DATA(control) + index * sizeof descriptor,
                            sizeof descriptor);
                descriptors.emplace_back(descriptor);
            }
        }
        return (header_.msg_flags & MSG_CTRUNC) == 0 ? received : -1;
    }

private:
    iovec text_;
    msghdr header_{};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(descriptors_max * sizeof(int))> control_{};
};

}  // namespace torc::server
