#pragma once

#include <torc/base/limits.hpp>
#include <torc/worker/connection.hpp>

#include "site/answers.hpp"
#include "site/assets.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace torc::worker::test {

/// Which alternative of Action a connection wants, in their order.
enum class ActionKind : std::uint8_t {
    receive,
    send,
    send_file,
    load,
    verify,
    introduce,
    linger,
    close,
};
static_assert(
    std::is_same_v<Action,
                   std::variant<Receive, Send, SendFile, Load, Verify, Introduce, Linger, Close>>);

/// One connection on a site that is in memory. Plays the worker and the kernel: gives the
/// connection its events, does what it asks for and writes down what it did.
class ConnectionHarness {
public:
    explicit ConnectionHarness(AccessLogs* access_logs = nullptr, site::LoadRules rules = {})
        : site_(std::move(rules), budgets_) {
        hosted_site_->whole().responder.set_time(site::test::now);
        services_.access_logs = access_logs;
        services_.now = MonotonicTime(std::chrono::hours(12));
        output_.reserve(std::size_t{1024} * 1024);
        actions_.reserve(1024);
        connect();
    }

    /// Ends the connection and begins another, which wants its first bytes.
    void connect() {
        connection_.emplace(services_);
        connection().set_remote_address("192.0.2.1");
        actions_.clear();
        output_.clear();
        (void)note(connection().on_opened());
    }
    /// The same by a proxy, which has to say for whom.
    void connect_by_proxy() {
        connection_.emplace(services_);
        actions_.clear();
        output_.clear();
        (void)note(connection().on_opened_by_proxy());
    }
    void disconnect() { connection_.reset(); }

    /// Puts an asset into the cache.
    void put(std::string_view path, const site::AssetRef& asset) {
        site_.cache().insert(path, asset, never);
    }
    /// Puts an asset where it must be loaded from. What is at no path is loaded as 404.
    void put_on_disk(std::string_view path, const site::AssetRef& asset) {
        disk_[std::string(path)] = asset;
    }

    /// One receive of at most limits::receive_buffer_bytes; gives what the connection wants next.
    ActionKind receive(std::string_view bytes) {
        if (bytes.size() > buffer_.size() || !is_receiving()) {
            throw std::logic_error("no receive is in flight that could take these bytes");
        }
        std::ranges::copy(bytes, buffer_.begin());
        note(connection().on_received({buffer_.data(), bytes.size()}));
        buffer_.fill('\xDD');  // It goes back to the kernel.
        return last();
    }
    ActionKind end_of_input() { return receive(""); }

    /// Performs actions until bytes are wanted or the connection closes.
    void perform() {
        while (!is_receiving() && last() != ActionKind::close) {
            perform_one();
        }
    }
    /// Performs the last action whole.
    ActionKind perform_one() {
        switch (last()) {
            case ActionKind::send:
                return complete_send(take_message());
            case ActionKind::send_file:
                return complete_send_file(limits::send_file_chunk_bytes);
            case ActionKind::load:
                return complete_load();
            case ActionKind::receive:
            case ActionKind::verify:
            case ActionKind::introduce:
            case ActionKind::linger:
            case ActionKind::close:
                break;
        }
        throw std::logic_error("the last action is not one that can be performed alone");
    }

    /// Sends all of `stream` to the connection, as much as it takes; gives what comes back.
    std::string exchange(std::string_view stream) {
        return exchange(stream, limits::receive_buffer_bytes);
    }
    /// The same by receives of `step` bytes.
    std::string exchange(std::string_view stream, std::size_t step) {
        const std::size_t before = output_.size();
        while (!stream.empty() && last() != ActionKind::close) {
            (void)receive(stream.substr(0, step));
            stream.remove_prefix(std::min(step, stream.size()));
            perform();
        }
        return output_.substr(before);
    }

    /// Takes what the connection wants sent, or the first `bytes_max` of it; gives how much.
    std::size_t take_message(std::size_t bytes_max = std::numeric_limits<std::size_t>::max()) {
        const Send& send = wanted<Send>();
        std::size_t skipped = send.sent_bytes;
        std::size_t taken = 0;
        for (const iovec& part : std::span(send.message->msg_iov, send.message->msg_iovlen)) {
            std::string_view piece(static_cast<const char*>(part.iov_base), part.iov_len);
            const std::size_t before = std::min(piece.size(), skipped);
            skipped -= before;
            piece = piece.substr(before, bytes_max - taken);
            output_ += piece;
            taken += piece.size();
        }
        return taken;
    }
    ActionKind complete_send(std::size_t bytes) { return note(connection().on_sent(bytes)); }

