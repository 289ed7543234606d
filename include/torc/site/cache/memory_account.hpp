#pragma once

#include <torc/base/local_ref.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace torc::site {

/// Which worker may have a page in memory that is larger than the bound allows: one at a time of
/// the whole process.
class OversizeTurn {
public:
    /// False: another one is had.
    [[nodiscard]] bool try_take() noexcept { return !is_taken_.exchange(true); }
    void give_back() noexcept { is_taken_ = false; }

private:
    std::atomic<bool> is_taken_ = false;
};

/// How many bytes of memory the bodies take that one worker has for its responses, cached or not,
/// and how many of these are being sent. Counts alone; who bounds them is AssetCache.
class MemoryAccount : public LocallyCounted {
public:
    MemoryAccount() noexcept = default;
    /// `turn`: is given back whenever nothing is charged any more.
    explicit MemoryAccount(std::shared_ptr<OversizeTurn> turn) noexcept : turn_(std::move(turn)) {}

    /// Of all bodies that are charged to the account.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    /// Of those that responses under way refer to: letting go of one of these frees nothing yet.
    [[nodiscard]] std::size_t bytes_in_use() const noexcept { return bytes_in_use_; }

private:
    friend class MemoryCharge;

    void discharge(std::size_t bytes) noexcept {
        bytes_ -= bytes;
        if (bytes_ == 0 && turn_) {
            turn_->give_back();
        }
    }

    std::shared_ptr<OversizeTurn> turn_;
    std::size_t bytes_ = 0;
    std::size_t bytes_in_use_ = 0;
};

/// A body's part of an account, for as long as the body lives. Keeps the account alive.
class MemoryCharge {
public:
    /// Charges nobody.
    MemoryCharge() noexcept = default;
    MemoryCharge(LocalRef<MemoryAccount> account, std::size_t bytes) noexcept
        : account_(std::move(account)), bytes_(bytes) {
        account_->bytes_ += bytes_;
    }
    MemoryCharge(MemoryCharge&& other) noexcept
        : account_(std::exchange(other.account_, {})), bytes_(std::exchange(other.bytes_, 0)) {}
    MemoryCharge& operator=(MemoryCharge&& other) noexcept {
        std::swap(account_, other.account_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    MemoryCharge(const MemoryCharge&) = delete;
    MemoryCharge& operator=(const MemoryCharge&) = delete;
    ~MemoryCharge() {
        if (account_) {
            account_->discharge(bytes_);
        }
    }

    [[nodiscard]] bool is_charged() const noexcept { return bool(account_); }
    [[nodiscard]] bool is_of(const MemoryAccount& account) const noexcept {
        return account_.get() == &account;
    }

    /// The body is being sent; `end_use` follows.
    void begin_use() noexcept {
        if (account_) {
            account_->bytes_in_use_ += bytes_;
        }
    }
    void end_use() noexcept {
        if (account_) {
            account_->bytes_in_use_ -= bytes_;
        }
    }

private:
    LocalRef<MemoryAccount> account_;
    std::size_t bytes_ = 0;
};

}  // namespace torc::site
