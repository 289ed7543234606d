// Programs that read listings, as Debian packages them: what they make of torc's.

#include "integration/support/server_test.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace torc::test {
namespace {

namespace fs = std::filesystem;

/// Names that HTML, URLs or a program's idea of them make something else of.
constexpr std::string_view awkward_names[] = {"plain.txt",
                                              "two words.txt",
                                              "it's & more.txt",
                                              "a+b;c=d,e.txt",
                                              "50% off.txt",
                                              "q?x=1.txt",
                                              "hash#1.txt",
                                              "colon:1.txt",
                                              "(round) [square] {curly}.txt",
                                              "\"quoted\" <b>.txt",
                                              "na\u00EFve \u65E5\u672C\u8A9E.txt",
                                              "_under.txt",
                                              "a&amp;b.txt",
                                              "sub dir/inner & outer.txt",
                                              "sub dir/deep:er/plain.txt"};

class ListingClients : public ServerTest {
protected:
    void SetUp() override {
        ServerTest::SetUp();
        fs::create_directory(working_directory());
    }

    /// Where the programs run.
    [[nodiscard]] fs::path working_directory() const { return directory_.path() / "work"; }
    [[nodiscard]] std::string url(std::string_view path) {
        return "http://127.0.0.1:" + std::to_string(server().port()) + std::string(path);
    }

    [[nodiscard]] static LaunchOptions program(fs::path path, std::vector<std::string> arguments) {
        return {.program = std::move(path), .arguments = std::move(arguments)};
    }
    /// Runs a program to its end, which has to be a good one; gives what it printed.
    std::string run(LaunchOptions options) const {
        options.working_directory = working_directory();
        options.environment.push_back("HOME=" + working_directory().string());
        options.environment.emplace_back("LC_ALL=C.UTF-8");
        options.environment.emplace_back("no_proxy=*");
        const FinishedRun run = run_to_end(options);
        EXPECT_EQ(run.exit_code, 0) << run.standard_output << run.standard_error;
        return run.standard_output;
    }
    /// Python as Debian has it, with Debian's modules.
    std::string run_python(std::string_view script, std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), {"-c", std::string(script)});
        return run(program("/usr/bin/python3", std::move(arguments)));
    }

    void write_awkward_names() const {
        for (const std::string_view name : awkward_names) {
            write("tree/" + std::string(name), contents_for(name));
        }
    }
    [[nodiscard]] static std::string contents_for(std::string_view name) {
        return patterned_bytes(100 + name.size(), static_cast<unsigned>(name.size()));
    }
    /// That `copy` has the awkward names and nothing else, but for files named `also`.
    static void expect_whole_copy(const fs::path& copy, std::string_view also = {}) {
        for (const std::string_view name : awkward_names) {
            EXPECT_TRUE(is_same_bytes(contents_of(copy / name), contents_for(name))) << name;
        }
        const auto files = std::ranges::count_if(
            fs::recursive_directory_iterator(copy), [also](const fs::directory_entry& entry) {
                return entry.is_regular_file() && entry.path().filename() != also;
            });
        EXPECT_EQ(files, std::ssize(awkward_names));
    }
};

/// Skips a test whose program is not there.
#define TORC_NEEDS(path)                           \
    if (!fs::exists(path)) {                       \
        GTEST_SKIP() << (path) << " is not there"; \
    }

TORC_ON_BOTH_BACKENDS(ListingClients);

TEST_P(ListingClients, WgetCopiesATreeAndNothingTwice) {
    TORC_NEEDS("/usr/bin/wget");
    write_awkward_names();
    start(std::vector<std::string>{"--listing"});
    run(program("/usr/bin/wget",
                {"--no-verbose", "--recursive", "--no-parent", "--no-host-directories",
                 "--restrict-file-names=nocontrol", url("/tree/")}));
    // Of each directory its listing, once.
    expect_whole_copy(working_directory() / "tree", "index.html");
    EXPECT_TRUE(fs::exists(working_directory() / "tree/sub dir/deep:er/index.html"));
}

TEST_P(ListingClients, LftpMirrorsATree) {
    TORC_NEEDS("/usr/bin/lftp");
    write_awkward_names();
    start(std::vector<std::string>{"--listing"});
    run(program("/usr/bin/lftp", {"--norc", "-c",
                                  "set cmd:fail-exit yes; set net:max-retries 1; "
                                  "set http:use-propfind no; open " +
                                      url("/tree/") + "; mirror . copy"}));
    expect_whole_copy(working_directory() / "copy");
}