    /// Sends at most `bytes_max` of the file, as sendfile(2) would.
    ActionKind complete_send_file(std::size_t bytes_max, std::chrono::nanoseconds disk_wait = {}) {
        const io::FileSlice slice = wanted<SendFile>().slice;
        std::string chunk(std::min<std::uint64_t>(slice.length, bytes_max), '\0');
        const ssize_t count =
            ::pread(slice.file, chunk.data(), chunk.size(), static_cast<off_t>(slice.offset));
        const auto bytes = static_cast<std::size_t>(std::max<ssize_t>(count, 0));
        output_.append(chunk, 0, bytes);
        return note(connection().on_file_sent(bytes, disk_wait));
    }

    ActionKind complete_load() {
        const auto found = disk_.find(load_path_);
        const site::AssetRef asset =
            found != disk_.end() ? found->second : site::Asset::error(http::Status::not_found);
        if (found != disk_.end()) {
            put(load_path_, asset);
        }
        return complete_load(*asset);
    }
    ActionKind complete_load(site::Asset& asset) { return note(connection().on_loaded(asset)); }

    ActionKind introduce() { return note(connection().on_introduced()); }
    ActionKind complete_check() { return note(connection().on_access_checked()); }
    ActionKind give_up_check() { return note(connection().on_check_given_up()); }

    [[nodiscard]] ActionKind last() const { return actions_.back(); }
    /// The last action itself, which is one of these.
    template <typename Wanted>
    [[nodiscard]] const Wanted& wanted() const {
        return std::get<Wanted>(action_);
    }
    [[nodiscard]] bool is_receiving() const {
        return last() == ActionKind::receive || last() == ActionKind::linger;
    }
    [[nodiscard]] const std::vector<ActionKind>& actions() const { return actions_; }
    /// All that was sent.
    [[nodiscard]] const std::string& output() const { return output_; }
    void forget() {
        output_.clear();
        actions_.erase(actions_.begin(), actions_.end() - 1);
    }

    /// What the last load was for.
    [[nodiscard]] const std::string& load_path() const { return load_path_; }

    [[nodiscard]] Connection& connection() {
        if (!connection_) {
            throw std::logic_error("the connection has ended");
        }
        return *connection_;
    }
    [[nodiscard]] Services& services() { return services_; }
    [[nodiscard]] site::Site& site() { return site_; }
    [[nodiscard]] HostedArea& area() { return hosted_site_->whole(); }
    [[nodiscard]] site::Responder& responder() { return hosted_site_->whole().responder; }

private:
    ActionKind note(const Action& action) {
        action_ = action;
        actions_.push_back(static_cast<ActionKind>(action.index()));
        if (const auto* load = std::get_if<Load>(&action)) {
            load_path_ = load->key;  // It lives as long as the event alone.
        }
        return last();
    }

    site::CacheBudgets budgets_{site::CacheLimits{}};
    site::Site site_;
    std::map<std::string, site::AssetRef> disk_;
    /// With a fixed key, so that the same requests get the same answers.
    HostedSiteRef hosted_site_{new HostedSite(site_, {}, SecretKey{})};
    Hosting hosting_{hosted_site_};
    ResponseBatchPool batches_;
    Services services_{.hosting = hosting_, .batches = batches_};
    std::optional<Connection> connection_;
    std::array<char, limits::receive_buffer_bytes> buffer_{};
    Action action_;
    std::vector<ActionKind> actions_;
    std::string output_;
    std::string load_path_;
};

/// A request without any other field than Host.
[[nodiscard]] inline std::string request(std::string_view method_and_target,
                                         std::string_view more_fields = "") {
    return std::string(method_and_target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(more_fields) +
           "\r\n";
}

/// The answer to a GET of `bytes` as page.html (see site::test::memory_asset).
[[nodiscard]] inline std::string ok(std::string_view bytes, std::string_view connection = "") {
    return "HTTP/1.1 200 OK\r\n" + site::test::common_fields(connection) +
           std::string(site::test::memory_file(bytes)->fields()) + std::string(bytes);
}

/// The status codes of the answers in `output`, in order.
[[nodiscard]] inline std::vector<int> statuses(std::string_view output) {
    constexpr std::string_view begin = "HTTP/1.1 ";
    std::vector<int> codes;
    for (std::size_t at = output.find(begin); at != std::string_view::npos;
         at = output.find(begin, at + 1)) {
        codes.push_back(std::stoi(std::string(output.substr(at + begin.size(), 3))));
    }
    return codes;
}

}  // namespace torc::worker::test
