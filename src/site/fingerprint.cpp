#include <torc/site/fingerprint.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace torc::site {
namespace {

using namespace std::string_view_literals;

enum class Alphabet : std::uint8_t {
    /// 0-9 and a-f.
    hexadecimal,
    /// A-Z and 2-7.
    base32,
    /// 0-9 and a-z.
    base36,
    /// 0-9, A-Z, a-z, '-' and '_'.
    base64url,
};

/// How a hash stands in a name, in front of its extension. One bit each.
enum Shape : std::uint16_t {
    dash_base64 = 1U << 0U,    ///< NAME-HASH, 8 characters of base64url.
    dot_base64 = 1U << 1U,     ///< NAME.HASH
    lone_base64 = 1U << 2U,    ///< HASH
    dash_base32 = 1U << 3U,    ///< NAME-HASH, 8 characters of base32.
    bundle = 1U << 4U,         ///< The same where NAME is that of a bundle.
    dash_hex = 1U << 5U,       ///< NAME-HASH, 8 hexadecimal digits.
    dot_hex = 1U << 6U,        ///< NAME.HASH
    dash_long_hex = 1U << 7U,  ///< NAME-HASH, 16, 20, 32, 40 or 64 hexadecimal digits.
    dot_long_hex = 1U << 8U,   ///< NAME.HASH
    lone_long_hex = 1U << 9U,  ///< HASH
    dot_hex_12 = 1U << 10U,    ///< NAME.HASH, 12 hexadecimal digits.
    dot_base36 = 1U << 11U,    ///< NAME.HASH, 10 characters of base36.
    /// Behind the hash of an image stands "_" and what was done to it.
    transformed = 1U << 12U,
};
using Shapes = std::uint16_t;

struct ShapeTraits {
    Shape shape;
    /// '\0': the hash is the whole name.
    char separator;
    Alphabet alphabet;
    std::size_t characters;
};

constexpr std::array shapes = {
    ShapeTraits{dash_base64, '-', Alphabet::base64url, 8},
    ShapeTraits{dot_base64, '.', Alphabet::base64url, 8},
    ShapeTraits{lone_base64, '\0', Alphabet::base64url, 8},
    ShapeTraits{dash_base32, '-', Alphabet::base32, 8},
    ShapeTraits{bundle, '-', Alphabet::base32, 8},
    ShapeTraits{dash_hex, '-', Alphabet::hexadecimal, 8},
    ShapeTraits{dot_hex, '.', Alphabet::hexadecimal, 8},
    ShapeTraits{dash_long_hex, '-', Alphabet::hexadecimal, 16},
    ShapeTraits{dash_long_hex, '-', Alphabet::hexadecimal, 20},
    ShapeTraits{dash_long_hex, '-', Alphabet::hexadecimal, 32},
    ShapeTraits{dash_long_hex, '-', Alphabet::hexadecimal, 40},
    ShapeTraits{dash_long_hex, '-', Alphabet::hexadecimal, 64},
    ShapeTraits{dot_long_hex, '.', Alphabet::hexadecimal, 16},
    ShapeTraits{dot_long_hex, '.', Alphabet::hexadecimal, 20},
    ShapeTraits{dot_long_hex, '.', Alphabet::hexadecimal, 32},
    ShapeTraits{dot_long_hex, '.', Alphabet::hexadecimal, 40},
    ShapeTraits{dot_long_hex, '.', Alphabet::hexadecimal, 64},
    ShapeTraits{lone_long_hex, '\0', Alphabet::hexadecimal, 16},
    ShapeTraits{lone_long_hex, '\0', Alphabet::hexadecimal, 20},
    ShapeTraits{lone_long_hex, '\0', Alphabet::hexadecimal, 32},
    ShapeTraits{dot_hex_12, '.', Alphabet::hexadecimal, 12},
    ShapeTraits{dot_base36, '.', Alphabet::base36, 10},
};

/// Which files of a directory.
enum class Reach : std::uint8_t { itself, beneath };

/// Of which kind.
enum class Files : std::uint8_t {
    /// And style sheets, WebAssembly and source maps.
    scripts,
    /// The same, images, fonts, sound and video. Not what people exchange under its name, such as
    /// JSON and PDF, and no pages.
    parts,
};

/// Who puts files there.
enum class Writer : std::uint8_t { tool, anybody };

/// Where a tool writes files whose names hold a hash of their contents.
struct Convention {
    /// The last directories of a path, wherever they are; "" is the root of the site alone.
    std::string_view directory;
    Reach reach;
    Writer writer;
    Files files;
    Shapes shapes;
};

constexpr Shapes any_hex = dash_hex | dot_hex | dash_long_hex | dot_long_hex;
constexpr Shapes esbuild = dash_base32 | bundle;

/// The table in docs/http.md, which names the tools.
constexpr std::array conventions = {
    Convention{"_app/immutable/"sv, Reach::beneath, Writer::tool, Files::parts,
               dash_base64 | dot_base64 | lone_base64 | dash_hex | dot_hex},
    Convention{"_astro/"sv, Reach::beneath, Writer::tool, Files::parts,
               dash_base64 | dot_base64 | dash_hex | dot_hex | transformed},
    Convention{"_nuxt/"sv, Reach::beneath, Writer::tool, Files::parts,
               dash_base64 | dot_base64 | lone_base64 | dash_hex | dot_hex},
    Convention{"_next/static/"sv, Reach::beneath, Writer::tool, Files::parts,
               any_hex | lone_long_hex},
    Convention{"_expo/static/"sv, Reach::beneath, Writer::tool, Files::parts, dash_long_hex},
    Convention{"_framework/"sv, Reach::beneath, Writer::tool, Files::parts, dot_base36},
    Convention{"static.files/"sv, Reach::itself, Writer::tool, Files::parts,
               dash_hex | dash_long_hex},
    Convention{"assets/"sv, Reach::beneath, Writer::anybody, Files::scripts,
               dash_base64 | dot_base64 | esbuild | any_hex},
    Convention{"assets/"sv, Reach::itself, Writer::anybody, Files::parts,
               dash_base64 | dot_base64 | esbuild | any_hex},
    Convention{"assets/images/"sv, Reach::itself, Writer::anybody, Files::parts, any_hex},
    Convention{"assets/fonts/"sv, Reach::itself, Writer::anybody, Files::parts,
               any_hex | dash_base64 | dot_base64},
    Convention{"static/js/"sv, Reach::beneath, Writer::anybody, Files::scripts,
               dot_hex | dot_long_hex},
    Convention{"static/css/"sv, Reach::beneath, Writer::anybody, Files::scripts,
               dot_hex | dot_long_hex},
    Convention{"static/media/"sv, Reach::itself, Writer::anybody, Files::parts,
               dot_hex | dot_long_hex},
    Convention{"static/image/"sv, Reach::itself, Writer::anybody, Files::parts, dot_hex},
    Convention{"static/svg/"sv, Reach::itself, Writer::anybody, Files::parts, dot_hex},
    Convention{"static/font/"sv, Reach::itself, Writer::anybody, Files::parts, dot_hex},
    Convention{"static/wasm/"sv, Reach::itself, Writer::anybody, Files::parts,
               dot_hex | dot_long_hex},
    Convention{"static/"sv, Reach::itself, Writer::anybody, Files::parts, dash_long_hex | dot_hex},
    Convention{"static/"sv, Reach::beneath, Writer::anybody, Files::parts, dot_hex_12},
    Convention{"js/"sv, Reach::itself, Writer::anybody, Files::scripts, dot_hex | dot_long_hex},
    Convention{"css/"sv, Reach::itself, Writer::anybody, Files::scripts, dot_hex | dot_long_hex},
    Convention{"img/"sv, Reach::itself, Writer::anybody, Files::parts, dot_hex},
    Convention{"fonts/"sv, Reach::itself, Writer::anybody, Files::parts, dot_hex},
    Convention{"media/"sv, Reach::itself, Writer::anybody, Files::parts,
               dot_hex | dot_long_hex | dash_base32},
    Convention{"build/"sv, Reach::beneath, Writer::anybody, Files::parts,
               dot_hex | dash_base64 | esbuild},
    Convention{"dist/"sv, Reach::beneath, Writer::anybody, Files::parts,
               dot_hex | dot_long_hex | dash_base64 | esbuild},
    // The site itself: Angular, Gatsby, Parcel and webpack write to it.
    Convention{""sv, Reach::itself, Writer::anybody, Files::scripts,
               bundle | dot_hex | dash_long_hex | dot_long_hex},
};

constexpr std::array script_extensions = {"js"sv, "mjs"sv, "css"sv, "wasm"sv, "map"sv};
constexpr std::array part_extensions = {
    "png"sv, "jpg"sv, "jpeg"sv, "gif"sv, "svg"sv,  "webp"sv, "avif"sv, "ico"sv, "woff"sv, "woff2"sv,
    "ttf"sv, "otf"sv, "eot"sv,  "mp4"sv, "webm"sv, "ogg"sv,  "mp3"sv,  "wav"sv, "m4a"sv};
/// What may stand between a hash and the extension.
constexpr std::array infixes = {"js"sv,     "mjs"sv,    "css"sv,    "chunk"sv,
                                "bundle"sv, "min"sv,    "worker"sv, "module"sv,
                                "lean"sv,   "iframe"sv, "p"sv,      "LICENSE"sv};
/// What Angular calls its bundles, and esbuild what several of them share.
constexpr std::array bundle_names = {"main"sv,    "polyfills"sv, "styles"sv,
                                     "scripts"sv, "chunk"sv,     "worker"sv};

bool contains(const auto& list, std::string_view text) noexcept {
    return std::ranges::find(list, text) != list.end();
}

constexpr bool is_upper(char c) noexcept {
    return c >= 'A' && c <= 'Z';
}
constexpr bool is_lower(char c) noexcept {
    return c >= 'a' && c <= 'z';
}
constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) noexcept {
    return is_upper(c) || is_lower(c);
}

