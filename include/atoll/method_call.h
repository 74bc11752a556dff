#pragma once

// How an actor's methods are called by name. Not for programs.

#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <atoll/arguments.h>
#include <atoll/error.h>

namespace Atoll::internal {

// Decoding failed: the arguments are to blame, not the function.
struct DecodeFailure {
  std::string why;
};

using EncodedArguments = std::vector<std::string>;

template <typename Parameters>
auto decode_arguments(const EncodedArguments& encoded) {
  try {
    return Parameters::decode(encoded);
  } catch (const Error&) {
    throw;  // an argument that is an object could not be got
  } catch (const std::exception& error) {
    throw DecodeFailure{error.what()};
  }
}

// What a method that is a coroutine ends with: its result, encoded, or what it threw.
using MethodEnd = std::function<void(std::string value, std::exception_ptr error)>;

// One registered method. `call` returns when it has ended. `start` calls `end`
// then, which may be long after it returned; null unless it is a coroutine.
struct Method {
  std::string (*call)(void* object, const EncodedArguments&) = nullptr;
  void (*start)(void* object, const EncodedArguments&, MethodEnd end) = nullptr;
  bool is_async = false;  // it returns an Async; else, if it has a start, a Stream

  friend bool operator==(const Method&, const Method&) = default;
};

// A coroutine that nobody waits for: it ends itself.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    [[noreturn]] void unhandled_exception() { std::terminate(); }
  };
};

// Sends an item of the stream that the running call fills, and goes on when there
// is room for the next: false if nobody reads any more.
class SentItem {
 public:
  explicit SentItem(Encoded value);
  bool await_ready() const;
  void await_suspend(std::coroutine_handle<> coroutine);
  bool await_resume() const;  // throws CancelledError
};

template <typename T>
Detached finish_async(auto start, MethodEnd end) {
  std::string value;
  std::exception_ptr error;
  try {
    auto begin = std::move(start);  // the arguments go before the end is told
    if constexpr (std::is_void_v<T>)
      co_await begin();
    else
      value = store_result(encode<T>(co_await begin()));
  } catch (...) {
    error = std::current_exception();
  }
  end(std::move(value), error);
}

template <typename T>
Detached finish_stream(auto start, MethodEnd end) {
  std::exception_ptr error;
  try {
    auto begin = std::move(start);
    for (Stream<T> stream = begin(); stream.advance();)
      if (!co_await SentItem(encode<T>(stream.item()))) break;
  } catch (...) {
    error = std::current_exception();
  }
  end({}, error);
}

template <auto kMethod>
struct MethodCall {
  using Taken = Signature<decltype(kMethod)>;
  using Returned = typename Taken::Returned;
  using Arguments = typename Taken::Parameters::Tuple;

  static std::string call(void* object, const EncodedArguments& encoded) {
    Arguments arguments = decode_arguments<typename Taken::Parameters>(encoded);
    return encode_result([&] { return apply(object, arguments); });
  }

  // The arguments live until it has ended: the method may take references to them.
  static void start(void* object, const EncodedArguments& encoded, MethodEnd end) {
    // Called before this function returns.
    auto begin = [object, &encoded, arguments = std::optional<Arguments>()]() mutable {
      arguments.emplace(decode_arguments<typename Taken::Parameters>(encoded));
      return apply(object, *arguments);
    };
    if constexpr (Streamed<Returned>::kIsStream)
      finish_stream<typename Returned::value_type>(std::move(begin), std::move(end));
    else
      finish_async<typename Awaited<Returned>::Type>(std::move(begin), std::move(end));
  }

  static Method method() {
    if constexpr (Awaited<Returned>::kIsAsync || Streamed<Returned>::kIsStream)
      return {&call, &start, Awaited<Returned>::kIsAsync};
    else
      return {&call, nullptr, false};
  }

 private:
  static Returned apply(void* object, Arguments& arguments) {
    return std::apply(
        [&](auto&&... each) -> Returned {
          return (static_cast<typename Taken::Class*>(object)->*kMethod)(std::forward<decltype(each)>(each)...);
        },
        std::move(arguments));
  }
};

}  // namespace Atoll::internal