TEST_P(ListingClients, LftpReadsTimesAndSizes) {
    TORC_NEEDS("/usr/bin/lftp");
    write("tree/file", std::string(123'456, 'x'));
    fs::last_write_time(site() / "tree/file",
                        fs::file_time_type::clock::from_sys(std::chrono::sys_seconds(
                            std::chrono::sys_days(std::chrono::July / 20 / 2024))));
    start(std::vector<std::string>{"--listing"});
    const std::string listing =
        run(program("/usr/bin/lftp",
                    {"--norc", "-c", "set net:max-retries 1; open " + url("/tree/") + "; ls"}));
    EXPECT_TRUE(listing.contains("123456")) << listing;
    EXPECT_TRUE(listing.contains("2024-07-20 00:00")) << listing;
}

TEST_P(ListingClients, FsspecFindsATree) {
    TORC_NEEDS("/usr/lib/python3/dist-packages/fsspec");
    TORC_NEEDS("/usr/lib/python3/dist-packages/aiohttp");
    TORC_NEEDS("/usr/lib/python3/dist-packages/requests");
    write_awkward_names();
    start(std::vector<std::string>{"--listing"});
    const std::string found = run_python(
        "import sys, fsspec\n"
        "from urllib.parse import unquote\n"
        "root = sys.argv[1]\n"
        "http = fsspec.filesystem('http')\n"
        "for found in http.find(root):\n"
        "    print(unquote(found[len(root):]), len(http.cat(found)))\n",
        {url("/tree/")});
    EXPECT_EQ(std::ranges::count(found, '\n'), std::ssize(awkward_names)) << found;
    for (const std::string_view name : awkward_names) {
        EXPECT_TRUE(found.contains(std::string(name) + " " +
                                   std::to_string(contents_for(name).size()) + "\n"))
            << name << "\nis not in:\n"
            << found;
    }
}

TEST_P(ListingClients, ALinksTextIsTheNameThatItLeadsTo) {
    TORC_NEEDS("/usr/bin/python3");
    write_awkward_names();
    // Which wget and lftp have their own ideas of.
    write("tree/%41.txt", "");
    write("tree/~tilde.txt", "");
    start(std::vector<std::string>{"--listing"});
    // What media players compare to tell entries from other links, and what they resolve.
    const std::string names = run_python(
        "import sys, urllib.request\n"
        "from html.parser import HTMLParser\n"
        "from urllib.parse import unquote, urljoin\n"
        "class Links(HTMLParser):\n"
        "    href, text = None, ''\n"
        "    def handle_starttag(self, tag, attrs):\n"
        "        if tag == 'a':\n"
        "            self.href, self.text = dict(attrs)['href'], ''\n"
        "    def handle_data(self, data):\n"
        "        self.text += data\n"
        "    def handle_endtag(self, tag):\n"
        "        if tag == 'a' and self.href != '../':\n"
        "            assert unquote(self.href) == self.text, (self.href, self.text)\n"
        "            target = urljoin(url, self.href)\n"
        "            assert urllib.request.urlopen(target).status == 200\n"
        "            print(self.text)\n"
        "url = sys.argv[1]\n"
        "Links().feed(urllib.request.urlopen(url).read().decode())\n",
        {url("/tree/")});
    for (const std::string_view name : awkward_names) {
        if (!name.contains('/')) {
            EXPECT_TRUE(names.contains(std::string(name) + "\n")) << name;
        }
    }
    for (const std::string_view name : {"sub dir/", "%41.txt", "~tilde.txt"}) {
        EXPECT_TRUE(names.contains(std::string(name) + "\n")) << name;
    }
}

TEST_P(ListingClients, HttpdirfsMountsATree) {
    TORC_NEEDS("/usr/bin/httpdirfs");
    TORC_NEEDS("/dev/fuse");
    write_awkward_names();
    start(std::vector<std::string>{"--listing"});
    const fs::path mountpoint = directory_.path() / "mountpoint";
    fs::create_directory(mountpoint);
    LaunchOptions options =
        program("/usr/bin/httpdirfs", {"-f", url("/tree/"), mountpoint.string()});
    options.environment.push_back("HOME=" + working_directory().string());
    Subprocess mount(options);
    std::error_code error;
    const bool is_mounted = eventually([&] {
        return fs::exists(mountpoint / "plain.txt", error) ||
               mount.ends_within(std::chrono::milliseconds(1));
    });
    ASSERT_TRUE(is_mounted && fs::exists(mountpoint / "plain.txt", error))
        << mount.standard_error();
    expect_whole_copy(mountpoint);
    run(program("/usr/bin/fusermount3", {"-u", mountpoint.string()}));
}

/// A wheel (PEP 427) of a package that does nothing, and where it goes.
constexpr std::string_view write_wheel =
    "import sys, zipfile\n"
    "info = 'torc_example-1.0.dist-info/'\n"
    "with zipfile.ZipFile(sys.argv[1], 'w') as wheel:\n"
    "    wheel.writestr('torc_example.py', '')\n"
    "    wheel.writestr(info + 'METADATA', "
    "'Metadata-Version: 2.1\\nName: torc-example\\nVersion: 1.0\\n')\n"
    "    wheel.writestr(info + 'WHEEL', "
    "'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')\n"
    "    wheel.writestr(info + 'RECORD', '')\n";
constexpr std::string_view wheel_name = "torc_example-1.0-py3-none-any.whl";

TEST_P(ListingClients, PipFindsPackages) {
    TORC_NEEDS("/usr/lib/python3/dist-packages/pip");
    const fs::path wheel = site() / "simple/torc-example" / wheel_name;
    fs::create_directories(wheel.parent_path());
    run_python(write_wheel, {wheel.string()});
    start(std::vector<std::string>{"--listing"});
    const std::vector<std::string> download = {"-m",          "pip",
                                               "--isolated",  "--disable-pip-version-check",
                                               "--quiet",     "--no-cache-dir",
                                               "download",    "--no-deps",
                                               "torc-example"};
    const auto download_with = [&](std::vector<std::string> options, const std::string& target) {
        std::vector<std::string> arguments = download;
        arguments.insert(arguments.end(), options.begin(), options.end());
        arguments.insert(arguments.end(), {"--dest", target});
        run(program("/usr/bin/python3", arguments));
        EXPECT_EQ(contents_of(working_directory() / target / wheel_name), contents_of(wheel));
    };
    download_with({"--no-index", "--find-links", url("/simple/torc-example/")}, "links");
    // A directory for each package (PEP 503).
    download_with({"--index-url", url("/simple/")}, "index");
}

TEST_P(ListingClients, AptInstallsFromAFlatRepository) {
    TORC_NEEDS("/usr/bin/apt-get");
    TORC_NEEDS("/usr/bin/dpkg-deb");
    directory_.write("package/DEBIAN/control",
                     "Package: torc-example\nVersion: 1.0\nArchitecture: all\n"
                     "Maintainer: Nobody <nobody@localhost>\nDescription: nothing\n");
    fs::create_directory(site() / "debian");
    const std::string package = (site() / "debian/torc-example_1.0_all.deb").string();
    run(program("/usr/bin/dpkg-deb", {"--root-owner-group", "--build",
                                      (directory_.path() / "package").string(), package}));
    const std::string checksum = run(program("/usr/bin/sha256sum", {package})).substr(0, 64);
    write("debian/Packages", run(program("/usr/bin/dpkg-deb", {"--field", package})) +
                                 "Filename: ./torc-example_1.0_all.deb\nSize: " +
                                 std::to_string(fs::file_size(package)) + "\nSHA256: " + checksum +
                                 "\n");
    start(std::vector<std::string>{"--listing"});
    for (const std::string_view name : {"state/lists/partial", "cache/archives/partial", "etc"}) {
        fs::create_directories(directory_.path() / "apt" / name);
    }
    directory_.write("apt/status", "");
    const std::string list =
        directory_.write("apt/sources.list", "deb [trusted=yes] " + url("/debian/") + " ./\n")
            .string();
    const std::string apt = (directory_.path() / "apt").string();
    const auto apt_get = [&](std::vector<std::string> command) {
        std::vector<std::string> arguments = {"-qq",
                                              "-o",
                                              "Dir::State=" + apt + "/state",
                                              "-o",
                                              "Dir::State::status=" + apt + "/status",
                                              "-o",
                                              "Dir::Cache=" + apt + "/cache",
                                              "-o",
                                              "Dir::Etc=" + apt + "/etc",
                                              "-o",
                                              "Dir::Etc::sourcelist=" + list,
                                              "-o",
                                              "APT::Sandbox::User=",
                                              "-o",
                                              "Acquire::Languages=none",
                                              "-o",
                                              "Acquire::http::Proxy=false"};
        arguments.insert(arguments.end(), command.begin(), command.end());
        run(program("/usr/bin/apt-get", arguments));
    };
    apt_get({"update"});
    apt_get({"download", "torc-example"});
    EXPECT_EQ(contents_of(working_directory() / "torc-example_1.0_all.deb"), contents_of(package));
    // Again, with what it has: most is not modified.
    apt_get({"update"});
}

TEST_P(ListingClients, CurlGetsNoLinksToOtherOrders) {
    TORC_NEEDS("/usr/bin/curl");
    write_awkward_names();
    start(std::vector<std::string>{"--listing"});
    const std::string page = run(program("/usr/bin/curl", {"--silent", "--fail", url("/tree/")}));
    EXPECT_FALSE(page.contains("href=\"?")) << page;
    EXPECT_FALSE(page.contains("href=\"./")) << page;
    EXPECT_TRUE(page.contains("<a href=\"it%27s%20%26%20more.txt\">it's &amp; more.txt</a>"))
        << page;
}

}  // namespace
}  // namespace torc::test
