#include <torc/base/ascii.hpp>
#include <torc/site/load/fingerprint.hpp>

#include "load/written_text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

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
    /// The same, fonts, images, sound and video. Not what people exchange under its name, such as
    /// JSON and PDF, and no pages.
    parts,
};

/// Who puts files there: people too, unless the directory is a build tool's own.
enum class Writer : std::uint8_t { tool, anybody };

/// What a file is by its extension.
enum class Kind : std::uint8_t { script, font, media };

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

/// The table in docs/fingerprints.md, which names the tools.
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
               dash_base64 | dot_base64 | dash_base32 | any_hex},
    Convention{"assets/"sv, Reach::itself, Writer::anybody, Files::parts,
               dash_base64 | dot_base64 | dash_base32 | any_hex},
    Convention{"assets/fonts/"sv, Reach::itself, Writer::anybody, Files::parts,
               any_hex | dash_base64 | dot_base64},
    Convention{"static/js/"sv, Reach::beneath, Writer::anybody, Files::scripts,
               dot_hex | dot_long_hex},
    Convention{"static/css/"sv, Reach::beneath, Writer::anybody, Files::scripts,
               dot_hex | dot_long_hex},
    Convention{"static/media/"sv, Reach::itself, Writer::anybody, Files::parts,
               dot_hex | dot_long_hex},
    Convention{"static/font/"sv, Reach::itself, Writer::anybody, Files::parts, dot_hex},
    Convention{"static/wasm/"sv, Reach::itself, Writer::anybody, Files::parts,
               dot_hex | dot_long_hex},
    Convention{"static/"sv, Reach::itself, Writer::anybody, Files::parts, dash_long_hex | dot_hex},
    Convention{"static/"sv, Reach::beneath, Writer::anybody, Files::parts, dot_hex_12},
    Convention{"js/"sv, Reach::itself, Writer::anybody, Files::scripts, dot_hex | dot_long_hex},
    Convention{"css/"sv, Reach::itself, Writer::anybody, Files::scripts, dot_hex | dot_long_hex},
    Convention{"fonts/"sv, Reach::itself, Writer::anybody, Files::parts, dot_hex},
    Convention{"media/"sv, Reach::itself, Writer::anybody, Files::parts,
               dot_hex | dot_long_hex | dash_base32},
    Convention{"build/"sv, Reach::beneath, Writer::anybody, Files::parts,
               dot_hex | dash_base64 | dash_base32},
    Convention{"dist/"sv, Reach::beneath, Writer::anybody, Files::parts,
               dot_hex | dot_long_hex | dash_base64 | dash_base32},
    // The site itself: Angular, Gatsby, Parcel and webpack write to it.
    Convention{""sv, Reach::itself, Writer::anybody, Files::scripts,
               bundle | dot_hex | dash_long_hex | dot_long_hex},
};

constexpr std::array script_extensions = {"js"sv, "mjs"sv, "css"sv, "wasm"sv, "map"sv};
constexpr std::array font_extensions = {"woff"sv, "woff2"sv, "ttf"sv, "otf"sv, "eot"sv};
constexpr std::array media_extensions = {"png"sv,  "jpg"sv,  "jpeg"sv, "gif"sv, "svg"sv,
                                         "webp"sv, "avif"sv, "ico"sv,  "mp4"sv, "webm"sv,
                                         "ogg"sv,  "mp3"sv,  "wav"sv,  "m4a"sv};
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
    return is_digit(c) || is_upper(c) || is_lower(c) || c == '-' || c == '_';
}

/// How many characters of a text must look as if nobody had written them. Random ones of base64
/// seldom have fewer, and fewer in a tool's own directory than elsewhere would do;
/// docs/fingerprints.md has the figures.
std::size_t unwritten_min(Writer writer, Kind kind) noexcept {
    if (writer == Writer::tool) {
        return 1;
    }
    return kind == Kind::script ? 2 : 3;
}

