// Many changes at once: who asks for something else is answered as ever, and what changed shows.

#include "integration/support/server_test.hpp"

#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>

namespace torc::test {
namespace {

constexpr int directories = 300;
constexpr int files_each = 4;

class ChangeStorm : public ServerTest {
protected:
    [[nodiscard]] static std::string directory(int i) { return "d" + std::to_string(i); }
    [[nodiscard]] static std::string file(int i, int j) {
        return directory(i) + "/" + std::to_string(j) + ".txt";
    }

    void SetUp() override {
        ServerTest::SetUp();
        write("innocent.txt", innocent_body);
        for (int i = 0; i < directories; ++i) {
            for (int j = 0; j < files_each; ++j) {
                write(file(i, j), "before");
            }
        }
        start();
        cache_all();
        cache_all();  // Now that the directories are watched.
    }
    void cache_all() {
        for (int client = 0; client < 4; ++client) {
            HttpClient connection = connect();
            for (int i = 0; i < directories; ++i) {
                for (int j = 0; j < files_each; ++j) {
                    ASSERT_EQ(connection.get("/" + file(i, j)).status, 200);
                }
            }
        }
    }
    /// Runs `storm` beside a client that asks for something else all the time, and gives what that
    /// client complains of.
    template <typename Storm>
    [[nodiscard]] std::string complaint_during(Storm storm) {
        std::string complaint;
        std::atomic<bool> is_over = false;
        std::atomic<int> responses = 0;
        std::thread client([&] {
            try {
                HttpClient connection = connect();
                while (!is_over || responses == 0) {
                    const Response response = connection.get("/innocent.txt");
                    if (response.status != 200 || response.body != innocent_body) {
                        complaint = response.head + response.body;
                        return;
                    }
                    ++responses;
                }
            } catch (const std::exception& error) {
                complaint = error.what();
            }
        });
        storm();
        is_over = true;
        client.join();
        return complaint;
    }
    /// Whether every file of some directories is answered as is now right, soon after a storm.
    void expect_everywhere(int status, const std::string& body) {
        for (int i = 0; i < directories; i += 50) {
            EXPECT_TRUE(eventually_serves("/" + file(i, 0), status, body)) << file(i, 0);
        }
    }

    const std::string innocent_body = "nothing happens to this file";
};

TORC_ON_BOTH_BACKENDS(ChangeStorm);

TEST_P(ChangeStorm, OfPermissionsLeavesEveryResponseRight) {
    EXPECT_EQ(complaint_during([this] {
                  for (int round = 0; round < 10; ++round) {
                      for (int i = 0; i < directories; ++i) {
                          const mode_t mode = round % 2 == 0 ? 0700 : 0755;
                          ASSERT_EQ(::chmod((site() / directory(i)).c_str(), mode), 0);
                      }
                  }
              }),
              "");
    expect_everywhere(200, "before");
    for (int i = 0; i < directories; i += 50) {
        write(file(i, 0), "after");
    }
    expect_everywhere(200, "after");
}

TEST_P(ChangeStorm, OfNewDirectoriesLeavesEveryResponseRight) {
    EXPECT_EQ(complaint_during([this] {
                  for (int i = 0; i < 3000; ++i) {
                      std::filesystem::create_directory(site() / ("new" + std::to_string(i)));
                  }
              }),
              "");
    expect_everywhere(200, "before");
    write("new2999/index.html", "new");
    EXPECT_TRUE(eventually_serves("/new2999/", 200, "new"));
}

TEST_P(ChangeStorm, OfRenamedDirectoriesShowsEachWhereItIs) {
    EXPECT_EQ(complaint_during([this] {
                  for (int i = 0; i < directories; ++i) {
                      std::filesystem::rename(site() / directory(i),
                                              site() / ("moved-" + directory(i)));
                  }
              }),
              "");
    expect_everywhere(404, "");
    for (int i = 0; i < directories; i += 50) {
        EXPECT_TRUE(eventually_serves("/moved-" + file(i, 1), 200, "before"));
        write("moved-" + file(i, 1), "after");
        EXPECT_TRUE(eventually_serves("/moved-" + file(i, 1), 200, "after"));
    }
}

TEST_P(ChangeStorm, OfDeletedDirectoriesShowsThatTheyAreGone) {
    EXPECT_EQ(complaint_during([this] {
                  for (int i = 0; i < directories; ++i) {
                      std::filesystem::remove_all(site() / directory(i));
                  }
              }),
              "");
    expect_everywhere(404, "");
    write(file(0, 0), "made anew");
    EXPECT_TRUE(eventually_serves("/" + file(0, 0), 200, "made anew"));
}

TEST_P(ChangeStorm, OfWritesShowsEveryFileAsItIsWithinASecond) {
    using Clock = std::chrono::steady_clock;
    // The promise is one second; the rest is for a machine that does other things too.
    constexpr auto patience = std::chrono::milliseconds(2500);
    EXPECT_EQ(complaint_during([this] {
                  for (int round = 0; round < 3; ++round) {
                      for (int i = 0; i < directories; ++i) {
                          for (int j = 0; j < files_each; ++j) {
                              write(file(i, j), "after " + std::to_string(round));
                          }
                      }
                  }
              }),
              "");
    const auto written = Clock::now();
    EXPECT_TRUE(eventually_serves("/" + file(directories - 1, files_each - 1), 200, "after 2"));
    EXPECT_LT(Clock::now() - written, patience);
    expect_everywhere(200, "after 2");
}

}  // namespace
}  // namespace torc::test
