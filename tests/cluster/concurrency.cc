// A driver for calls that run at one time in one actor: coroutines, concurrency groups, and methods that fill streams; its
// first argument says which. tests/cluster/concurrency.sh says what must come of it.

#include <atoll/atoll.h>

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/driver_words.h"

namespace {

using Atoll::Actor;
using Atoll::actor;
using Atoll::Async;
using Atoll::Ref;
using Atoll::RefStream;
using Atoll::Stream;
using Atoll::testing::say_error;
using Atoll::testing::touch;
using Atoll::testing::wait_for_file;
using std::chrono::milliseconds;
using std::chrono::seconds;

bool exists(const std::string& file) { return std::filesystem::exists(file); }

// What others wait for.
struct Gate {
  int passed = 0;
  int pass(const std::string& file) {
    wait_for_file(file);
    return ++passed;
  }
  void fail(const std::string& file) {
    wait_for_file(file);
    throw std::domain_error("the gate is shut");
  }
};
ATOLL_ACTOR(Gate(), &Gate::pass, &Gate::fail);

// Its state needs no lock: all calls share one thread.
struct Hall {
  int inside = 0, most = 0;
  std::set<std::thread::id> threads;
  std::vector<int> begun;
  std::string end_file;
  explicit Hall(const std::string& at_end) : end_file(at_end) {}
  ~Hall() {
    if (!end_file.empty()) touch(end_file + (inside == 0 ? ".empty" : ".full"));
  }