constexpr bool is_in(Alphabet alphabet, char c) noexcept {
    switch (alphabet) {
        case Alphabet::hexadecimal:
            return is_digit(c) || (c >= 'a' && c <= 'f');
        case Alphabet::base32:
            return is_upper(c) || (c >= '2' && c <= '7');
        case Alphabet::base36:
            return is_digit(c) || is_lower(c);
        case Alphabet::base64url:
            break;
    }
    return is_digit(c) || is_letter(c) || c == '-' || c == '_';
}

/// The first word of a name that a person may have chosen: "Dark" of "DarkMode", "IMG" of
/// "IMG_2034", "2034", or a single '-' or '_'.
std::string_view first_word(std::string_view text) noexcept {
    const auto end_of = [text](std::size_t begin, auto is_part) {
        std::size_t end = begin;
        while (end < text.size() && is_part(text[end])) {
            ++end;
        }
        return end;
    };
    if (is_digit(text.front())) {
        return text.substr(0, end_of(0, is_digit));
    }
    if (!is_letter(text.front())) {
        return text.substr(0, 1);
    }
    const std::size_t capitals = end_of(0, is_upper);
    const std::size_t letters = end_of(capitals, is_lower);
    if (capitals > 1 && letters > capitals) {
        return text.substr(0, capitals - 1);  // Its last capital begins the next word.
    }
    return text.substr(0, letters);
}

