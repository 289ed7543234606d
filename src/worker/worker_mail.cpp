// What a worker does with what other threads have for it.

#include <torc/worker/worker.hpp>

#include <cstdint>
#include <new>
#include <utility>

namespace torc::worker {

void Worker::take_mail() {
    take_over_connections();  // Those that are left, where memory was too short for all.
    if (mailbox_.has_mail()) {
        mailbox_.take(mail_);
        shutdown_.on_order(mail_.stop, services_.now);
        if (mail_.snapshot) {
            adopt_or_retry(std::move(mail_.snapshot));
        }
        take_over_connections();
        if (mail_.wants_statistics) {
            take_census();
        }
    }
}

void Worker::take_over_connections() {
    while (!mail_.connections.empty()) {
        const net::Accepted connection = mail_.connections.back();
        mail_.connections.pop_back();
        admission_.take_over(connection);
    }
}

void Worker::adopt_or_retry(SharedSnapshot snapshot) {
    try {
        adopt(snapshot);
        acceptor_.follow(services_.now);
        acceptor_.start();
    } catch (const std::bad_alloc&) {
        mailbox_.publish(std::move(snapshot));
    }
}

void Worker::adopt(SharedSnapshot snapshot) {
    access_logs_.set_server_log(snapshot->access_log, snapshot->settings.access_log.format);
    if (snapshot->has_access_logs) {
        // For good: what has begun under one configuration is logged by it.
        services_.access_logs = &access_logs_;
    }
    hosting_.adopt(std::move(snapshot));
    access_logs_.forget_unused();
    const config::Settings& settings = hosting_.snapshot()->settings;
    services_.settings = &settings;
    services_.trusted_peers = settings.client_address == config::ClientAddress::x_forwarded_for
                                  ? &settings.trusted_proxies
                                  : nullptr;
    services_.parse_limits = settings.parse_limits;
    services_.body_bytes_max = settings.body_bytes_max;
    deadlines_.adopt(settings);
    loader_services_.patience = settings.timeouts.load;
    shutdown_.set_timeouts(settings.timeouts);
    introduce_all_peers();
    mailbox_.note_generation(hosting_.snapshot()->generation);
}

}  // namespace torc::worker
