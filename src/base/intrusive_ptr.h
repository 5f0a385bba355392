// IntrusivePtr and RefCounted: counted references for the few shared immutable objects (versions, table metadata,
// memtables, read views). The count lives in the object, so a reference is one word and can be made from `this`.
//
// Thread safety: counts are atomic; an IntrusivePtr itself is a plain value.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "base/assert.h"

namespace nacre::base {

// Derive as `class X : public RefCounted<X>`. The object is deleted (as an X) when the last reference goes; an X that
// must do something else then declares `void last_reference_gone()` and befriends nobody: it is called instead.
template <class Derived>
class RefCounted {
 public:
  RefCounted() = default;
  RefCounted(const RefCounted&) = delete;
  RefCounted& operator=(const RefCounted&) = delete;

  void add_reference() const { count_.fetch_add(1, std::memory_order_relaxed); }
  void drop_reference() const {
    const uint64_t before = count_.fetch_sub(1, std::memory_order_acq_rel);
    NACRE_DCHECK(before > 0);
    if (before != 1) return;
    auto* self = const_cast<Derived*>(static_cast<const Derived*>(this));
    if constexpr (requires { self->last_reference_gone(); }) {
      self->last_reference_gone();
    } else {
      delete self;
    }
  }
  uint64_t reference_count() const { return count_.load(std::memory_order_relaxed); }

 protected:
  ~RefCounted() = default;

 private:
  mutable std::atomic<uint64_t> count_{0};
};

template <class T>
class IntrusivePtr {
 public:
  IntrusivePtr() = default;
  IntrusivePtr(std::nullptr_t) {}  // NOLINT(google-explicit-constructor)
  explicit IntrusivePtr(T* object) : object_(object) {
    if (object_ != nullptr) object_->add_reference();
  }
  IntrusivePtr(const IntrusivePtr& other) : IntrusivePtr(other.object_) {}
  IntrusivePtr(IntrusivePtr&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  template <class U>
    requires std::is_convertible_v<U*, T*>
  IntrusivePtr(const IntrusivePtr<U>& other) : IntrusivePtr(static_cast<T*>(other.get())) {}  // NOLINT
  IntrusivePtr& operator=(IntrusivePtr other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~IntrusivePtr() {
    if (object_ != nullptr) object_->drop_reference();
  }

  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }
  // Gives the reference up to the caller, who must drop it.
  T* release() { return std::exchange(object_, nullptr); }
  // Takes over a reference that somebody else counted.
  static IntrusivePtr adopt(T* object) {
    IntrusivePtr pointer;
    pointer.object_ = object;
    return pointer;
  }
  friend bool operator==(const IntrusivePtr& a, const IntrusivePtr& b) { return a.object_ == b.object_; }

 private:
  T* object_ = nullptr;
};

template <class T, class... Args>
IntrusivePtr<T> make_intrusive(Args&&... args) {
  return IntrusivePtr<T>(new T(std::forward<Args>(args)...));
}

}  // namespace nacre::base