bool is_vowel(char c) noexcept {
    return "aeiouyAEIOUY"sv.contains(c);
}

/// Whether it could be said: with vowels enough, and never four consonants in a row.
bool is_sayable(std::string_view letters, std::ptrdiff_t vowels_min) noexcept {
    constexpr std::size_t consonants_max = 3;
    std::size_t consonants = 0;
    for (const char letter : letters) {
        consonants = is_vowel(letter) ? 0 : consonants + 1;
        if (consonants > consonants_max) {
            return false;
        }
    }
    return std::ranges::count_if(letters, is_vowel) >= vowels_min;
}

/// How much of a text must be words and numbers for it to be one that a person has chosen. A hash
/// seldom has as much; docs/http.md says how seldom.
struct Suspicion {
    std::size_t letters_min;
    std::ptrdiff_t vowels_min;
    std::size_t digits_min;
    /// Characters of such words and numbers together.
    std::size_t characters_min;
};

/// Characters of 8 that words and numbers may have at the most, less one: where a tool alone
/// writes, of scripts and styles elsewhere, and of what else people put there.
constexpr std::size_t chosen_by_tool = 7;
constexpr std::size_t chosen_scripts = 6;
constexpr std::size_t chosen_parts = 5;

constexpr Suspicion of_base64(std::size_t characters_min) noexcept {
    return {.letters_min = 3, .vowels_min = 1, .digits_min = 3, .characters_min = characters_min};
}
/// Hashes of base32 are mostly capitals, so that they have long words by chance.
constexpr Suspicion of_base32{
    .letters_min = 5, .vowels_min = 2, .digits_min = 6, .characters_min = 5};

bool looks_chosen(std::string_view text, const Suspicion& suspicion) noexcept {
    std::size_t characters = 0;
    while (!text.empty()) {
        const std::string_view word = first_word(text);
        const bool counts = is_digit(word.front()) ? word.size() >= suspicion.digits_min
                                                   : word.size() >= suspicion.letters_min &&
                                                         is_sayable(word, suspicion.vowels_min);
        characters += counts ? word.size() : 0;
        text.remove_prefix(word.size());
    }
    return characters >= suspicion.characters_min;
}

