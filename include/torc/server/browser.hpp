#pragma once

#include <torc/base/event_fd.hpp>
#include <torc/base/unique_fd.hpp>

#include <sys/types.h>

#include <string>
#include <thread>
#include <vector>

namespace torc::server {

/// The program and arguments that show `url`: the first command of `preference`, as $BROWSER has
/// them ("firefox", "w3m %s:lynx"), else xdg-open(1).
[[nodiscard]] std::vector<std::string> browser_command(const std::string& preference,
                                                       const std::string& url);

/// Shows a URL in the browser that the user prefers, in a session of its own, so that Ctrl-C does
/// not reach it. What goes wrong is a warning.
class Browser {
public:
    explicit Browser(const std::string& url);
    Browser(const Browser&) = delete;
    Browser& operator=(const Browser&) = delete;
    /// Leaves a browser that still runs alone.
    ~Browser();

private:
    /// On a thread of its own, as a program may take as long as it likes: waits for the end.
    void watch() const;

    std::vector<std::string> command_;
    pid_t pid_ = -1;
    UniqueFd process_;
    /// Readable once nobody waits for the program any longer.
    EventFd abandoned_;
    std::thread watcher_;
};

}  // namespace torc::server
