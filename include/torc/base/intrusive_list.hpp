#pragma once

#include <torc/base/assert.hpp>

#include <cstddef>

namespace torc {

/// What an element of an IntrusiveList inherits or contains as its base. `Tag` tells apart the
/// lists that one element is in. An element is in at most one list by each of its links, and must
/// be taken out before it dies.
template <typename Tag>
class ListLink {
public:
    ListLink() noexcept = default;
    ListLink(const ListLink&) = delete;
    ListLink& operator=(const ListLink&) = delete;
    ~ListLink() { TORC_ASSERT(!is_linked()); }

    [[nodiscard]] bool is_linked() const noexcept { return next_ != nullptr; }

    /// Takes the element out of the list that it is in; without effect when it is in none.
    void unlink() noexcept {
        if (is_linked()) {
            previous_->next_ = next_;
            next_->previous_ = previous_;
            previous_ = nullptr;
            next_ = nullptr;
        }
    }

private:
    template <typename Element, typename ElementTag>
    friend class IntrusiveList;

    ListLink* previous_ = nullptr;
    ListLink* next_ = nullptr;
};

/// A doubly linked list of elements that it does not own and that carry the links themselves:
/// nothing is allocated, and an element leaves in O(1) without the list at hand.
template <typename Element, typename Tag>
class IntrusiveList {
public:
    IntrusiveList() noexcept {
        ends_.previous_ = &ends_;
        ends_.next_ = &ends_;
    }
    IntrusiveList(const IntrusiveList&) = delete;
    IntrusiveList& operator=(const IntrusiveList&) = delete;
    ~IntrusiveList() {
        TORC_ASSERT(empty());
        ends_.previous_ = nullptr;
        ends_.next_ = nullptr;
    }

    [[nodiscard]] bool empty() const noexcept { return ends_.next_ == &ends_; }

    /// Null when empty.
    [[nodiscard]] Element* front() noexcept { return empty() ? nullptr : element(ends_.next_); }
    [[nodiscard]] Element* back() noexcept { return empty() ? nullptr : element(ends_.previous_); }

    /// What stands behind `element`, which is in this list; null at the end.
    [[nodiscard]] Element* next(Element& element) noexcept {
        Link* link = static_cast<Link&>(element).next_;
        return link == &ends_ ? nullptr : IntrusiveList::element(link);
    }

    /// Precondition: `element` is in no list of this tag.
    void push_back(Element& element) noexcept { insert_before(ends_, element); }
    void push_front(Element& element) noexcept { insert_before(*ends_.next_, element); }

    /// Moves every element of `other` behind those of this list, in O(1) however many they are.
    void take_all(IntrusiveList& other) noexcept {
        if (other.empty()) {
            return;
        }
        Link& first = *other.ends_.next_;
        Link& last = *other.ends_.previous_;
        other.ends_.next_ = &other.ends_;
        other.ends_.previous_ = &other.ends_;
        first.previous_ = ends_.previous_;
        ends_.previous_->next_ = &first;
        last.next_ = &ends_;
        ends_.previous_ = &last;
    }

private:
    using Link = ListLink<Tag>;

    static Element* element(Link* link) noexcept { return static_cast<Element*>(link); }

    static void insert_before(Link& place, Link& link) noexcept {
        TORC_ASSERT(!link.is_linked());
        link.previous_ = place.previous_;
        link.next_ = &place;
        place.previous_->next_ = &link;
        place.previous_ = &link;
    }

    Link ends_;
};

}  // namespace torc
