#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace torc::http {

/// Percent-encodes a text (RFC 3986 §2.1) piece by piece, so that it can go wherever the caller
/// likes without memory of the encoder's own. All pieces together are at most 3 times as long.
class PercentEncoder {
public:
    /// What the text becomes a part of, which decides what has to be encoded.
    enum class Part : std::uint8_t {
        /// What RFC 3986 §3.3 does not allow in a path, '%' included, for it stands for itself;
        /// '/' stays.
        path,
        /// All but letters, digits and "-._~": for a link to one name. So nothing in it means
        /// anything to HTML or to a program that splits URLs: no '&', quote, ';', '+' or ':'.
        segment,
        /// Octets that no URI may contain, and '#'; '%' stays: for a query that goes back as it
        /// came.
        query,
    };

    /// `text` outlives the encoder.
    PercentEncoder(Part part, std::string_view text) noexcept : part_(part), rest_(text) {}

    /// The next piece; empty at the end. Lives as long as the text and until the next call.
    [[nodiscard]] std::string_view next() noexcept;

private:
    Part part_;
    std::string_view rest_;
    std::array<char, 3> escape_{};
};

}  // namespace torc::http
