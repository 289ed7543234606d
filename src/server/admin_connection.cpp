#include <torc/http/request_parser.hpp>
#include <torc/server/admin_connection.hpp>

#include <fmt/format.h>

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <variant>

namespace torc::server {
namespace {

constexpr http::ParseLimits parse_limits{.line_bytes_max = 1024,
                                         .head_bytes_max = AdminConnection::request_bytes_max / 2,
                                         .fields_max = 64};

}  // namespace

short AdminConnection::awaits() const noexcept {
    switch (state_) {
        case State::reading:
            return POLLIN;
        case State::ordered:
            return POLLRDHUP;
        case State::writing:
            return POLLOUT;
        case State::ended:
            break;
    }
    return 0;
}

void AdminConnection::go_on(short events, MonotonicTime now) {
    if (state_ == State::reading && events != 0) {
        read(now);
    }
    if (state_ == State::ordered) {
        if (const auto result = order_->result()) {
            respond(wants_text_ ? tell_as_text(*result)
                                : tell_as_json(order_->order(), *result, host_->state().generation),
                    now);
        } else if ((events & (POLLHUP | POLLERR)) != 0) {
            end();
        }
    }
    if (state_ == State::writing) {
        write();
    }
    if (now >= deadline_) {
        end();
    }
}

void AdminConnection::read(MonotonicTime now) {
    std::array<char, 4096> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): is received.
    const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (count <= 0) {
        if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
            end();
        }
        return;
    }
    input_.append(buffer.data(), static_cast<std::size_t>(count));
    const auto request = std::make_unique<http::Request>();
    const http::ParseResult parsed = http::parse_request(input_, 0, *request, parse_limits);
    switch (parsed.state) {
        case http::ParseState::incomplete:
            break;
        case http::ParseState::malformed:
            respond(refuse_admin_request(parsed.status, parsed.reason), now);
            break;
        case http::ParseState::parsed:
            // Bodies mean nothing here; one that comes is left unread.
            take(*request, now);
            break;
    }
}

void AdminConnection::take(const http::Request& request, MonotonicTime now) {
    is_head_only_ = request.method == http::Method::head;
    wants_text_ = request.value(http::FieldName::accept).starts_with("text/plain");
    const auto found =
        take_admin_request(request, scope_, host_->state(), [this] { return host_->observe(); });
    if (const auto* response = std::get_if<AdminResponse>(&found)) {
        respond(*response, now);
        return;
    }
    order_ = host_->give(std::get<Order>(found));
    state_ = State::ordered;
    deadline_ = never;
}

void AdminConnection::respond(const AdminResponse& response, MonotonicTime now) {
    output_ = fmt::format(
        "{}Content-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n"
        "{}Connection: close\r\n\r\n{}",
        http::status_line(response.status), response.content_type, response.content.size(),
        response.field, is_head_only_ ? std::string_view() : response.content);
    state_ = State::writing;
    deadline_ = now + time_max;
}

void AdminConnection::write() {
    while (written_bytes_ < output_.size()) {
        const ssize_t count = ::send(socket_.get(), output_.data() + written_bytes_,
                                     output_.size() - written_bytes_, MSG_NOSIGNAL);
        if (count < 0) {
            if (errno != EAGAIN && errno != EINTR) {
                end();
            }
            return;
        }
        written_bytes_ += static_cast<std::size_t>(count);
    }
    ::shutdown(socket_.get(), SHUT_WR);
    end();
}

}  // namespace torc::server
