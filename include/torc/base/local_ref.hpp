#pragma once

#include <cstdint>
#include <utility>

namespace torc {

/// What a type that LocalRef shares inherits: a count without atomics, for one thread alone.
class LocallyCounted {
public:
    LocallyCounted() noexcept = default;
    LocallyCounted(const LocallyCounted&) = delete;
    LocallyCounted& operator=(const LocallyCounted&) = delete;

protected:
    ~LocallyCounted() = default;

private:
    template <typename Type>
    friend class LocalRef;

    mutable std::uint32_t references_ = 0;
};

/// A shared owner within one thread, as std::shared_ptr is across threads but without its atomic
/// counts.
template <typename Type>
// NOLINTNEXTLINE(cppcoreguidelines-special-member-functions): assignment by value moves too.
class LocalRef {
public:
    constexpr LocalRef() noexcept = default;
    /// Shares `object`, which was made with new; null means none.
    explicit LocalRef(Type* object) noexcept : object_(object) { add(); }
    LocalRef(const LocalRef& other) noexcept : object_(other.object_) { add(); }
    LocalRef(LocalRef&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    LocalRef& operator=(LocalRef other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    // The analyser does not know that the count is that of the references, here and below.
    // NOLINTBEGIN(clang-analyzer-cplusplus.NewDelete)
    ~LocalRef() {
        if (object_ != nullptr && --object_->references_ == 0) {
            delete object_;
        }
    }

    [[nodiscard]] Type* get() const noexcept { return object_; }
    Type* operator->() const noexcept { return object_; }
    Type& operator*() const noexcept { return *object_; }
    // NOLINTEND(clang-analyzer-cplusplus.NewDelete)
    explicit operator bool() const noexcept { return object_ != nullptr; }
    /// How many owners there are. Precondition: it is not null.
    [[nodiscard]] std::uint32_t owners() const noexcept { return object_->references_; }
    /// Whether there are other owners. Precondition: it is not null.
    [[nodiscard]] bool is_shared() const noexcept { return object_->references_ > 1; }

private:
    void add() const noexcept {
        if (object_ != nullptr) {
            ++object_->references_;
        }
    }

    Type* object_ = nullptr;
};

}  // namespace torc
