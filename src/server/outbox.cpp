#include <torc/server/outbox.hpp>

#include <cstring>
#include <memory>
#include <new>
#include <utility>

namespace torc::server {

void Outbox::append_stored(std::size_t bytes) noexcept {
    if (is_last_piece_stored_) {
        pieces_[pieces_count_ - 1].iov_len += bytes;
    } else {
        TORC_ASSERT(pieces_count_ < pieces_.size());
        pieces_[pieces_count_++] =
            iovec{.iov_base = storage_.data() + used_bytes_, .iov_len = bytes};
        is_last_piece_stored_ = true;
    }
    used_bytes_ += bytes;
    total_bytes_ += bytes;
}

void Outbox::append_head(const http::HeadWriter& writer) noexcept {
    TORC_ASSERT(writer.written().data() == storage_.data() + used_bytes_);
    append_stored(writer.written().size());
}

void Outbox::append_body(std::string_view body, site::Representation& source) noexcept {
    if (body.size() <= limits::outbox_copied_body_bytes_max &&
        body.size() <= storage_.size() - used_bytes_) {
        std::memcpy(storage_.data() + used_bytes_, body.data(), body.size());
        append_stored(body.size());
        return;
    }
    TORC_ASSERT(pieces_count_ < pieces_.size() && sources_count_ < sources_.size());
    // iovec has no const; sendmsg(2) only reads.
    pieces_[pieces_count_++] =
        iovec{.iov_base = const_cast<char*>(body.data()), .iov_len = body.size()};
    sources_[sources_count_++] = site::RepresentationRef(&source);
    is_last_piece_stored_ = false;
    total_bytes_ += body.size();
}

const msghdr& Outbox::message() noexcept {
    message_.msg_iov = pieces_.data();
    message_.msg_iovlen = pieces_count_;
    return message_;
}

void Outbox::clear() noexcept {
    for (std::size_t index = 0; index < sources_count_; ++index) {
        sources_[index] = site::RepresentationRef();
    }
    total_bytes_ = 0;
    used_bytes_ = 0;
    pieces_count_ = 0;
    sources_count_ = 0;
    is_last_piece_stored_ = false;
}

OutboxPool::~OutboxPool() {
    for (const Mapping& slab : slabs_) {
        unpoison(slab.data(), slab.size());
        for (std::size_t offset = 0; offset < slab.size(); offset += stride_bytes) {
            std::destroy_at(reinterpret_cast<Outbox*>(slab.data() + offset));
        }
    }
}

Outbox& OutboxPool::acquire() {
    if (free_.empty()) {
        make_more();
    }
    Outbox& outbox = *free_.back();
    free_.pop_back();
    unpoison(&outbox, sizeof outbox);
    return outbox;
}

void OutboxPool::release(Outbox& outbox) {
    outbox.clear();
    poison(&outbox, sizeof outbox);
    free_.push_back(&outbox);
}

void OutboxPool::make_more() {
    auto slab = Mapping::create(limits::outboxes_at_once * stride_bytes);
    if (!slab) {
        throw std::bad_alloc();
    }
    // Room for all of them, so that `release` never allocates.
    free_.reserve((slabs_.size() + 1) * limits::outboxes_at_once);
    const Mapping& memory = slabs_.emplace_back(*std::move(slab));
    // Backwards, so that the one at the lowest address goes out first.
    for (std::size_t left = limits::outboxes_at_once; left > 0; --left) {
        std::byte* const place = memory.data() + (left - 1) * stride_bytes;
        // What a small answer touches. A burst that needs more outboxes than ever before would
        // wait for as many page faults.
        populate(place, limits::page_bytes);
        free_.push_back(new (place) Outbox);
    }
    poison(memory.data(), memory.size());
}

}  // namespace torc::server
