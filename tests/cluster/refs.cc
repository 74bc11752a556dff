// A driver that does with Refs what its first argument names; tests/cluster/refs.sh says what must come of it.

#include <atoll/atoll.h>

#include <chrono>
#include <iostream>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using Atoll::Async;
using Atoll::Ref;

int add(int a, int b) { return a + b; }
ATOLL_TASK(add);

int sleep_long() {
  std::this_thread::sleep_for(std::chrono::seconds(1000));
  return 0;
}
ATOLL_TASK(sleep_long);

int fail(int shelf) { throw std::out_of_range("shelf " + std::to_string(shelf) + " is empty"); }
ATOLL_TASK(fail);

void look(int shelf) {
  if (shelf > 5) fail(shelf);
}
ATOLL_TASK(look);

std::tuple<int, int, std::string> divide(int a, int b) { return {a / b, a % b, "of " + std::to_string(a)}; }
ATOLL_TASK(divide);

std::vector<int> count_to(int n) {
  std::vector<int> numbers(static_cast<std::size_t>(n));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}
ATOLL_TASK(count_to);

Async<int> sum(Ref<int> a, Ref<int> b) { co_return co_await a + co_await b; }

// A task that is a coroutine and waits for tasks of its own.
Async<int> fibonacci(int n) {
  if (n < 2) co_return n;
  co_return co_await sum(Atoll::task(add).cpus(0).submit(n - 2, 0), Atoll::task(add).cpus(0).submit(n - 1, 0));
}
ATOLL_TASK(fibonacci);

class Shelf {
 public:
  Async<int> put(Ref<int> book) {
    const int number = co_await book;
    co_return sum_ += number;
  }

 private:
  int sum_ = 0;
};
ATOLL_ACTOR(Shelf(), &Shelf::put);

void callbacks() {
  std::promise<std::string> done;
  const std::thread::id here = std::this_thread::get_id();
  const Ref<int> three = Atoll::task(add).submit(1, 2);
  three.then([](const Ref<int>&) { throw std::runtime_error("the callback's own"); });
  three.then([&](const Ref<int>& ref) {
    const bool same = std::this_thread::get_id() == here;
    done.set_value("called with " + std::to_string(ref.get()) + (same ? " here" : " elsewhere"));
  });
  std::cout << done.get_future().get() << "\n";
  std::cout << "future " << three.future().get() << "\n";
  try {
    Atoll::task(fail).submit(7).future().get();
  } catch (const Atoll::TaskError& error) {
    std::cout << "future error " << error.message() << "\n";
  }
}

Async<std::string> error_of(Ref<int> ref) {
  try {
    co_return std::to_string(co_await ref);
  } catch (const Atoll::TaskError& error) {
    co_return error.message();
  }
}

void coroutines() {
  std::cout << "sum " << Atoll::wait_for(sum(Atoll::task(add).submit(1, 2), Atoll::put(4))) << "\n";
  std::cout << "awaited error " << Atoll::wait_for(error_of(Atoll::task(fail).submit(7))) << "\n";
  std::cout << "task " << Atoll::task(fibonacci).submit(7).get() << "\n";
  auto shelf = Atoll::actor<Shelf>().create();
  shelf.call(&Shelf::put, Atoll::put(20)).get();
  std::cout << "actor " << shelf.call(&Shelf::put, Atoll::task(add).submit(10, 12)).get() << "\n";
}

void parts() {
  auto [quotient, remainder, words] = Atoll::split(Atoll::task(divide).submit(17, 5));
  std::cout << "parts " << quotient.get() << " " << remainder.get() << " " << words.get() << "\n";
  // A part may be an argument before it is there.
  const auto [first, second, rest] = Atoll::split(Atoll::task(divide).submit(29, 10));
  std::cout << "part as argument " << Atoll::task(add).submit(first, second).get() << "\n";
  const std::vector<Ref<int>> many = Atoll::split(Atoll::task(count_to).submit(3000), 3000);
  const std::vector<int> values = Atoll::get(many);
  std::cout << "3000 parts sum to " << std::accumulate(values.begin(), values.end(), 0) << "\n";
  try {
    Atoll::split(Atoll::task(count_to).submit(3), 4)[1].get();
  } catch (const Atoll::TaskError& error) {
    std::cout << "wrong number: " << error.what() << "\n";
  }
}

void shrinking() {
  std::vector<Ref<int>> left;
  for (int i = 0; i < 1000; ++i) left.push_back(Atoll::task(add).submit(i, 0));
  const auto began = std::chrono::steady_clock::now();
  long total = 0;
  while (!left.empty()) {
    Atoll::Waited<int> waited = Atoll::wait(left, 1, std::chrono::seconds(20));
    for (const Ref<int>& ref : waited.ready) total += ref.get();
    left = std::move(waited.pending);
  }
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
  std::cout << "1000 waited for, " << total << "\nwaiting took " << took.count() << " ms\n";
  const Ref<std::string> ready = Atoll::put(std::string("x"));
  std::cout << "any " << Atoll::wait_any(Atoll::task(sleep_long).submit(), ready) << "\n";
}

void without_values() {
  Atoll::get({Atoll::task(look).submit(1), Atoll::task(look).submit(2)});
  const std::vector<Ref<void>> three{Atoll::task(look).submit(1), Atoll::task(look).submit(7), Atoll::task(look).submit(2)};
  try {
    Atoll::get(three, std::chrono::seconds(20));
  } catch (const Atoll::TaskError& error) {
    std::cout << "one of three " << error.what() << "\n";
  }
}

Async<std::string> end_of(Ref<int> ref) {
  try {
    co_return std::to_string(co_await ref);
  } catch (const Atoll::ClusterLostError&) {
    co_return "the connection ended";
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    std::optional<Async<std::string>> pending;
    {
      const Atoll::Cluster cluster = Atoll::connect(argc, argv);
      callbacks();
      coroutines();
      parts();
      shrinking();
      without_values();
      pending = end_of(Atoll::task(sleep_long).submit());
    }
    std::cout << "pending: " << Atoll::wait_for(std::move(*pending)) << "\n";
    std::cout << "all done\n";
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "refs: " << error.what() << "\n";
    return 1;
  }
}
