#pragma once

#include <condition_variable>
#include <coroutine>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include <atoll/backend.h>
#include <atoll/error.h>

namespace Atoll {

namespace internal {

// What a coroutine leaves behind for whoever waits for it: it outlives both.
// Any thread may call its methods.
template <typename T>
class AsyncState {
 public:
  using Value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

  void set_value(Value value) { value_.emplace(std::move(value)); }
  void set_error(std::exception_ptr error) { error_ = std::move(error); }

  // The coroutine has ended. Returns who goes on now.
  std::coroutine_handle<> end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    arrived_.notify_all();
    return waiter_ ? waiter_ : std::noop_coroutine();
  }
  bool has_ended() const {
    const std::lock_guard lock(mutex_);
    return ended_;
  }
  // Says who goes on at the end; false if that has come already.
  bool set_waiter(std::coroutine_handle<> waiter) {
    const std::lock_guard lock(mutex_);
    if (!ended_) waiter_ = waiter;
    return !ended_;
  }
  void wait() {
    if (has_ended()) return;
    const WaitScope waits;
    std::unique_lock lock(mutex_);
    if (!ended_ && runs_coroutines())
      throw Error("wait_for() would wait here for what goes on in this very thread; co_await it instead");
    arrived_.wait(lock, [this] { return ended_; });
  }
  // After the end, once.
  T take() {
    if (error_) std::rethrow_exception(error_);
    if constexpr (!std::is_void_v<T>) return std::move(*value_);
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  bool ended_ = false;
  std::coroutine_handle<> waiter_;
  std::optional<Value> value_;
  std::exception_ptr error_;
};

template <typename T>
struct AsyncReturn {
  std::shared_ptr<AsyncState<T>> state = std::make_shared<AsyncState<T>>();
  template <typename Given>
  void return_value(Given&& value) {
    state->set_value(std::forward<Given>(value));
  }
};
template <>
struct AsyncReturn<void> {
  std::shared_ptr<AsyncState<void>> state = std::make_shared<AsyncState<void>>();
  void return_void() {}
};

}  // namespace internal

// A coroutine that ends with a T, or with an exception:
//
//   Async<int> sum(Ref<int> a, Ref<int> b) { co_return co_await a + co_await b; }
//
// It begins at once, in the caller's thread, as a task begins when it is
// submitted: several that are called one after the other overlap. When what it
// waits for comes it goes on in the callback thread, one coroutine at a time; one
// that is part of an actor's call, in the actor's thread (actor.h). An
// Async is awaited once, by co_await or wait_for(), which throw what the
// coroutine threw. One that is destroyed early is not waited for: its coroutine
// goes on to its end, and its result is dropped. Parameters that are references
// must outlive the coroutine.
template <typename T>
class [[nodiscard]] Async {
 public:
  class promise_type : public internal::AsyncReturn<T> {
   public:
    Async get_return_object() { return Async(this->state); }
    std::suspend_never initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct End {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> coroutine) noexcept {
          const auto state = coroutine.promise().state;
          coroutine.destroy();
          return state->end();
        }
        void await_resume() noexcept {}
      };
      return End{};
    }
    void unhandled_exception() { this->state->set_error(std::current_exception()); }
  };

  Async(Async&&) noexcept = default;
  Async& operator=(Async&&) noexcept = default;

  auto operator co_await() const {
    struct Awaiter {
      std::shared_ptr<internal::AsyncState<T>> state;
      bool await_ready() const { return state->has_ended(); }
      bool await_suspend(std::coroutine_handle<> waiter) { return state->set_waiter(waiter); }
      T await_resume() { return state->take(); }
    };
    return Awaiter{state_};
  }
  bool has_ended() const { return state_->has_ended(); }

 private:
  template <typename Result>
  friend Result wait_for(Async<Result> async);
  explicit Async(std::shared_ptr<internal::AsyncState<T>> state) : state_(std::move(state)) {}

  std::shared_ptr<internal::AsyncState<T>> state_;
};

// Waits for a coroutine's end: its result, or what it threw. Throws Error in a
// callback, and in an actor that has coroutines for methods: it could not go on.
template <typename T>
T wait_for(Async<T> async) {
  async.state_->wait();
  return async.state_->take();
}

namespace internal {

// What a call that returns an R results in: an Async's T, otherwise R itself.
template <typename R>
struct Awaited {
  using Type = R;
  static constexpr bool kIsAsync = false;
};
template <typename T>
struct Awaited<Async<T>> {
  using Type = T;
  static constexpr bool kIsAsync = true;
};

}  // namespace internal

}  // namespace Atoll
