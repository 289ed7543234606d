#include <torc/base/assert.hpp>

#include "scan.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

// What holds for every scanner and every input: by blocks it stops where it does by characters, and
// so it does on every part of the input, whatever its alignment. Each part is in memory of its own,
// in which AddressSanitizer sees a read beyond it.

namespace {

using Skip = const char* (*)(const char*, const char*) noexcept;

struct Pair {
    Skip blocks;
    Skip characters;
};

constexpr std::array pairs = {
    Pair{torc::http::skip_token, torc::http::scalar::skip_token},
    Pair{torc::http::skip_host, torc::http::scalar::skip_host},
    Pair{torc::http::skip_target, torc::http::scalar::skip_target},
};

void check_controls(std::string_view text) {
    const char* const end = text.data() + text.size();
    torc::http::ControlCharacters blocks(text.data(), end);
    torc::http::scalar::ControlCharacters characters(text.data(), end);
    const char* from = text.data();
    while (from != end) {
        const char* const place = blocks.next(from);
        TORC_ASSERT(place == characters.next(from));
        // How far it goes on is left to the place, so that some are passed over.
        from = place + std::min(end - place, (place - text.data()) % 5 + 1);
    }
    TORC_ASSERT(blocks.next(end) == end);
}

void check(std::string_view text) {
    const char* const end = text.data() + text.size();
    for (const Pair& pair : pairs) {
        TORC_ASSERT(pair.blocks(text.data(), end) == pair.characters(text.data(), end));
    }
    check_controls(text);
    const char* const nearby = torc::http::skip_letters_nearby(text.data(), end);
    if (nearby != nullptr) {
        TORC_ASSERT(nearby <= torc::http::scalar::skip_token(text.data(), end));
    }
    TORC_ASSERT(torc::http::plain_path_bytes(text) == torc::http::scalar::plain_path_bytes(text));
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    // Beyond a few blocks everything repeats; a long input is taken in few parts.
    const std::size_t step = size / 64 + 1;
    for (std::size_t begin = 0; begin < size; begin += step) {
        check(input.substr(begin));
        const std::vector<char> head(input.begin(),
                                     input.end() - static_cast<std::ptrdiff_t>(begin));
        check({head.data(), head.size()});
    }
    return 0;
}