  Async<int> enter(Actor<Gate> gate, const std::string& file, int number) {
    begun.push_back(number);
    most = std::max(most, ++inside);
    threads.insert(std::this_thread::get_id());
    const int passed = co_await gate.call(&Gate::pass, file);
    threads.insert(std::this_thread::get_id());
    --inside;
    co_return passed;
  }
  Async<std::string> who() {
    const std::string before = Atoll::this_task().function;
    co_await Atoll::put(1);
    const int more = co_await Atoll::actor<Gate>().create().call(&Gate::pass, std::string("/"));
    co_return before + " " + Atoll::this_task().function + " " + std::to_string(more);
  }
  Async<int> relay(Actor<Gate> gate, const std::string& file) { co_return co_await enter(gate, file, 0) + 1000; }
  Async<void> fail(Actor<Gate> gate, const std::string& file) { co_await gate.call(&Gate::fail, file); }
  Async<int> blocks(Actor<Gate> gate, const std::string& file) { co_return wait_for(enter(gate, file, 0)); }
  Async<int> leave(Actor<Gate> gate, const std::string& file) {
    const int passed = co_await gate.call(&Gate::pass, file);
    Atoll::exit_actor();
    co_return passed;
  }
  Async<std::string> interrupted(Actor<Gate> gate, const std::string& file) {
    try {
      co_await gate.call(&Gate::pass, file);
    } catch (const Atoll::CancelledError&) {
      ++most;
      throw;
    }
    co_return "not cancelled";
  }
  Stream<int> count(int n) {
    for (int i = 0; i < n; ++i) {
      most = i;
      co_yield i;
    }
  }
  int how_many() { return inside; }
  int how_many_at_most() { return most; }
  std::size_t how_many_threads() { return threads.size(); }
  bool in_order() { return std::ranges::is_sorted(begun); }
};
ATOLL_ACTOR(Hall(const std::string&), &Hall::enter, &Hall::who, &Hall::relay, &Hall::fail, &Hall::blocks, &Hall::leave,
            &Hall::interrupted, &Hall::count, &Hall::how_many, &Hall::how_many_at_most, &Hall::how_many_threads,
            &Hall::in_order);

// One that has threads.
struct Store {
  std::mutex mutex;
  int reading = 0, most = 0;
  std::string end_file, log;
  explicit Store(const std::string& at_end) : end_file(at_end) {}
  ~Store() {
    if (!end_file.empty()) touch(end_file + log);
  }
  int read(const std::string& file) {
    {
      const std::lock_guard lock(mutex);
      most = std::max(most, ++reading);
    }
    wait_for_file(file);
    const std::lock_guard lock(mutex);
    log += "r";
    return reading--;
  }
  void write(const std::string& what) {
    const std::lock_guard lock(mutex);
    log += what;
  }
  std::string get_log() { return log; }
  int readers() {
    const std::lock_guard lock(mutex);
    return reading;
  }
  int most_readers() {
    const std::lock_guard lock(mutex);
    return most;
  }
};
ATOLL_ACTOR(Store(const std::string&), &Store::read, &Store::write, &Store::get_log, &Store::readers, &Store::most_readers);

// Its methods fill streams.
struct Shelf {
  int yielded = 0;
  Stream<int> count(int n) {
    for (int i = 0; i < n; ++i) {
      ++yielded;
      co_yield i;
    }
  }
  Stream<std::string> fail_after(int n) {
    for (int i = 0; i < n; ++i) co_yield "item " + std::to_string(i);
    throw std::out_of_range("shelf 7 is empty");
  }
  Stream<int> endless(const std::string& file) {
    struct AtEnd {
      std::string file;
      ~AtEnd() { touch(file); }
    };
    const AtEnd at_end{file};
    for (int i = 0;; ++i) co_yield i;
  }
  Stream<int> die_once(const std::string& file, int n) {
    for (int i = 0; i < n; ++i) {
      if (i == n / 2 && !exists(file)) {
        touch(file);
        ::raise(SIGKILL);
      }
      co_yield i;
    }
  }
  int how_many() { return yielded; }
};
ATOLL_ACTOR(Shelf(), &Shelf::count, &Shelf::fail_after, &Shelf::endless, &Shelf::die_once, &Shelf::how_many);

template <typename Check>
void await(Check check) {
  while (!check()) std::this_thread::sleep_for(milliseconds(1));
}

void coroutines(const std::string& folder) {
  const Actor<Gate> gate = actor<Gate>().create();
  const Actor<Hall> hall = actor<Hall>().create("");
  std::vector<Ref<int>> entered;
  for (int i = 0; i < 200; ++i) entered.push_back(hall.call(&Hall::enter, gate, folder + "/open", i));
  await([&] { return hall.call(&Hall::how_many).get() == 200; });
  std::cout << "200 wait inside, in order: " << hall.call(&Hall::in_order).get() << std::endl;
  touch(folder + "/open");
  long sum = 0;
  for (const Ref<int>& each : entered) sum += each.get(seconds(20));
  std::cout << "all came out: " << sum << ", left inside: " << hall.call(&Hall::how_many).get()
            << ", threads: " << hall.call(&Hall::how_many_threads).get() << std::endl;
  std::cout << "it knows itself: " << hall.call(&Hall::who).get() << std::endl;
  std::cout << "of a coroutine: " << hall.call(&Hall::relay, gate, folder + "/open").get() << std::endl;
  say_error("what it awaits throws", [&] { hall.call(&Hall::fail, gate, folder + "/open").get(); });
  const Actor<Gate> shut = actor<Gate>().create();
  say_error("wait_for", [&] { hall.call(&Hall::blocks, shut, folder + "/never").get(); });
  const Ref<std::string> interrupted = hall.call(&Hall::interrupted, shut, folder + "/never");
  const int most = hall.call(&Hall::how_many_at_most).get();
  cancel(interrupted);
  say_error("interrupted", [&] { interrupted.get(seconds(20)); });
  std::cout << "it saw that: " << hall.call(&Hall::how_many_at_most).get() - most << std::endl;
}

void limits(const std::string& folder) {
  const Actor<Gate> gate = actor<Gate>().create();
  const Actor<Hall> narrow = actor<Hall>().max_concurrency(3).create("");
  std::vector<Ref<int>> entered;
  for (int i = 0; i < 50; ++i) entered.push_back(narrow.call(&Hall::enter, gate, folder + "/open2", i));
  const Actor<Hall> split = actor<Hall>().max_concurrency(1).concurrency_group("doors", 5, &Hall::enter).create("");
  for (int i = 0; i < 50; ++i) entered.push_back(split.call(&Hall::enter, gate, folder + "/open2", i));
  await([&] { return split.call(&Hall::how_many).get() == 5; });
  touch(folder + "/open2");
  for (const Ref<int>& each : entered) each.get(seconds(20));
  std::cout << "no more than 3: " << narrow.call(&Hall::how_many_at_most).get() << ", than 5: "
            << split.call(&Hall::how_many_at_most).get() << std::endl;
  {
    const Actor<Hall> last = actor<Hall>().create(folder + "/last");
    for (int i = 0; i < 20; ++i) entered.push_back(last.call(&Hall::enter, gate, folder + "/open3", i));
    entered.back() = last.call(&Hall::relay, gate, folder + "/open3");
  }
  std::this_thread::sleep_for(milliseconds(300));
  touch(folder + "/open3");
  std::cout << "after its last handle: " << (entered.back().get(seconds(20)) > 1000) << std::endl;
  await([&] { return exists(folder + "/last.empty") || exists(folder + "/last.full"); });
  std::cout << "its object ended when all were out: " << exists(folder + "/last.empty") << std::endl;
  const Actor<Hall> leaver = actor<Hall>().create(folder + "/leaver");
  const Ref<int> leaves = leaver.call(&Hall::leave, gate, folder + "/open4");
  const Ref<int> beside = leaver.call(&Hall::enter, gate, folder + "/open4", 0);
  touch(folder + "/open4");
  std::cout << "leaves: " << (leaves.get(seconds(20)) > 0 && beside.get(seconds(20)) > 0) << std::endl;
  say_error("after that", [&] { leaver.call(&Hall::how_many).get(); });
}

void groups(const std::string& folder) {
  const Actor<Store> store =
      actor<Store>().concurrency_group("io", 2, &Store::read).concurrency_group("look", 1, &Store::readers, &Store::most_readers)
          .create("");
  std::vector<Ref<int>> reads;
  for (int i = 0; i < 6; ++i) reads.push_back(store.call(&Store::read, folder + "/page"));
  std::vector<Ref<void>> writes;
  for (int i = 0; i < 5; ++i) writes.push_back(store.call(&Store::write, std::to_string(i)));
  for (const Ref<void>& each : writes) each.get(seconds(20));
  await([&] { return store.call(&Store::readers).get() == 2; });
  std::cout << "others pass: " << store.call(&Store::get_log).get() << std::endl;
  const Ref<void> behind = store.with_group("io").call(&Store::write, std::string("x"));
  const bool waits = !wait(std::vector<Ref<void>>{behind}, 1, milliseconds(100)).pending.empty();
  touch(folder + "/page");
  for (const Ref<int>& each : reads) each.get(seconds(20));
  behind.get(seconds(20));
  std::cout << "by the call: " << waits << ", at most: " << store.call(&Store::most_readers).get() << std::endl;
  say_error("unknown group", [&] { store.with_group("disk").call(&Store::write, std::string("y")).get(); });
  {
    const Actor<Store> last = actor<Store>().concurrency_group("io", 2, &Store::read).create(folder + "/store.");
    for (int i = 0; i < 5; ++i) last.call(&Store::read, folder + "/page2");
    last.call(&Store::write, std::string("w"));
  }
  std::this_thread::sleep_for(milliseconds(300));
  touch(folder + "/page2");
  await([&] { return exists(folder + "/store.wrrrrr"); });
  std::cout << "all calls came before its end" << std::endl;
  say_error("none", [] { actor<Store>().concurrency_group("io", 0, &Store::read).create(""); });
  say_error("nameless", [] { actor<Store>().concurrency_group("", 1, &Store::read).create(""); });
  say_error("in two", [] {
    actor<Store>().concurrency_group("a", 1, &Store::read).concurrency_group("b", 1, &Store::read).create("");
  });
  say_error("twice", [] {
    actor<Store>().concurrency_group("a", 1, &Store::read).concurrency_group("a", 1, &Store::write).create("");
  });
}

void streams(const std::string& folder) {
  const Actor<Shelf> shelf = actor<Shelf>().create();
  long sum = 0;
  for (const Ref<int>& each : shelf.call(&Shelf::count, 10'000)) sum += each.get();
  std::cout << "all: " << sum << std::endl;
  say_error("its error", [&] {
    RefStream<std::string> stream = shelf.call(&Shelf::fail_after, 2);
    while (const auto item = stream.next()) std::cout << "before the error: " << item->get() << std::endl;
  });
  {
    RefStream<int> unread = shelf.with_ahead(5).call(&Shelf::endless, folder + "/endless");
    unread.next();
  }
  wait_for_file(folder + "/endless");
  std::cout << "nobody reads: it ended" << std::endl;
  const Actor<Shelf> second = actor<Shelf>().create();
  RefStream<int> slow = second.with_ahead(5).call(&Shelf::count, 100);
  const Ref<int> after = second.call(&Shelf::how_many);
  const bool waits = !wait(std::vector<Ref<int>>{after}, 1, milliseconds(200)).pending.empty();
  while (slow.next()) {
  }
  std::cout << "it waits for its reader: " << waits << " " << after.get() << std::endl;
  RefStream<int> cancelled = shelf.call(&Shelf::endless, folder + "/cancelled");
  cancelled.next();
  cancel(cancelled);
  say_error("cancelled", [&] {
    while (cancelled.next()) {
    }
  });
  const Actor<Shelf> mortal = actor<Shelf>().restarts(1).call_retries(1).create();
  sum = 0;
  for (const Ref<int>& each : mortal.call(&Shelf::die_once, folder + "/died", 100)) sum += each.get();
  std::cout << "died once: " << sum << std::endl;
  say_error("ahead", [&] { const RefStream<int> refused = shelf.with_ahead(0).call(&Shelf::count, 1); });
  // In an actor with coroutines a stream that waits holds nobody up.
  const Actor<Hall> hall = actor<Hall>().create("");
  RefStream<int> one = hall.with_ahead(5).call(&Hall::count, 50), two = hall.with_ahead(5).call(&Hall::count, 50);
  std::cout << "meanwhile: " << hall.call(&Hall::how_many).get(seconds(20)) << std::endl;
  sum = 0;
  for (int i = 0; i < 50; ++i) sum += one.next()->get() + two.next()->get();
  std::cout << "two at a time: " << sum << " " << !one.next() << !two.next() << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  const std::map<std::string, void (*)(const std::string&)> ways = {
      {"coroutines", coroutines}, {"limits", limits}, {"groups", groups}, {"streams", streams}};
  ways.at(argv[1])(argv[2]);
  std::cout << argv[1] << " done" << std::endl;
}
