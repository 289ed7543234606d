#include <torc/base/assert.hpp>
#include <torc/site/cache/look_index.hpp>

#include <bit>
#include <utility>

namespace torc::site {
namespace {

constexpr std::size_t chains_min = 64;

}  // namespace

void LookIndex::add(Member& member, std::span<const LookedAt> looks) {
    if (looks.empty()) {
        return;
    }
    // Nothing is linked before all memory is there.
    reserve(looks.size());
    std::unique_ptr<FurtherLink> further;
    for (const LookedAt& look : looks.subspan(1)) {
        auto one = std::make_unique<FurtherLink>();
        one->stem_hash = look.stem_hash;
        one->suffixes = look.suffixes;
        one->is_further = true;
        one->owner = &member;
        one->further = std::move(further);
        further = std::move(one);
    }
    TORC_ASSERT(member.suffixes == 0);
    member.stem_hash = looks.front().stem_hash;
    member.suffixes = looks.front().suffixes;
    member.further_ = std::move(further);
    put_in(member);
    for (FurtherLink* one = member.further_.get(); one != nullptr; one = one->further.get()) {
        put_in(*one);
        ++further_links_;
    }
}

void LookIndex::remove(Member& member) noexcept {
    if (member.suffixes == 0) {
        return;
    }
    take_out(member);
    member.suffixes = 0;
    // One after the other: a chain of owners would destroy itself recursively.
    while (member.further_) {
        take_out(*member.further_);
        --further_links_;
        member.further_ = std::move(member.further_->further);
    }
}

LookIndex::Member* LookIndex::find_from(Link* link, const LookedAt& look) noexcept {
    while (link != nullptr && !link->meets(look)) {
        link = link->next;
    }
    return link != nullptr ? owner_of(*link) : nullptr;
}

void LookIndex::reserve(std::size_t count) {
    if (chains_.empty()) {
        chains_.resize(chains_min);
    }
    while (chains_.size() < links_ + count) {
        add_chain();
    }
}

void LookIndex::add_chain() {
    const std::size_t added = chains_.size();
    const std::size_t split = added - std::bit_floor(added);
    chains_.push_back(nullptr);
    for (Link* link = std::exchange(chains_[split], nullptr); link != nullptr;) {
        Link& one = *std::exchange(link, link->next);
        Link*& chain = chains_[position_of(one.stem_hash)];
        one.next = std::exchange(chain, &one);
    }
}

void LookIndex::put_in(Link& link) noexcept {
    link.next = std::exchange(chains_[position_of(link.stem_hash)], &link);
    ++links_;
}

void LookIndex::take_out(Link& link) noexcept {
    Link** place = &chains_[position_of(link.stem_hash)];
    while (*place != &link) {
        place = &(*place)->next;
    }
    *place = link.next;
    --links_;
}

}  // namespace torc::site
