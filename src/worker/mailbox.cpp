#include <torc/base/assert.hpp>
#include <torc/worker/mailbox.hpp>
#include <torc/worker/snapshot.hpp>

#include <algorithm>
#include <new>
#include <utility>

namespace torc::worker {

void Mailbox::open(io::Proactor& proactor) noexcept {
    const std::scoped_lock lock(mutex_);
    proactor_ = &proactor;
    update_takes_connections();
    // For what came before, and for who asked before whether it runs.
    proactor.wake();
}

void Mailbox::take(Mail& mail) noexcept {
    mail.connections.clear();
    const std::scoped_lock lock(mutex_);
    std::swap(mail.connections, mail_.connections);
    mail.stop = mail_.stop;
    mail.snapshot = std::exchange(mail_.snapshot, nullptr);
    mail.wants_statistics = std::exchange(mail_.wants_statistics, false);
    has_mail_.store(false, std::memory_order_relaxed);
}

void Mailbox::stop_hand_overs() noexcept {
    const std::scoped_lock lock(mutex_);
    has_stopped_ = true;
    update_takes_connections();
}

void Mailbox::close() noexcept {
    const std::scoped_lock lock(mutex_);
    TORC_ASSERT(mail_.connections.empty());
    proactor_ = nullptr;
    update_takes_connections();
}

bool Mailbox::hand_over(const net::Accepted& connection) noexcept {
    const std::scoped_lock lock(mutex_);
    if (!takes_connections()) {
        return false;
    }
    try {
        mail_.connections.push_back(connection);
    } catch (const std::bad_alloc&) {
        return false;
    }
    announce();
    return true;
}

void Mailbox::order(Stop stop) noexcept {
    const std::scoped_lock lock(mutex_);
    mail_.stop = std::max(mail_.stop, stop);
    announce();
}

void Mailbox::publish(std::shared_ptr<const Snapshot> snapshot) noexcept {
    const std::scoped_lock lock(mutex_);
    if (mail_.snapshot && mail_.snapshot->generation > snapshot->generation) {
        return;
    }
    mail_.snapshot.swap(snapshot);
    announce();
}

void Mailbox::ask_for_statistics() noexcept {
    const std::scoped_lock lock(mutex_);
    mail_.wants_statistics = true;
    announce();
}

void Mailbox::wake() noexcept {
    const std::scoped_lock lock(mutex_);
    if (proactor_ != nullptr) {
        proactor_->wake();
    }
}

void Mailbox::suspend_hand_overs(std::vector<net::Accepted>& connections) {
    const std::scoped_lock lock(mutex_);
    is_suspended_ = true;
    update_takes_connections();
    connections.insert(connections.end(), mail_.connections.begin(), mail_.connections.end());
    mail_.connections.clear();
}

void Mailbox::resume_hand_overs() noexcept {
    const std::scoped_lock lock(mutex_);
    is_suspended_ = false;
    update_takes_connections();
}

void Mailbox::announce() noexcept {
    // One wake-up for all mail that comes before it is taken.
    if (!has_mail_.exchange(true, std::memory_order_release) && proactor_ != nullptr) {
        proactor_->wake();
    }
}

void Mailbox::update_takes_connections() noexcept {
    takes_connections_.store(proactor_ != nullptr && !has_stopped_ && !is_suspended_,
                             std::memory_order_relaxed);
}

}  // namespace torc::worker
