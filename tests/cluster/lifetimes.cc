// A driver for actors' names, ends, retries and concurrency; its first argument says which. tests/cluster/lifetimes.sh
// says what must come of it.

#include <atoll/atoll.h>

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/driver_words.h"

namespace {

using Atoll::Actor;
using Atoll::actor;
using Atoll::Ref;
using Atoll::testing::say_error;
using Atoll::testing::touch;
using Atoll::testing::wait_for_file;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Counter {
  int n;
  std::string end_file;
  Counter(int start, const std::string& at_end) : n(start), end_file(at_end) {}
  ~Counter() {
    if (!end_file.empty()) touch(end_file);
  }
  int add(int more) { return n += more; }
  int pid() { return ::getpid(); }
  int restarts() { return Atoll::this_actor().restarts; }
  // Dies the first time, with no answer.
  int add_dying_once(int more, const std::string& file) {
    if (!std::filesystem::exists(file)) {
      touch(file);
      ::raise(SIGKILL);
    }
    return n += more;
  }
  int add_failing_once(int more, const std::string& file) {
    if (!std::filesystem::exists(file)) {
      touch(file);
      throw std::runtime_error("not the first time");
    }
    return n += more;
  }
  int leave() {
    Atoll::exit_actor();
    return n;
  }
  void wait_for(const std::string& file) { wait_for_file(file); }
};
ATOLL_ACTOR(Counter(int, const std::string&), &Counter::add, &Counter::pid, &Counter::restarts, &Counter::add_dying_once,
            &Counter::add_failing_once, &Counter::leave, &Counter::wait_for);

// Calls that can only end together.
struct Meeting {
  std::atomic<int> here{0};
  int meet(int all) {
    ++here;
    while (here < all) std::this_thread::sleep_for(milliseconds(1));
    return here;
  }
  std::string interrupted(const std::string& file) {
    touch(file);
    while (!Atoll::this_task().is_cancelled()) std::this_thread::sleep_for(milliseconds(1));
    throw Atoll::CancelledError("as you wish");
  }
};
ATOLL_ACTOR(Meeting(), &Meeting::meet, &Meeting::interrupted);

int use(const Actor<Counter>& counter) { return counter.call(&Counter::add, 100).get(); }
ATOLL_TASK(use);

void names(const std::string&) {
  const Actor<Counter> first = actor<Counter>().name("hits").create(10, "");
  first.wait_ready(seconds(20));
  std::cout << "found: " << Atoll::find_actor<Counter>("hits").call(&Counter::add, 1).get() << std::endl;
  const Actor<Counter> again = actor<Counter>().name("hits").get_if_exists().create(50, "");
  std::cout << "exists: " << again.call(&Counter::add, 1).get() << std::endl;
  const Actor<Counter> fresh = actor<Counter>().name("misses").get_if_exists().create(50, "");
  std::cout << "fresh: " << fresh.call(&Counter::add, 1).get() << std::endl;
  const Actor<Counter> other = actor<Counter>().name("hits").in_namespace("elsewhere").create(70, "");
  std::cout << "elsewhere: " << other.call(&Counter::add, 1).get() << std::endl;
  std::cout << "by name space: " << Atoll::find_actor<Counter>("hits", "elsewhere").call(&Counter::add, 1).get() << std::endl;
  say_error("taken", [] { actor<Counter>().name("hits").create(1, "").call(&Counter::add, 1).get(); });
  say_error("nobody", [] { Atoll::find_actor<Counter>("nobody"); });
  say_error("nameless", [] { actor<Counter>().get_if_exists().create(1, ""); });
  say_error("unfindable", [] { actor<Counter>().detached().name("x").create(1, ""); });
  say_error("empty", [] { Actor<Counter>().call(&Counter::add, 1); });
}

void detach(const std::string& folder) {
  const Actor<Counter> kept =
      actor<Counter>().detached().restarts(1).name("kept").in_namespace("shop").create(5, folder + "/kept.end");
  std::cout << "detached: " << kept.call(&Counter::add, 1).get() << std::endl;
}

void find_detached(const std::string& folder) {
  const Actor<Counter> kept = Atoll::find_actor<Counter>("kept", "shop");
  std::cout << "still there: " << kept.call(&Counter::add, 1).get() << std::endl;
  kept.kill_and_restart();
  while (true) try {
      if (kept.call(&Counter::restarts).get() == 1) break;
    } catch (const Atoll::ActorUnavailableError&) {
    }
  std::cout << "restarted: " << kept.call(&Counter::add, 1).get() << std::endl;
  kept.call(&Counter::leave).get();
  wait_for_file(folder + "/kept.end");
  std::cout << "it left" << std::endl;
}

void ends(const std::string& folder) {
  Ref<int> last;
  {
    const Actor<Counter> scoped = actor<Counter>().create(0, folder + "/scoped.end");
    for (int i = 0; i < 100; ++i) last = scoped.call(&Counter::add, 1);
  }
  std::cout << "calls before its end: " << last.get() << std::endl;
  wait_for_file(folder + "/scoped.end");
  Ref<int> used;
  {
    const Actor<Counter> sent = actor<Counter>().create(0, folder + "/sent.end");
    used = Atoll::task(use).submit(sent);
  }
  std::cout << "used elsewhere: " << used.get() << std::endl;
  wait_for_file(folder + "/sent.end");
  const Actor<Counter> leaver = actor<Counter>().restarts(5).create(7, folder + "/leaver.end");
  const Ref<int> gone = leaver.call(&Counter::leave), after = leaver.call(&Counter::add, 1);
  std::cout << "leaves: " << gone.get() << std::endl;
  say_error("after it left", [&] { after.get(); });
  wait_for_file(folder + "/leaver.end");
  say_error("later", [&] { leaver.call(&Counter::add, 1).get(); });
  say_error("in no actor", [] { Atoll::exit_actor(); });
}

void retries(const std::string& folder) {
  const Actor<Counter> careless = actor<Counter>().restarts(1).create(0, "");
  say_error("at most once", [&] { careless.call(&Counter::add_dying_once, 1, folder + "/once").get(); });
  const Actor<Counter> careful = actor<Counter>().restarts(5).call_retries(2).create(0, "");
  std::vector<Ref<int>> order;
  for (int i = 0; i < 3; ++i) order.push_back(careful.call(&Counter::add, 1));
  order.push_back(careful.call(&Counter::add_dying_once, 10, folder + "/retried"));
  for (int i = 0; i < 3; ++i) order.push_back(careful.call(&Counter::add, 1));
  int last = 0;
  bool grows = true;
  std::string numbers;
  for (std::size_t i = 3; i < order.size(); ++i) {
    const int n = order[i].get();
    grows = grows && n > last;
    last = n;
    numbers += " " + std::to_string(n);
  }
  std::cout << "sent again:" << numbers << (grows ? " in order" : " out of order") << std::endl;
  const Actor<Counter> own = actor<Counter>().restarts(5).create(0, "");
  std::cout << "by the call: " << own.with_retries(1).call(&Counter::add_dying_once, 4, folder + "/own").get() << std::endl;
  const Actor<Counter> thrower = actor<Counter>().call_retries(1).retry_errors().create(0, "");
  std::cout << "thrown: " << thrower.call(&Counter::add_failing_once, 6, folder + "/thrown").get() << std::endl;
  const Actor<Counter> busy = actor<Counter>().max_pending_calls(3).create(0, "");
  const Ref<void> blocker = busy.call(&Counter::wait_for, folder + "/go");
  const Ref<int> second = busy.call(&Counter::add, 1), third = busy.call(&Counter::add, 1);
  say_error("too many", [&] { busy.call(&Counter::add, 1).get(); });
  touch(folder + "/go");
  std::cout << "those before: " << second.get() + third.get() << std::endl;
  std::cout << "and after: " << busy.call(&Counter::add, 1).get() << std::endl;
}

void meet(const std::string& folder) {
  const Actor<Meeting> meeting = actor<Meeting>().max_concurrency(8).create();
  std::vector<Ref<int>> all;
  for (int i = 0; i < 8; ++i) all.push_back(meeting.call(&Meeting::meet, 8));
  for (const Ref<int>& each : all) each.get(seconds(20));
  std::cout << "all 8 met" << std::endl;
  const Ref<std::string> running = meeting.call(&Meeting::interrupted, folder + "/running");
  wait_for_file(folder + "/running");
  cancel(running);
  say_error("cancelled call", [&] { running.get(seconds(20)); });
  say_error("too concurrent", [] { actor<Meeting>().max_concurrency(0).create(); });
}

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  const std::map<std::string, void (*)(const std::string&)> ways = {
      {"names", names}, {"detach", detach}, {"find", find_detached}, {"ends", ends}, {"retries", retries}, {"meet", meet}};
  ways.at(argv[1])(argv[2]);
  std::cout << argv[1] << " done" << std::endl;
}
