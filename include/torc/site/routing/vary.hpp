#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace torc::site {

/// The fields of a request that a response depends on, beside its target (RFC 9110 §12.5.5).
class Vary {
public:
    constexpr Vary() noexcept = default;

    /// Accept: it is HTML for some, or JSON.
    [[nodiscard]] static constexpr Vary on_media_type() noexcept { return Vary(media_type); }
    /// Accept, Sec-Fetch-Dest and Sec-Fetch-Mode, which tell that a browser opens a page (see
    /// wants_page).
    [[nodiscard]] static constexpr Vary on_navigation() noexcept {
        return Vary(media_type | navigation);
    }
    /// Accept-Encoding.
    [[nodiscard]] static constexpr Vary on_coding() noexcept { return Vary(coding); }

    friend constexpr Vary operator|(Vary left, Vary right) noexcept {
        return Vary(unsigned{left.bits_} | right.bits_);
    }
    friend constexpr bool operator==(Vary, Vary) noexcept = default;

    /// The field with its line end; empty when the response depends on nothing.
    [[nodiscard]] constexpr std::string_view field() const noexcept { return fields[bits_]; }

private:
    static constexpr unsigned media_type = 1;
    static constexpr unsigned coding = 2;
    static constexpr unsigned navigation = 4;
    /// By bits; nothing varies on navigation without the media type.
    static constexpr std::array<std::string_view, 8> fields = {
        "",
        "Vary: Accept\r\n",
        "Vary: Accept-Encoding\r\n",
        "Vary: Accept, Accept-Encoding\r\n",
        "",
        "Vary: Accept, Sec-Fetch-Dest, Sec-Fetch-Mode\r\n",
        "",
        "Vary: Accept, Accept-Encoding, Sec-Fetch-Dest, Sec-Fetch-Mode\r\n"};

    explicit constexpr Vary(unsigned bits) noexcept : bits_(static_cast<std::uint8_t>(bits)) {}

    std::uint8_t bits_ = 0;
};

}  // namespace torc::site
