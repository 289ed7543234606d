#include <torc/base/printable.hpp>
#include <torc/server/server_state.hpp>

namespace torc::server {

std::string ServerState::unready_reason() const {
    if (!has_started) {
        return "the server starts";
    }
    if (is_draining) {
        return "the server stops";
    }
    if (is_held_back) {
        return "an operator said so: POST /ready?state=off";
    }
    return "no directory at " + printable(lost_roots.front());
}

}  // namespace torc::server
