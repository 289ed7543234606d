#include "option_hints.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace torc::config {
namespace {

const std::vector<std::string> options = {"--port", "--address", "--io",       "--listing",
                                          "--spa",  "--workers", "--log-level"};

TEST(OptionHints, FindTheNameThatWasMeant) {
    struct Case {
        std::string_view written;
        std::string_view meant;
    };
    for (const auto& [written, meant] : std::vector<Case>{{"--prot", "--port"},
                                                          {"--ports", "--port"},
                                                          {"--pot", "--port"},
                                                          {"--Port", "--port"},
                                                          {"--adress", "--address"},
                                                          {"--addrses", "--address"},
                                                          {"--log_level", "--log-level"},
                                                          {"--loglevel", "--log-level"},
                                                          {"--lisitng", "--listing"},
                                                          {"--add", "--address"},
                                                          {"--work", "--workers"},
                                                          {"--lo", "--log-level"}}) {
        EXPECT_EQ(nearest_name(written, options), meant) << written;
    }
}

TEST(OptionHints, FindNothingWhereNothingIsNear) {
    for (const std::string_view written :
         {"", "-x", "--", "--unknown", "--l", "--proxy", "--colour"}) {
        EXPECT_EQ(nearest_name(written, options), "") << written;
    }
}

TEST(OptionHints, TellTheWayOfTorcForTheNamesOfOthers) {
    struct Case {
        std::string_view argument;
        std::string_view part;
    };
    for (const auto& [argument, part] : std::vector<Case>{{"--host", "--address"},
                                                          {"--bind", "--address"},
                                                          {"-b", "--address"},
                                                          {"-l", "--port"},
                                                          {"--listen=3000", "--port"},
                                                          {"-o", "--open"},
                                                          {"-C", "--cors"},
                                                          {"--gzip", "--codings"},
                                                          {"-g", "--codings"},
                                                          {"--brotli", "--codings"},
                                                          {"-s", "--spa"},
                                                          {"--single", "--spa"},
                                                          {"-d", "torc DIR"},
                                                          {"--root=/srv", "torc DIR"},
                                                          {"--directory", "torc DIR"},
                                                          {"-u", "--codings off"},
                                                          {"--no-clipboard", "leave"},
                                                          {"-n", "leave it out"},
                                                          {"--cache", "max-age"},
                                                          {"--silent", "--access-log"},
                                                          {"-S", "--access-log"},
                                                          {"-q", "--access-log off"},
                                                          {"--threads", "--workers"},
                                                          {"--ssl", "terminator"},
                                                          {"--tls", "terminator"},
                                                          {"--cert=a.pem", "TLS"},
                                                          {"-P", "--spa"},
                                                          {"--proxy", "forwards"},
                                                          {"--browse", "--listing"},
                                                          {"--conf=a.toml", "--config"},
                                                          {"--no-cache", "*=no-store"},
                                                          {"--fallback", "--spa index.html"},
                                                          {"-H", "--hidden"},
                                                          {"--no-dotfiles", "leave it out"},
                                                          {"-i", "--listing"},
                                                          {"-P", "--symlinks none"},
                                                          {"--auth", "passwords"},
                                                          {"--mimetypes", "--type"},
                                                          {"--index-files", "--index"},
                                                          {"--strictPort", "leave it out"},
                                                          {"--page404=x.html", "404.html"},
                                                          {"--route-prefix", "prefix"},
                                                          {"--upload-files", "no uploads"},
                                                          {"--no-etag", "leave it out"},
                                                          {"--http2", "TLS terminator"},
                                                          {"--forward-all", "forwards nothing"},
                                                          {"--watch", "reloads no pages"},
                                                          {"--maxconn", "LimitNOFILE="}}) {
        const std::string text = explain_unknown_option(argument, options);
        EXPECT_TRUE(text.starts_with("torc has no -")) << text;
        EXPECT_TRUE(text.contains(part)) << argument << ": " << text;
        EXPECT_FALSE(text.contains('\n')) << text;
    }
}

TEST(OptionHints, NameTheOptionWithoutItsValue) {
    EXPECT_EQ(explain_unknown_option("--prot=80", options),
              "torc has no option --prot; did you mean --port? See torc --help");
    EXPECT_EQ(explain_unknown_option("-x80", options), "torc has no option -x; see torc --help");
}

}  // namespace
}  // namespace torc::config
