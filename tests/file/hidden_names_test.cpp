#include <torc/base/limits.hpp>
#include <torc/file/hidden_names.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace torc::file {
namespace {

bool is_hidden(std::string_view path, const std::vector<std::string>& shown = {}) {
    return HiddenNames(shown).hide(path);
}

TEST(HiddenNames, HideWhatBeginsWithADot) {
    for (const char* path :
         {".git", ".git/config", "a/.htpasswd", "a/.b/c", "...", ".well-knownx", ".well-know",
          "a/.well-known/x", ".well-known/.x", ".well-known/.well-known", ".WELL-KNOWN/x", "a/."}) {
        EXPECT_TRUE(is_hidden(path)) << path;
    }
}

// RFC 8615.
TEST(HiddenNames, DoNotHideWellKnownInTheRoot) {
    for (const char* path :
         {".well-known", ".well-known/", ".well-known/acme-challenge/x", "", "a.b/c.", "a/b"}) {
        EXPECT_FALSE(is_hidden(path)) << path;
    }
}

TEST(HiddenNames, LetOutWhatHasANameThatIsShown) {
    const std::vector<std::string> shown = {".treeinfo", ".z*"};
    for (const char* path : {".treeinfo", "os/.treeinfo", "a/.zgroup", ".zarray", ".zdata/x"}) {
        EXPECT_FALSE(is_hidden(path, shown)) << path;
    }
    for (const char* path : {".treeinfo2", ".git/.treeinfo", ".a/.zgroup", ".treeinfo/.b"}) {
        EXPECT_TRUE(is_hidden(path, shown)) << path;
    }
}

TEST(HiddenNames, LetOutWhatHasAPathThatIsShown) {
    const std::vector<std::string> shown = {"/os/.treeinfo", "/.config/site/*"};
    EXPECT_FALSE(is_hidden("os/.treeinfo", shown));
    EXPECT_TRUE(is_hidden(".treeinfo", shown));
    EXPECT_FALSE(is_hidden(".config/site/a.css", shown));
    EXPECT_FALSE(is_hidden(".config/site/", shown));
    EXPECT_TRUE(is_hidden(".config/other", shown));
    EXPECT_TRUE(is_hidden(".config", shown));
}

TEST(HiddenNames, LetOutEachSegmentByAGlobOfItsOwn) {
    EXPECT_FALSE(is_hidden(".a/x/.b/.c", {".c", "/.a", "*/.b"}));
    EXPECT_TRUE(is_hidden(".a/x/.b/.c", {".c", "/.a"}));
    EXPECT_TRUE(is_hidden(".a/x/.b/.c", {".b", "/.a/x/.c"}));
}

TEST(HiddenNames, LetOutNoMoreSegmentsInOnePathThanTheirLimit) {
    const auto path_of = [](std::size_t segments) {
        std::string path;
        for (std::size_t count = 0; count < segments; ++count) {
            path += ".a/";
        }
        return path + "x";
    };
    for (const char* glob : {"/.a/*", ".a", "*"}) {
        EXPECT_FALSE(is_hidden(path_of(HiddenNames::dotted_segments_max), {glob})) << glob;
        EXPECT_TRUE(is_hidden(path_of(HiddenNames::dotted_segments_max + 1), {glob})) << glob;
    }
}

TEST(HiddenNames, LetOutNoPathThatIsTooLongForTheKernel) {
    const std::string longest = ".a/" + std::string(limits::path_bytes_max - 4, 'x');
    EXPECT_FALSE(is_hidden(longest, {"/.a/*"}));
    EXPECT_TRUE(is_hidden(longest + 'x', {"/.a/*"}));
    EXPECT_FALSE(is_hidden(longest.substr(3) + "xxxx", {"/.a/*"}));
}

TEST(HiddenNames, NeverLetOutSecretsByAWildcard) {
    const std::vector<std::string> shown = {"*", ".*", "/.*", "/*/.*", ".git*", "/.env*"};
    for (const char* path : {".git/config", "a/.git/HEAD", ".env", ".env.local", ".envrc",
                             ".ssh/id", "a/.htpasswd", ".svn/wc.db", ".npmrc", ".bash_history"}) {
        EXPECT_TRUE(is_hidden(path, shown)) << path;
    }
    for (const char* path : {".gitignore", ".editorconfig", "a/.b/c"}) {
        EXPECT_FALSE(is_hidden(path, shown)) << path;
    }
}

TEST(HiddenNames, NeverLetOutSecretsOfTheKindByAWildcard) {
    for (const char* path : {".cargo/credentials.toml",
                             ".gem/credentials",
                             ".m2/settings.xml",
                             ".s3cfg",
                             ".boto",
                             ".yarnrc.yml",
                             ".gitconfig",
                             ".git-credentials",
                             ".ftpconfig",
                             ".vscode/sftp.json",
                             ".config/gh/hosts.yml",
                             ".terraform/terraform.tfstate",
                             ".terraform.d/x",
                             ".password-store/x",
                             ".mylogin.cnf",
                             ".cvspass",
                             ".fetchmailrc",
                             ".msmtprc",
                             ".remote-sync.json",
                             ".rclone.conf",
                             ".ansible_vault",
                             ".passwd",
                             ".secret",
                             ".secrets",
                             ".key.pem",
                             ".server.key",
                             ".docker/config.json",
                             ".kube/config",
                             ".aws/credentials",
                             ".gnupg/x",
                             ".pgpass",
                             ".my.cnf",
                             ".netrc",
                             ".smbcredentials",
                             ".vault-token",
                             ".zsh_history",
                             ".zhistory",
                             ".node_repl_history",
                             ".config.php.swp"}) {
        EXPECT_TRUE(is_hidden(path, {".*", "/.*", "*"})) << path;
        EXPECT_TRUE(is_hidden("a/" + std::string(path), {".*", "*"})) << path;
    }
}

TEST(HiddenNames, NeverLetOutCopiesOfSecretsByAWildcard) {
    for (const char* path :
         {".htpasswd~", ".htpasswd.bak", ".npmrc.bak", ".git~/config", ".git.bak/config",
          ".git_old/config", ".git2/config", ".ssh.old/id", ".env.bak", ".bash_history~"}) {
        EXPECT_TRUE(is_hidden(path, {".*", ".git*"})) << path;
    }
}

TEST(HiddenNames, NeverLetOutSecretsInCapitalsByAWildcard) {
    for (const char* path : {".ENV", ".Env.local", ".Git/config", ".GIT.BAK/config", ".SSH/id",
                             ".Htpasswd", ".NPMRC", ".BASH_HISTORY", ".Xauthority"}) {
        EXPECT_TRUE(is_hidden(path, {".*"})) << path;
    }
    EXPECT_TRUE(is_hidden(".Git/config", {".git"}));
}

TEST(HiddenNames, LetOutByAWildcardWhatOnlyBeginsLikeASecret) {
    for (const char* path :
         {".gitignore", ".gitattributes", ".gitmodules", ".github/x", ".gitlab-ci.yml",
          ".dockerignore", ".npmignore", ".nojekyll", ".treeinfo", ".zgroup", ".htmlhintrc",
          ".prettierrc", ".eslintrc.json", ".browserslistrc", ".buildinfo"}) {
        EXPECT_FALSE(is_hidden(path, {".*"})) << path;
    }
}

TEST(HiddenNames, LetOutSecretsThatAreNamed) {
    EXPECT_FALSE(is_hidden("a/.git/HEAD", {".git"}));
    EXPECT_FALSE(is_hidden("repository/.git/HEAD", {"/repository/.git"}));
    EXPECT_FALSE(is_hidden("repository/.git/HEAD", {"/*/.git/*"}));
    EXPECT_TRUE(is_hidden("other/.git/HEAD", {"/repository/.git"}));
    EXPECT_TRUE(is_hidden(".git/.env", {".git", "*"}));
    EXPECT_FALSE(is_hidden(".env.example", {".env.example"}));
    EXPECT_FALSE(is_hidden(".config/site/a.css", {"/.config/*"}));
    EXPECT_FALSE(is_hidden(".git.bak/config", {".git.bak"}));
    EXPECT_TRUE(is_hidden(".git.bak/config", {".git"}));
}

TEST(HiddenNames, HideNamesOfTheRootInAnySpellingAndWithAnySuffix) {
    HiddenNames hidden({".*"});
    hidden.hide_in_root("_headers");
    hidden.hide_in_root("_redirects");
    for (const char* path : {"_headers", "_redirects", "_REDIRECTS", "_Headers", "_redirects.gz",
                             "_headers.br", "_headers.", "_headers/", "_redirects/a.html"}) {
        EXPECT_TRUE(hidden.hide(path)) << path;
    }
    for (const char* path : {"a/_headers", "_header", "_headersx", "_headers-2", "headers", "",
                             "a_redirects", ".treeinfo"}) {
        EXPECT_FALSE(hidden.hide(path)) << path;
    }
    EXPECT_NE(hidden, HiddenNames({".*"}));
}

}  // namespace
}  // namespace torc::file
