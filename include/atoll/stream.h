#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <atoll/ref.h>

namespace Atoll {

// What a task returns whose results are read while it runs: a generator.
//
//   Stream<int> count(int n) { for (int i = 0; i < n; ++i) co_yield i; }
//   ATOLL_TASK(count);
//
//   for (Ref<int> each : task(count).submit(10)) std::cout << each.get();
//
// It is a coroutine that yields and does not await; it may wait with get().
// After Task::ahead() items that nobody read it waits, its CPUs lent to others.
// When its reader has gone, or it is cancelled, it is destroyed where it stands.
// One whose worker dies is run again from its beginning, as its retries allow:
// the items that came already are taken to be the same and passed over.
template <typename T>
class [[nodiscard]] Stream {
 public:
  using value_type = T;

  class promise_type {
   public:
    Stream get_return_object() { return Stream(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    template <typename Given>
    std::suspend_always yield_value(Given&& value) {
      value_.emplace(std::forward<Given>(value));
      return {};
    }
    void return_void() {}
    void unhandled_exception() { error_ = std::current_exception(); }
    template <typename Awaited>
    void await_transform(Awaited&&) = delete;  // a generator waits with get()

   private:
    friend class Stream;
    std::optional<T> value_;
    std::exception_ptr error_;
  };

  Stream(Stream&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  Stream& operator=(Stream&&) = delete;
  ~Stream() {
    if (coroutine_) coroutine_.destroy();
  }

  // Runs it to its next item; false at its end. Throws what it throws.
  bool advance() {
    coroutine_.resume();
    if (coroutine_.promise().error_) std::rethrow_exception(coroutine_.promise().error_);
    return !coroutine_.done();
  }
  const T& item() const { return *coroutine_.promise().value_; }

 private:
  explicit Stream(std::coroutine_handle<promise_type> coroutine) : coroutine_(coroutine) {}

  std::coroutine_handle<promise_type> coroutine_;
};

// The reader's end of a stream. It can be moved, not copied or sent; one thread
// at a time may use it. When it goes, the task that fills it ends.
template <typename T>
class [[nodiscard]] RefStream {
 public:
  RefStream(internal::Handle result, int ahead)
      : reader_(std::make_unique<internal::StreamReader>(std::move(result), ahead)) {}

  // The next item, whose value is there; waits for it. None when the task has
  // ended. Throws what became of the task, once its items are read.
  std::optional<Ref<T>> next() { return take(std::nullopt); }
  // The same, or TimeoutError after `timeout`: the item is still to come.
  template <typename Rep, typename Period>
  std::optional<Ref<T>> next(std::chrono::duration<Rep, Period> timeout) {
    return take(std::chrono::steady_clock::now() + timeout);
  }

  // The task's own end: it becomes ready when the task has ended, and can be
  // cancelled.
  Ref<void> completed() const { return Ref<void>(reader_->result()); }

  class iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = Ref<T>;
    using difference_type = std::ptrdiff_t;

    iterator() = default;
    explicit iterator(RefStream* stream) : stream_(stream) { ++*this; }
    const Ref<T>& operator*() const { return *item_; }
    iterator& operator++() { return item_ = stream_->next(), *this; }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& it, std::default_sentinel_t) { return !it.item_; }

   private:
    RefStream* stream_ = nullptr;
    std::optional<Ref<T>> item_;
  };
  iterator begin() { return iterator(this); }
  std::default_sentinel_t end() const { return {}; }

 private:
  std::optional<Ref<T>> take(internal::Deadline deadline) {
    internal::Handle item = reader_->next(deadline);
    if (item == nullptr) return std::nullopt;
    return Ref<T>(std::move(item));
  }

  std::unique_ptr<internal::StreamReader> reader_;
};

namespace internal {

template <typename R>
struct Streamed {
  static constexpr bool kIsStream = false;
};
template <typename T>
struct Streamed<Stream<T>> {
  static constexpr bool kIsStream = true;
  using Type = T;
};

// What submitting a function whose result is R gives.
template <typename R>
struct Submitted {
  using Type = Ref<R>;
};
template <typename T>
struct Submitted<Stream<T>> {
  using Type = RefStream<T>;
};

}  // namespace internal

}  // namespace Atoll
