#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace torc::site {

/// A hash of a file's contents (XXH3, 128 bits): the same on every machine. Two files by accident
/// never have the same; whoever wants to can make two that do, for it is no cryptographic hash.
struct Digest {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    [[nodiscard]] static Digest of(std::string_view contents) noexcept;

    friend bool operator==(const Digest&, const Digest&) noexcept = default;
};

/// Makes a digest of contents that come piece by piece.
class Digester {
public:
    Digester();
    Digester(const Digester&) = delete;
    Digester& operator=(const Digester&) = delete;
    ~Digester();

    void add(std::span<const char> piece) noexcept;
    /// Of all that came so far.
    [[nodiscard]] Digest digest() const noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace torc::site
