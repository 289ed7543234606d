#pragma once

#include <torc/base/clock.hpp>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <string>
#include <string_view>

namespace torc::sim {

/// All that happens in one run: as a digest, by which two runs of one seed are compared, and as
/// text for who wants to read it.
class History {
public:
    /// `trace`: where every event is written; null: nowhere. Outlives this.
    explicit History(std::ostream* trace = nullptr) : trace_(trace) {}
    History(const History&) = delete;
    History& operator=(const History&) = delete;
    ~History() = default;

    void set_time(MonotonicTime now) noexcept { now_ = now; }

    template <std::convertible_to<std::int64_t>... Numbers>
    void note(std::string_view what, Numbers... numbers) {
        add(what, {static_cast<std::int64_t>(numbers)...}, {});
    }
    void note_text(std::string_view what, std::int64_t number, std::string_view text) {
        add(what, {number}, text);
    }

    /// Something is as it must never be. The first of these is what a run is judged by; all that
    /// follows may be its consequence.
    void fail(std::string_view what);
    [[nodiscard]] bool has_failed() const noexcept { return !failure_.empty(); }
    [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

    [[nodiscard]] std::uint64_t digest() const noexcept { return digest_; }

private:
    void add(std::string_view what, std::initializer_list<std::int64_t> numbers,
             std::string_view text);
    void mix(std::uint64_t value) noexcept {
        digest_ = (digest_ ^ value) * 0x100'0000'01b3;
        digest_ ^= digest_ >> 29U;
    }

    std::ostream* trace_;
    MonotonicTime now_{};
    std::uint64_t digest_ = 0xcbf2'9ce4'8422'2325;
    std::string failure_;
};

}  // namespace torc::sim
