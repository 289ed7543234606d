#pragma once

#include <torc/base/unique_fd.hpp>

#include "integration/support/subprocess.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::test {

/// A connection that did not do what the test needs: reset, ended or silent, or an answer that is
/// not HTTP.
class ClientError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// An answer, as strictly read as RFC 9112 allows.
struct Response {
    /// 0 or 1: of HTTP/1.0 or HTTP/1.1.
    int version_minor = 1;
    int status = 0;
    std::string reason;
    /// As sent, the empty line included.
    std::string head;
    std::vector<std::pair<std::string, std::string>> fields;
    /// Without the chunked coding.
    std::string body;
    /// The end of the connection was the end of the body (RFC 9112 §6.3, item 8).
    bool ends_with_connection = false;

    /// The value of the only field of that name, compared without case; nothing when there is none
    /// or more than one.
    [[nodiscard]] std::optional<std::string> field(std::string_view name) const;
    /// How many field lines have that name.
    [[nodiscard]] std::size_t count(std::string_view name) const;
    /// Whether the connection ends after it (RFC 9112 §9.3).
    [[nodiscard]] bool is_last() const;
};

/// Compares without the case of ASCII letters.
[[nodiscard]] bool equals_ignoring_case(std::string_view left, std::string_view right);

/// How a connection came to its end.
enum class Ending : std::uint8_t { orderly, reset };

/// A TCP connection to 127.0.0.1 that speaks bytes; nothing is sent that the test did not write.
/// Every wait has a deadline. Failures are thrown as ClientError.
class HttpClient {
public:
    /// `receive_buffer_bytes`: small, for a client that can take little ahead of what it reads; 0:
    /// as the kernel likes. `timeout`: of each wait.
    explicit HttpClient(std::uint16_t port, int receive_buffer_bytes = 0,
                        std::chrono::seconds timeout = patience);

    /// A connection to the Unix-domain socket at `path` instead.
    explicit HttpClient(const std::filesystem::path& path);

    /// Sends all of `bytes`.
    void send(std::string_view bytes);
    /// Sends no more; the peer sees the end of the stream, and can still answer.
    void finish_sending();
    /// Closes with a reset, as a killed client does.
    void reset();

    /// Receives an answer with its body, an interim one (1xx) too. `method`: of the request that it
    /// answers, for HEAD is answered without a body.
    [[nodiscard]] Response receive_response(std::string_view method = "GET");
    /// The head alone; the body is then to be received.
    [[nodiscard]] Response receive_head();
    /// Exactly `count` bytes.
    [[nodiscard]] std::string receive(std::size_t count);
    /// All that comes before the end.
    struct Rest {
        std::string bytes;
        Ending ending = Ending::orderly;
    };
    [[nodiscard]] Rest receive_to_end();
    /// Waits for a byte, or for the end without one; gives how that came about.
    [[nodiscard]] std::optional<Ending> ending();
    /// True when the peer ends the connection in order, without another byte.
    [[nodiscard]] bool is_at_end() { return ending() == Ending::orderly; }

    /// Sends a request of HTTP/1.1 and receives its answer. `fields`: whole lines, each with its
    /// CRLF.
    [[nodiscard]] Response request(std::string_view method, std::string_view target,
                                   std::string_view fields = {});
    [[nodiscard]] Response get(std::string_view target, std::string_view fields = {}) {
        return request("GET", target, fields);
    }

    [[nodiscard]] int socket() const noexcept { return socket_.get(); }

private:
    enum class Fill : std::uint8_t { bytes, end, reset };
    /// Waits for bytes and puts them into `received_`.
    [[nodiscard]] Fill fill();
    void fill_or_throw(const char* what);
    /// A line without its CRLF.
    [[nodiscard]] std::string receive_line();
    /// The content of a chunked body; its trailers are checked and dropped.
    [[nodiscard]] std::string receive_chunks();

    UniqueFd socket_;
    /// Not yet handed out, from `taken_` on.
    std::string received_;
    std::size_t taken_ = 0;
};

/// Where `reference`, a Location's value, leads to from `target`, a path with or without a query
/// (RFC 3986 §5.2): a path too, or a reference with a scheme or a host as it is.
[[nodiscard]] std::string resolve_reference(std::string_view target, std::string_view reference);

/// A request of HTTP/1.1 as bytes. `fields`: whole lines, each with its CRLF.
[[nodiscard]] std::string request_bytes(std::string_view method, std::string_view target,
                                        std::string_view fields = {});

}  // namespace torc::test
