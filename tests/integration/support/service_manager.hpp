#pragma once

#include <torc/base/unique_fd.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace torc::test {

/// What systemd is for a service: a socket by which it is told things (sd_notify(3)), and a store
/// for descriptors.
class ServiceManagerStandIn {
public:
    /// `directory`: where its socket is.
    explicit ServiceManagerStandIn(const std::filesystem::path& directory);
    /// How many descriptors it keeps; the others it closes.
    void set_store_size(std::size_t size) { store_size_ = size; }

    /// The variables that the service is started with.
    [[nodiscard]] std::vector<std::string> environment() const;
    /// Waits for a message with that line; gives the whole message. Throws std::runtime_error when
    /// none comes.
    std::string await(std::string_view line);

    /// What it was given to keep by now, and the names, by colons.
    [[nodiscard]] const std::vector<UniqueFd>& stored() const noexcept { return stored_; }
    [[nodiscard]] std::string stored_names() const;

private:
    [[nodiscard]] std::string receive();
    void obey(const std::string& message, std::vector<UniqueFd> descriptors);

    std::size_t store_size_ = 512;
    std::filesystem::path path_;
    UniqueFd socket_;
    std::vector<std::string> messages_;
    std::vector<UniqueFd> stored_;
    std::vector<std::string> names_;
};

}  // namespace torc::test
