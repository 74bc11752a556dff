#include <atoll/async.h>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <thread>

namespace Atoll {
namespace {

// Something to wait for that a test lets go on when it wants.
struct Gate {
  std::coroutine_handle<> waiter;

  auto operator co_await() {
    struct Awaiter {
      Gate& gate;
      bool await_ready() const { return false; }
      void await_suspend(std::coroutine_handle<> coroutine) { gate.waiter = coroutine; }
      void await_resume() const {}
    };
    return Awaiter{*this};
  }
};

Async<int> answer() { co_return 42; }
Async<int> twice(Async<int> inner) { co_return 2 * co_await inner; }
Async<std::string> after(Gate& gate, std::string words) {
  co_await gate;
  co_return words;
}
Async<void> note(Gate& gate, int& steps) {
  ++steps;
  co_await gate;
  ++steps;
}
Async<int> fail(Gate& gate) {
  co_await gate;
  throw std::out_of_range("shelf 7 is empty");
}

}  // namespace

TEST_CASE("a coroutine that never waits has ended when its call returns") {
  Async<int> async = answer();
  CHECK(async.has_ended());
  CHECK(wait_for(std::move(async)) == 42);
}

TEST_CASE("a coroutine begins at once and goes on when what it awaits comes") {
  Gate gate;
  int steps = 0;
  Async<void> async = note(gate, steps);
  CHECK(steps == 1);
  CHECK(!async.has_ended());
  gate.waiter.resume();
  CHECK(steps == 2);
  wait_for(std::move(async));
}

TEST_CASE("a coroutine awaits another that has ended, or has not") {
  CHECK(wait_for(twice(answer())) == 84);
  Gate gate;
  const auto longer = [](Async<std::string> inner) -> Async<std::string> { co_return co_await inner + "!"; };
  Async<std::string> outer = longer(after(gate, "done"));
  CHECK(!outer.has_ended());
  gate.waiter.resume();
  CHECK(wait_for(std::move(outer)) == "done!");
}

TEST_CASE("an exception passes through the coroutines that await it") {
  Gate gate;
  Async<int> outer = twice(fail(gate));
  gate.waiter.resume();
  CHECK_THROWS_WITH_AS(wait_for(std::move(outer)), "shelf 7 is empty", std::out_of_range);
}

TEST_CASE("a coroutine whose Async is destroyed goes on to its end") {
  Gate gate;
  int steps = 0;
  { const Async<void> dropped = note(gate, steps); }
  CHECK(steps == 1);
  gate.waiter.resume();
  CHECK(steps == 2);
}

TEST_CASE("wait_for waits for a coroutine that ends in another thread") {
  Gate gate;
  Async<std::string> async = after(gate, "done");
  std::thread other([&gate] { gate.waiter.resume(); });
  CHECK(wait_for(std::move(async)) == "done");
  other.join();
}

}  // namespace Atoll
