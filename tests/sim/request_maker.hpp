#pragma once

#include "sim/machine.hpp"
#include "sim/message.hpp"

#include <string>
#include <utility>
#include <vector>

namespace torc::sim {

/// Makes the requests of one client, of which it knows what they mean because it means it.
class RequestMaker {
public:
    /// `favourite`: what all clients of a run ask for more often, so that it is cached, looked at
    /// again and changed meanwhile.
    RequestMaker(Random random, std::string favourite)
        : random_(random), favourite_(std::move(favourite)) {}

    /// All paths that it may ask for, decoded and normalised.
    [[nodiscard]] static std::vector<std::string> paths();

    [[nodiscard]] Request make();
    /// A response to a request for a file, whose validators later requests may use.
    void remember(const Request& request, const Response& response);

private:
    struct Known {
        std::string path;
        std::string tag;
        std::string date;
        Contents contents;
    };

    [[nodiscard]] Request make_refused();
    /// A spelling of the path that means the same.
    [[nodiscard]] std::string spelled(const std::string& path);
    [[nodiscard]] std::string fields_for(Request& request);
    void add_conditions(Request& request, std::string& fields);
    void add_range(Request& request, std::string& fields);

    Random random_;
    std::string favourite_;
    std::vector<Known> known_;
};

}  // namespace torc::sim