bool is_hash(std::string_view text, Alphabet alphabet, std::size_t chosen_characters) noexcept {
    if (!std::ranges::all_of(text, [alphabet](char c) { return is_in(alphabet, c); })) {
        return false;
    }
    switch (alphabet) {
        case Alphabet::hexadecimal:
            return std::ranges::any_of(text, is_digit) && std::ranges::any_of(text, is_letter);
        case Alphabet::base32:
            return !looks_chosen(text, of_base32);
        case Alphabet::base36:
        case Alphabet::base64url:
            break;
    }
    // What is longer may hold more of them by chance.
    constexpr std::size_t short_hash_characters = 8;
    const std::size_t more = text.size() - short_hash_characters;
    return !looks_chosen(text, of_base64(chosen_characters + more));
}

/// `stem`: a name up to its extension.
bool has_shape(std::string_view stem, const ShapeTraits& traits,
               std::size_t chosen_characters) noexcept {
    if (stem.size() < traits.characters) {
        return false;
    }
    const std::size_t begin = stem.size() - traits.characters;
    const std::string_view hash = stem.substr(begin);
    if (traits.separator == '\0') {
        return begin == 0 && is_hash(hash, traits.alphabet, chosen_characters);
    }
    if (begin < 2 || stem[begin - 1] != traits.separator) {
        return false;
    }
    if (traits.shape == bundle) {
        // Nobody else calls a file like that.
        return contains(bundle_names, stem.substr(0, begin - 1)) &&
               std::ranges::all_of(hash, [](char c) { return is_in(Alphabet::base32, c); });
    }
    return is_hash(hash, traits.alphabet, chosen_characters);
}

bool ends_with_hash(std::string_view stem, Shapes wanted, std::size_t chosen_characters) noexcept {
    return std::ranges::any_of(shapes, [&](const ShapeTraits& traits) {
        return (wanted & traits.shape) != 0 && has_shape(stem, traits, chosen_characters);
    });
}

/// `text`: what is behind a hash, from its dot on, such as ".chunk.js" or ".js.map".
bool is_extension(std::string_view text, Files files) noexcept {
    text.remove_prefix(1);
    while (true) {
        const std::size_t dot = text.find('.');
        const std::string_view part = text.substr(0, dot);
        if (dot == std::string_view::npos) {
            return contains(script_extensions, part) ||
                   (files == Files::parts && contains(part_extensions, part));
        }
        text.remove_prefix(dot + 1);
        if (part == "LICENSE" && text == "txt") {
            return true;  // webpack's, of what is in the bundle of that hash.
        }
        if (!contains(infixes, part)) {
            return false;
        }
    }
}

/// Without what Astro says of how it has transformed an image: "photo.BfX9a2_k" of
/// "photo.BfX9a2_k_Z1Xy2z". Next.js says "-s" of fonts that it has cut down.
std::string_view without_suffix(std::string_view stem, Shapes wanted) noexcept {
    if (stem.ends_with("-s")) {
        return stem.substr(0, stem.size() - 2);
    }
    const std::size_t mark = stem.rfind('_');
    return (wanted & transformed) != 0 && mark != std::string_view::npos ? stem.substr(0, mark)
                                                                         : stem;
}

bool is_named_by(std::string_view name, const Convention& convention) noexcept {
    for (std::size_t dot = name.find('.', 1); dot != std::string_view::npos;
         dot = name.find('.', dot + 1)) {
        const std::string_view extension = name.substr(dot);
        if (!is_extension(extension, convention.files)) {
            continue;
        }
        const std::size_t chosen = convention.writer == Writer::tool         ? chosen_by_tool
                                   : is_extension(extension, Files::scripts) ? chosen_scripts
                                                                             : chosen_parts;
        const std::string_view stem = name.substr(0, dot);
        if (ends_with_hash(stem, convention.shapes, chosen) ||
            ends_with_hash(without_suffix(stem, convention.shapes), convention.shapes, chosen)) {
            return true;
        }
    }
    return false;
}

/// `directory`: "" or "a/b/".
bool covers(const Convention& convention, std::string_view directory) noexcept {
    const std::string_view wanted = convention.directory;
    if (wanted.empty()) {
        return directory.empty();
    }
    std::size_t at = directory.rfind(wanted);
    while (at != std::string_view::npos) {
        const bool is_whole = at == 0 || directory[at - 1] == '/';
        const bool is_last = at + wanted.size() == directory.size();
        if (is_whole && (is_last || convention.reach == Reach::beneath)) {
            return true;
        }
        at = at == 0 ? std::string_view::npos : directory.rfind(wanted, at - 1);
    }
    return false;
}

}  // namespace

bool is_fingerprinted(std::string_view path) noexcept {
    const std::size_t name_begin = path.rfind('/') + 1;
    const std::string_view directory = path.substr(0, name_begin);
    const std::string_view name = path.substr(name_begin);
    return std::ranges::any_of(conventions, [&](const Convention& convention) {
        return covers(convention, directory) && is_named_by(name, convention);
    });
}

}  // namespace torc::site
