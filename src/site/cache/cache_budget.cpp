#include <torc/site/cache/cache_budget.hpp>

#include <utility>

namespace torc::site {
namespace {

/// How many assets that are in use are passed over at a time, in search of one that is not.
constexpr std::size_t passed_over_max = 64;
/// What a body may have of the budget at most: one of so many equal parts. A page has no file that
/// it could be sent from.
constexpr std::size_t parts_of_body = 4;
constexpr std::size_t parts_of_asset = 2;
/// A page up to this part is worth keeping whatever readers hold.
constexpr std::size_t parts_of_small_page = 16;
/// What is missing gets this part of all, and no more than so much.
constexpr std::size_t missing_divisor = 8;
constexpr std::size_t missing_bytes_max = std::size_t{16} * 1024 * 1024;

CacheLimits with_turn(CacheLimits limits) {
    if (!limits.oversize_turn) {
        limits.oversize_turn = std::make_shared<OversizeTurn>();
    }
    return limits;
}

CacheLimits limits_for_missing(const CacheLimits& all) noexcept {
    return {.memory_bytes_max = std::min(all.memory_bytes_max / missing_divisor, missing_bytes_max),
            .descriptors_max = all.descriptors_max / missing_divisor,
            .oversize_turn = all.oversize_turn};
}

CacheLimits limits_for_present(const CacheLimits& all) noexcept {
    const CacheLimits missing = limits_for_missing(all);
    return {.memory_bytes_max = all.memory_bytes_max - missing.memory_bytes_max,
            .descriptors_max = all.descriptors_max - missing.descriptors_max,
            .oversize_turn = all.oversize_turn};
}

}  // namespace

CacheBudget::CacheBudget(const CacheLimits& limits)
    : limits_(with_turn(limits)),
      account_(new MemoryAccount),
      oversize_account_(new MemoryAccount(limits_.oversize_turn)) {}

CacheBudgets::CacheBudgets(const CacheLimits& all)
    : present(limits_for_present(all)), missing(limits_for_missing(all)) {}

void CacheBudget::count_in(Member& member, Keeper& keeper, std::size_t own_bytes) noexcept {
    member.keeper_ = &keeper;
    member.bytes_ = own_bytes + member.asset->memory_bytes();
    member.descriptors_ = member.asset->descriptors();
    members_bytes_ += member.bytes_;
    descriptors_ += member.descriptors_;
    by_use_.push_back(member);
    if (member.descriptors_ > 0) {
        with_descriptors_by_use_.push_back(member);
    }
    if (member.asset->kind() == Asset::Kind::file &&
        member.asset->identity().is_charged_to(*oversize_account_)) {
        oversize_page_ = &member;
    }
}

void CacheBudget::count_out(Member& member) noexcept {
    members_bytes_ -= member.bytes_;
    descriptors_ -= member.descriptors_;
    member.ListLink<ByUse>::unlink();
    member.ListLink<WithDescriptorsByUse>::unlink();
    if (oversize_page_ == &member) {
        oversize_page_ = nullptr;
    }
}

void CacheBudget::move_to_back(Member& member) noexcept {
    member.ListLink<ByUse>::unlink();
    by_use_.push_back(member);
    if (member.ListLink<WithDescriptorsByUse>::is_linked()) {
        member.ListLink<WithDescriptorsByUse>::unlink();
        with_descriptors_by_use_.push_back(member);
    }
}

std::optional<MemoryCharge> CacheBudget::reserve_within_bound(std::size_t bytes,
                                                              Shrink shrink) noexcept {
    const std::size_t bytes_max = memory_bytes_max();
    if (bytes > bytes_max) {
        return std::nullopt;
    }
    const bool has_room = memory_bytes() <= bytes_max - bytes;
    // What readers hold must not push out everything else: from a half on it gets what is free.
    const bool may_shrink =
        shrink == Shrink::always || account_->bytes_in_use() + bytes <= bytes_max / 2;
    if (!has_room && !(may_shrink && shrink_to(bytes_max - bytes))) {
        return std::nullopt;
    }
    return MemoryCharge(account_, bytes);
}

std::optional<MemoryCharge> CacheBudget::reserve(std::size_t bytes) noexcept {
    return bytes <= memory_bytes_max() / parts_of_body
               ? reserve_within_bound(bytes, Shrink::while_readers_hold_less_than_half)
               : std::nullopt;
}

std::optional<MemoryCharge> CacheBudget::reserve_page(std::size_t bytes) noexcept {
    const std::size_t bytes_max = memory_bytes_max();
    if (bytes <= bytes_max / parts_of_asset) {
        return reserve_within_bound(bytes, bytes <= bytes_max / parts_of_small_page
                                               ? Shrink::always
                                               : Shrink::while_readers_hold_less_than_half);
    }
    return limits_.oversize_turn->try_take() ? std::optional(MemoryCharge(oversize_account_, bytes))
                                             : std::nullopt;
}

bool CacheBudget::shrink_to(std::size_t bytes_max) noexcept {
    std::size_t passed_over = 0;
    while (memory_bytes() > bytes_max) {
        Member* const member = by_use_.front();
        if (member == nullptr || passed_over == passed_over_max) {
            return false;
        }
        if (member->asset->is_in_use()) {
            move_to_back(*member);
            ++passed_over;
        } else {
            evict(*member);
        }
    }
    return true;
}

bool CacheBudget::may_keep(std::size_t bytes) const noexcept {
    return bytes <= limits_.memory_bytes_max / parts_of_asset;
}

void CacheBudget::enforce() noexcept {
    shrink_to(memory_bytes_max());
    while (descriptors_ > limits_.descriptors_max && evict_descriptor()) {
    }
}

bool CacheBudget::evict_descriptor() noexcept {
    Member* const member = with_descriptors_by_use_.front();
    if (member == nullptr) {
        return false;
    }
    evict(*member);
    return true;
}

}  // namespace torc::site
