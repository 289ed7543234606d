#pragma once

#include <torc/site/cache/looked_at.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace torc::site {

/// From a name to what was made by looking there: a hash table with chains through the members
/// themselves, in which a member stands once for each of its looks. The first look, which is the
/// only one of most assets, needs no memory beside the member.
class LookIndex {
    /// One look of one member, in the chain of its stem.
    struct Link {
        Link* next = nullptr;
        // A LookedAt, whose padding has room for the flag.
        std::uint32_t stem_hash = 0;
        /// 0: the member is not in.
        std::uint16_t suffixes = 0;
        /// Whether it is a FurtherLink; else a Member.
        bool is_further = false;

        [[nodiscard]] bool meets(const LookedAt& look) const noexcept {
            return look.meets({.stem_hash = stem_hash, .suffixes = suffixes});
        }
    };
    struct FurtherLink;

public:
    /// What was made by looking at names, as its base class. It is taken out (`remove`) before it
    /// dies.
    class Member : Link {
        friend class LookIndex;

        std::unique_ptr<FurtherLink> further_;
    };

    LookIndex() = default;
    LookIndex(const LookIndex&) = delete;
    LookIndex& operator=(const LookIndex&) = delete;
    /// Precondition: everything was removed.
    ~LookIndex() = default;

    /// Puts `member`, which is not in, in by each of `looks`.
    void add(Member& member, std::span<const LookedAt> looks);
    /// Without effect when it is not in.
    void remove(Member& member) noexcept;

    /// Some member that looked at a name of `look`; null when there is none.
    [[nodiscard]] Member* find(const LookedAt& look) const noexcept {
        return find_from(chain_of(look.stem_hash), look);
    }
    /// Calls `visit` with each member that looked there. It adds and removes none.
    template <typename Visit>
    void for_each(const LookedAt& look, Visit visit) const {
        for (Link* link = chain_of(look.stem_hash); link != nullptr; link = link->next) {
            if (link->meets(look)) {
                visit(*owner_of(*link));
            }
        }
    }

    /// Bytes of memory, beside the members themselves.
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
        return links_ * chains_per_link_max * sizeof(Link*) + further_links_ * sizeof(FurtherLink);
    }

private:
    struct FurtherLink : Link {
        Member* owner = nullptr;
        std::unique_ptr<FurtherLink> further{};
    };

    [[nodiscard]] static Member* owner_of(Link& link) noexcept {
        return link.is_further ? static_cast<FurtherLink&>(link).owner
                               : static_cast<Member*>(&link);
    }
    /// Precondition: there are chains. As many bits of the hash as name a chain or one that is
    /// still to come, whose links are in the one without the highest bit.
    [[nodiscard]] std::size_t position_of(std::uint32_t stem_hash) const noexcept {
        const std::size_t half = std::bit_floor(chains_.size());
        const std::size_t position = stem_hash & (2 * half - 1);
        return position < chains_.size() ? position : position & (half - 1);
    }
    [[nodiscard]] Link* chain_of(std::uint32_t stem_hash) const noexcept {
        return chains_.empty() ? nullptr : chains_[position_of(stem_hash)];
    }
    [[nodiscard]] static Member* find_from(Link* link, const LookedAt& look) noexcept;
    /// Makes room for so many links more.
    void reserve(std::size_t count);
    /// One more, which gets what belongs there of the one that it was part of.
    void add_chain();
    void put_in(Link& link) noexcept;
    void take_out(Link& link) noexcept;

    static constexpr std::size_t chains_per_link_max = 2;
    /// At least as many chains as there ever were links; none before the first. Linear hashing: it
    /// grows by a chain at a time, so that no insertion visits all links, a cache miss each.
    std::vector<Link*> chains_;
    std::size_t links_ = 0;
    std::size_t further_links_ = 0;
};

}  // namespace torc::site