bool is_hash(std::string_view text, Alphabet alphabet, Writer writer, Kind kind) noexcept {
    if (!std::ranges::all_of(text, [alphabet](char c) { return is_in(alphabet, c); })) {
        return false;
    }
    const auto unwritten = [text](WordShape word) {
        return text.size() - written_characters(text, word);
    };
    // Random text of one case has short words by chance.
    constexpr WordShape long_words{.letters_min = 6, .vowels_min = 2};
    constexpr WordShape words{.letters_min = 4, .vowels_min = 1};
    constexpr WordShape short_words{.letters_min = 3, .vowels_min = 1};
    switch (alphabet) {
        case Alphabet::hexadecimal:
            return std::ranges::any_of(text, is_digit) && std::ranges::any_of(text, is_lower) &&
                   (writer == Writer::tool || unwritten(words) > 0);
        case Alphabet::base32:
            return unwritten(long_words) > 1;
        case Alphabet::base36:
            return unwritten(long_words) > 0;
        case Alphabet::base64url:
            break;
    }
    // What people write in one case, dates and platforms ("12-30-45", "linux-64"), is no hash.
    const bool has_both_cases =
        std::ranges::any_of(text, is_upper) && std::ranges::any_of(text, is_lower);
    return (writer == Writer::tool || has_both_cases) &&
           unwritten(short_words) >= unwritten_min(writer, kind);
}

/// Whether images, sound and video often go by such a text though it is no hash of theirs: numbers
/// of 32 and 64 bits, addresses of devices, UUIDs and what is made of a user's address in
/// hexadecimal, the numbers of products in capitals.
bool may_be_identity(const ShapeTraits& traits) noexcept {
    constexpr std::array hash_characters = {20U, 40U, 64U};
    return traits.alphabet == Alphabet::base32 ||
           (traits.alphabet == Alphabet::hexadecimal &&
            std::ranges::find(hash_characters, traits.characters) == hash_characters.end());
}

/// `stem`: a name up to its extension.
bool has_shape(std::string_view stem, const ShapeTraits& traits, Writer writer,
               Kind kind) noexcept {
    if (stem.size() < traits.characters) {
        return false;
    }
    const std::size_t begin = stem.size() - traits.characters;
    if (traits.separator == '\0' ? begin != 0 : begin < 2 || stem[begin - 1] != traits.separator) {
        return false;
    }
    if (traits.shape == bundle && !contains(bundle_names, stem.substr(0, begin - 1))) {
        return false;
    }
    if (writer == Writer::anybody && kind == Kind::media && may_be_identity(traits)) {
        return false;
    }
    return is_hash(stem.substr(begin), traits.alphabet, writer, kind);
}

bool ends_with_hash(std::string_view stem, const Convention& convention, Kind kind) noexcept {
    return std::ranges::any_of(shapes, [&](const ShapeTraits& traits) {
        return (convention.shapes & traits.shape) != 0 &&
               has_shape(stem, traits, convention.writer, kind);
    });
}

std::optional<Kind> kind_of(std::string_view extension) noexcept {
    if (contains(script_extensions, extension)) {
        return Kind::script;
    }
    if (contains(font_extensions, extension)) {
        return Kind::font;
    }
    return contains(media_extensions, extension) ? std::optional(Kind::media) : std::nullopt;
}

/// `text`: what is behind a hash, from its dot on, such as ".chunk.js" or ".js.map". None: more
/// than an extension, or that of what no page is made of.
std::optional<Kind> kind_behind_hash(std::string_view text) noexcept {
    text.remove_prefix(1);
    while (true) {
        const std::size_t dot = text.find('.');
        const std::string_view part = text.substr(0, dot);
        if (dot == std::string_view::npos) {
            return kind_of(part);
        }
        text.remove_prefix(dot + 1);
        if (part == "LICENSE" && text == "txt") {
            return Kind::script;  // webpack's, of what is in the bundle of that hash.
        }
        if (!contains(infixes, part)) {
            return std::nullopt;
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
        const std::optional<Kind> kind = kind_behind_hash(name.substr(dot));
        if (!kind || (convention.files == Files::scripts && *kind != Kind::script)) {
            continue;
        }
        const std::string_view stem = name.substr(0, dot);
        if (ends_with_hash(stem, convention, *kind) ||
            ends_with_hash(without_suffix(stem, convention.shapes), convention, *kind)) {
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
