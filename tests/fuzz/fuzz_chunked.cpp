#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>
#include <torc/http/chunked.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// What holds for every body:
// - the decoder says what a slow one says that has the whole input at hand and follows the grammar;
// - it says the same however the input is cut.

namespace {

using torc::http::ChunkedDecoder;
using torc::http::ChunkedState;

struct Verdict {
    ChunkedState state = ChunkedState::incomplete;
    std::size_t bytes = 0;
    std::uint64_t content_bytes = 0;

    friend bool operator==(const Verdict&, const Verdict&) = default;
};

bool is_blank(char character) {
    return character == ' ' || character == '\t';
}

bool is_digit(char character) {
    return character >= '0' && character <= '9';
}

bool is_hex_digit(char character) {
    return is_digit(character) || (character >= 'a' && character <= 'f') ||
           (character >= 'A' && character <= 'F');
}

bool is_token(char character) {
    return is_digit(character) || (character >= 'a' && character <= 'z') ||
           (character >= 'A' && character <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").contains(character);
}

bool is_text(char character) {
    return is_blank(character) || (character > ' ' && character != '\x7F') || character < '\0';
}

/// RFC 9112 §7.1, a function a rule.
class SlowDecoder {
public:
    explicit SlowDecoder(std::string_view input) : input_(input) {}

    Verdict decode() {
        try {
            body();
            verdict_.state = ChunkedState::finished;
        } catch (ChunkedState state) {
            verdict_.state = state;
        }
        return verdict_;
    }

private:
    char peek() const {
        if (verdict_.bytes == input_.size()) {
            throw ChunkedState::incomplete;
        }
        return input_[verdict_.bytes];
    }
    void demand(bool condition) const {
        if (!condition) {
            throw ChunkedState::malformed;
        }
    }
    void take(std::size_t& count, std::size_t max) {
        demand(count < max);
        ++count;
        ++verdict_.bytes;
    }
    void take_extension() { take(extension_bytes_, torc::limits::chunk_extension_bytes_max); }
    void take_trailer() { take(trailer_bytes_, torc::limits::trailer_bytes_max); }
    void take_text(std::string_view text) {
        for (const char character : text) {
            demand(peek() == character);
            ++verdict_.bytes;
        }
    }

    void body() {
        std::uint64_t size = 0;
        do {
            size = chunk_size();
            chunk_extensions();
            take_text("\r\n");
            if (size > 0) {
                chunk_data(size);
            }
        } while (size > 0);
        trailer_section();
    }

    std::uint64_t chunk_size() {
        std::string digits;
        demand(is_hex_digit(peek()));
        for (; is_hex_digit(peek()); ++verdict_.bytes) {
            if (digits == "0") {
                demand(extension_bytes_ < torc::limits::chunk_extension_bytes_max);
                ++extension_bytes_;
                digits.clear();
            }
            digits += peek();
            // At most 7FFFFFFFFFFFFFFF.
            demand(digits.size() < 16 || (digits.size() == 16 && digits[0] <= '7'));
        }
        return std::stoull(digits, nullptr, 16);
    }

    bool take_blanks() {
        const bool is_blank_here = is_blank(peek());
        while (is_blank(peek())) {
            take_extension();
        }
        return is_blank_here;
    }
    void take_token() {
        demand(is_token(peek()));
        while (is_token(peek())) {
            take_extension();
        }
    }

    void chunk_extensions() {
        while (peek() != '\r') {
            take_blanks();
            demand(peek() == ';');
            take_extension();
            take_blanks();
            take_token();
            const bool has_blanks = take_blanks();
            if (peek() == '=') {
                take_extension();
                take_blanks();
                extension_value();
            } else {
                demand(!has_blanks || peek() == ';');
            }
        }
    }
    void extension_value() {
        if (peek() != '"') {
            take_token();
            return;
        }
        take_extension();
        while (peek() != '"') {
            if (peek() == '\\') {
                take_extension();
            }
            demand(is_text(peek()));
            take_extension();
        }
        take_extension();
    }

    void chunk_data(std::uint64_t size) {
        const auto available = std::min<std::uint64_t>(size, input_.size() - verdict_.bytes);
        verdict_.bytes += static_cast<std::size_t>(available);
        verdict_.content_bytes += available;
        take_text("\r\n");
    }

    void trailer_section() {
        while (peek() != '\r') {
            demand(is_token(peek()));
            while (is_token(peek())) {
                take_trailer();
            }
            demand(peek() == ':');
            take_trailer();
            while (is_text(peek())) {
                take_trailer();
            }
            take_trailer_line_end();
        }
        take_trailer_line_end();
    }
    void take_trailer_line_end() {
        for (const char character : {'\r', '\n'}) {
            demand(peek() == character);
            take_trailer();
        }
    }

    std::string_view input_;
    Verdict verdict_;
    std::size_t extension_bytes_ = 0;
    std::size_t trailer_bytes_ = 0;
};

/// Feeds `input` in pieces of that size, the first of `first_bytes`.
Verdict decode_in_pieces(std::string_view input, std::size_t first_bytes, std::size_t piece_bytes) {
    ChunkedDecoder decoder;
    Verdict verdict;
    std::size_t bytes = first_bytes;
    while (true) {
        const auto result = decoder.feed(input.substr(verdict.bytes, bytes));
        verdict.bytes += result.bytes;
        verdict.state = result.state;
        if (result.state != ChunkedState::incomplete || verdict.bytes == input.size()) {
            break;
        }
        bytes = piece_bytes;
    }
    verdict.content_bytes = decoder.content_bytes();
    TORC_ASSERT(decoder.reason().empty() == (verdict.state != ChunkedState::malformed));
    return verdict;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const Verdict whole = decode_in_pieces(input, size, size);
    TORC_ASSERT(whole == SlowDecoder(input).decode());
    TORC_ASSERT(whole == decode_in_pieces(input, 1, 1));
    // All splits of a short input; of a long one as many, spread over it.
    const std::size_t step = size / 64 + 1;
    for (std::size_t split = 0; split < size; split += step) {
        TORC_ASSERT(whole == decode_in_pieces(input, split, size));
    }
    return 0;
}
