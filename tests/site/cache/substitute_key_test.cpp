#include <torc/base/limits.hpp>
#include <torc/site/cache/substitute_key.hpp>
#include <torc/site/listing/listing_key.hpp>

#include <gtest/gtest.h>

#include <string>

namespace torc::site {
namespace {

using Kind = SubstituteKey::Kind;

TEST(SubstituteKey, IsWhatItWasWrittenAs) {
    for (const SubstituteKey key : {SubstituteKey{.kind = Kind::fallback, .path = "app/index.html"},
                                    SubstituteKey{.kind = Kind::error, .path = ""},
                                    SubstituteKey{.kind = Kind::error, .path = "a/b/"}}) {
        std::string text = "before";
        key.write(text);
        const auto parsed = SubstituteKey::parse(text);
        ASSERT_TRUE(parsed);
        EXPECT_EQ(parsed->kind, key.kind);
        EXPECT_EQ(parsed->path, key.path);
    }
}

TEST(SubstituteKey, IsNeitherAPathNorTheKeyOfAListing) {
    EXPECT_FALSE(SubstituteKey::parse("a/b"));
    EXPECT_FALSE(SubstituteKey::parse(""));
    for (const ListingFormat format : {ListingFormat::html, ListingFormat::json}) {
        for (const ListingOrder order :
             {ListingOrder::name, ListingOrder::modified, ListingOrder::size}) {
            for (const bool is_descending : {false, true}) {
                std::string text;
                ListingKey{
                    .path = "a/",
                    .style = {.format = format, .order = order, .is_descending = is_descending}}
                    .write(text);
                EXPECT_FALSE(SubstituteKey::parse(text));
            }
        }
    }
}

TEST(SubstituteKey, OfAnErrorIsTheSameInAllOfADirectory) {
    EXPECT_EQ(SubstituteKey::error_at("a/b").path, "a/");
    EXPECT_EQ(SubstituteKey::error_at("a/c").path, "a/");
    EXPECT_EQ(SubstituteKey::error_at("a/").path, "a/");
    EXPECT_EQ(SubstituteKey::error_at("a").path, "");
    EXPECT_EQ(SubstituteKey::error_at("").path, "");
}

TEST(SubstituteKey, OfAnErrorIsTheRootsForWhatIsHidden) {
    EXPECT_EQ(SubstituteKey::error_at(".git/config").path, "");
    EXPECT_EQ(SubstituteKey::error_at("a/.git/config").path, "");
    EXPECT_EQ(SubstituteKey::error_at(".well-known/a").path, ".well-known/");
}

TEST(SubstituteKey, OfAnErrorIsTheRootsForWhatIsTooLongForAnyFile) {
    const std::string directory = std::string(limits::path_bytes_max - 2, 'a') + '/';
    EXPECT_EQ(SubstituteKey::error_at(directory).path, directory);
    EXPECT_EQ(SubstituteKey::error_at(directory + 'b').path, "");
}

TEST(SubstituteKey, OfAnErrorHasABoundedNumberOfDirectories) {
    std::string path;
    for (int depth = 0; depth < 20; ++depth) {
        path += "a/";
    }
    EXPECT_EQ(SubstituteKey::error_at(path + "file").path, path.substr(0, 2 * 16));
}

}  // namespace
}  // namespace torc::site
