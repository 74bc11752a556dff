// A driver for mixed traffic across nodes in which everything is counted: each call and task has a number, each payload a
// checksum, and whoever receives them says what is missing, came twice or in another order. tests/cluster/crossing.sh and
// tests/cluster/soak run it.
//
//   traffic SECONDS NODE,NODE... [--deaths] [--pauses N FOLDER]
//
//     --deaths             workers are killed meanwhile, and actors restarted
//     --pauses N FOLDER    N times, the last shortly before the end, all is answered and nothing under way: it says
//                          "in use K PROCESS BYTES" of itself and of each actor that lasts, "groups removed until K: N" and
//                          "quiet K", and waits for the file FOLDER/K, a minute at most

#include <atoll/atoll.h>

#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "tests/cluster/traffic_pauses.h"

namespace {

using Atoll::Actor;
using Atoll::actor;
using Atoll::Ref;
using Atoll::RefStream;
using Atoll::Stream;
using Atoll::task;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

// No answer takes longer, unless it is lost.
constexpr auto kLost = seconds(60);

std::uint64_t checksum(const std::string& bytes) {
  std::uint64_t sum = bytes.size();
  for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + i, sizeof word);
    sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
  }
  return sum;
}

using Random = std::minstd_rand;
std::size_t up_to(Random& random, std::size_t most) { return std::uniform_int_distribution<std::size_t>(0, most)(random); }

// Mostly small, some of many packets, a few of megabytes.
std::string payload(Random& random) {
  const std::size_t kind = up_to(random, 999);
  std::string bytes(up_to(random, kind < 800 ? 200 : kind < 995 ? 64 << 10 : 3 << 20), '\0');
  for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4096) {
    const auto word = static_cast<std::uint32_t>(random());
    std::memcpy(bytes.data() + i, &word, sizeof word);
  }
  return bytes;
}

std::atomic<int> wrongs{0};
void wrong(const std::string& what) {
  if (++wrongs <= 20) std::cout << "WRONG: " + what + "\n" << std::flush;
}
std::string text(const auto&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

// Gives back to the system what this process's allocator keeps free for later, as far as it can: a page with one small value
// in use stays. How many bytes are in use.
std::size_t tidy_up() {
  ::malloc_trim(0);
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

struct Tidy {
  std::size_t tidy() { return tidy_up(); }
};

// ------------------------------------------------- calls in order, between all nodes

struct Ledger : Tidy {
  std::map<int, long> last;  // by caller
  long take(int caller, long number, const std::string& bytes, std::uint64_t sum) {
    if (checksum(bytes) != sum) throw std::runtime_error(text("the bytes of call ", number, " are not those sent"));
    const long before = std::exchange(last[caller], number);
    if (number != before + 1) throw std::runtime_error(text("call ", number, " of ", caller, " came after ", before));
    return number;
  }
};
ATOLL_ACTOR(Ledger(), &Ledger::take, &Ledger::tidy);

using Ledgers = std::vector<Actor<Ledger>>;

// Calls all ledgers with up to 64 under way; how many were answered, and what was wrong.
std::tuple<long, std::vector<std::string>> call_ledgers(Ledgers ledgers, int caller, int milliseconds_long) {
  struct Sent {
    Ref<long> answer;
    long number;
  };
  Random random(static_cast<unsigned>(caller));
  std::vector<long> numbers(ledgers.size(), 0);
  std::deque<Sent> sent;
  std::tuple<long, std::vector<std::string>> result;
  const auto receive = [&] {
    try {
      if (sent.front().answer.get(kLost) == sent.front().number)
        ++std::get<0>(result);
      else
        std::get<1>(result).push_back(text("call ", sent.front().number, " was answered with another's result"));
    } catch (const Atoll::Error& error) {
      std::get<1>(result).push_back(error.what());
    }
    sent.pop_front();
  };
  const auto end = Clock::now() + milliseconds(milliseconds_long);
  while (Clock::now() < end && std::get<1>(result).empty()) {
    const std::size_t which = up_to(random, ledgers.size() - 1);
    const std::string bytes = payload(random);
    const long number = ++numbers[which];
    sent.push_back({ledgers[which].call(&Ledger::take, caller, number, bytes, checksum(bytes)), number});
    if (sent.size() > 64) receive();
  }
  while (!sent.empty()) receive();
  return result;
}

struct Caller : Tidy {
  std::tuple<long, std::vector<std::string>> run(Ledgers ledgers, int caller, int milliseconds_long) {
    return call_ledgers(ledgers, caller, milliseconds_long);
  }
};
ATOLL_ACTOR(Caller(), &Caller::run, &Caller::tidy);

// --------------------------------------------------------------- tasks, each once

struct Tally : Tidy {
  std::map<long, int> ran;  // by number
  void add(long number) { ++ran[number]; }
  // How many of those from `first` on have run, and how many more than once.
  std::tuple<long, long> count(long first) {
    long once = 0, more = 0;
    for (auto it = ran.lower_bound(first); it != ran.end(); ++it) ++(it->second == 1 ? once : more);
    return {once, more};
  }
  void forget_before(long number) { ran.erase(ran.begin(), ran.lower_bound(number)); }
};
ATOLL_ACTOR(Tally(), &Tally::add, &Tally::count, &Tally::forget_before, &Tally::tidy);

std::uint64_t digest(const Actor<Tally>& tally, long number, const std::string& bytes) {
  tally.call(&Tally::add, number);
  return checksum(bytes) + static_cast<std::uint64_t>(number);
}
ATOLL_TASK(digest);

// Now and then it kills its worker.
std::uint64_t digest_or_die(const std::string& bytes) {
  static std::random_device device;
  if (device() % 100 == 0) ::raise(SIGKILL);
  return checksum(bytes);
}
ATOLL_TASK(digest_or_die);

long tree(int depth) {
  if (depth == 0) return 1;
  const Ref<long> left = task(tree).cpus(0.25).submit(depth - 1), right = task(tree).cpus(0.25).submit(depth - 1);
  return left.get() + right.get();
}
ATOLL_TASK(tree);

std::string until_cancelled() {
  while (!Atoll::this_task().is_cancelled()) std::this_thread::sleep_for(milliseconds(1));
  throw Atoll::CancelledError("as you wish");
}
ATOLL_TASK(until_cancelled);

Stream<std::tuple<int, std::string>> produce(int n, unsigned seed) {
  Random random(seed);
  for (int i = 0; i < n; ++i) co_yield std::tuple(i, payload(random));
}
ATOLL_TASK(produce);

// --------------------------------------------- actors that die: each call at most once

// Each number once, and in order as far as one process said them: what a process said that died may come after the first
// words of the next, which is another caller.
struct Witness : Tidy {
  static constexpr std::size_t kRemembered = 10'000;
  long seen = 0;
  std::set<long> numbers;    // the latest
  long forgotten = 0;        // all up to this one
  std::map<int, long> last;  // by process
  std::vector<long> mistakes;
  void see(int process, long number) {
    ++seen;
    if (number <= forgotten || !numbers.insert(number).second || number <= std::exchange(last[process], number))
      mistakes.push_back(number);
    if (last.size() > 10) last.erase(std::ranges::min_element(last, {}, [](const auto& each) { return each.second; }));
    if (numbers.size() <= kRemembered) return;
    forgotten = *numbers.begin();
    numbers.erase(numbers.begin());
  }
  std::tuple<long, std::vector<long>> get() { return {seen, mistakes}; }
};
ATOLL_ACTOR(Witness(), &Witness::see, &Witness::get, &Witness::tidy);

struct Mortal {
  long take(const Actor<Witness>& witness, long number) {
    witness.call(&Witness::see, ::getpid(), number).get();
    return number;
  }
  int process() { return ::getpid(); }
};
ATOLL_ACTOR(Mortal(), &Mortal::take, &Mortal::process);

// Its process once that is another than `before`: a kill is on its way.
int next_process(const Actor<Mortal>& mortal, int before) {
  const auto limit = Clock::now() + kLost;
  while (Clock::now() < limit) try {
      if (const int now = mortal.call(&Mortal::process).get(kLost); now != before) return now;
    } catch (const Atoll::ActorUnavailableError&) {
    }
  throw std::runtime_error("an actor that was killed to be restarted lives on");
}

// ------------------------------------------------------------------------- the parts

struct Traffic {
  std::vector<std::string> nodes;
  Clock::time_point end;
  std::unique_ptr<Pauses> pauses;
  std::mutex mutex;
  std::map<std::string, long> counts;
  std::vector<std::pair<std::string, std::function<std::size_t()>>> lasting_ones;  // and how each is tidied

  bool goes_on() {
    pauses->pause_if_due();
    return Clock::now() < end && wrongs == 0;
  }
  // An actor that is tidied in each pause; `name` is its own.
  template <typename T>
  Actor<T> lasting(const std::string& name, Actor<T> made) {
    const std::lock_guard lock(mutex);
    lasting_ones.emplace_back(name, [made] { return made.call(&T::tidy).get(kLost); });
    return made;
  }
  void be_quiet(std::size_t number, const std::string& folder) {
    std::this_thread::sleep_for(seconds(6));  // receive buffers are kept for 5
    const auto say = [&](const std::string& name, std::size_t bytes) {
      std::cout << "in use " << number << " " << name << " " << bytes << "\n";
    };
    for (const auto& [name, tidy] : lasting_ones) say(name, tidy());
    say("driver", tidy_up());
    std::cout << "quiet " << number << std::endl;
    const std::string seen = folder + "/" + std::to_string(number);
    for (const auto limit = Clock::now() + kLost; Clock::now() < limit && ::access(seen.c_str(), F_OK) != 0;)
      std::this_thread::sleep_for(milliseconds(50));
  }
  int milliseconds_left() const {
    return static_cast<int>(std::max<long>(0, std::chrono::duration_cast<milliseconds>(end - Clock::now()).count()));
  }
  void count(const std::string& what, long n) {
    const std::lock_guard lock(mutex);
    counts[what] += n;
  }

  void calls() {
    Ledgers ledgers;
    std::vector<Actor<Caller>> callers;
    for (const std::string& node : nodes) {
      ledgers.push_back(lasting("ledger-" + node, actor<Ledger>().on_node(node).create()));
      callers.push_back(lasting("caller-" + node, actor<Caller>().on_node(node).create()));
    }
    // In turns, so that all ends soon after a mistake; a caller has a new number in each.
    for (int number = 0; goes_on();) {
      const int turn = std::min(milliseconds_left(), 10'000);
      std::vector<Ref<std::tuple<long, std::vector<std::string>>>> results;
      for (const Actor<Caller>& caller : callers) results.push_back(caller.call(&Caller::run, ledgers, ++number, turn));
      auto [n, mistakes] = call_ledgers(ledgers, ++number, turn);
      for (const auto& result : results) {
        const auto [more, others] = result.get();
        n += more;
        mistakes.insert(mistakes.end(), others.begin(), others.end());
      }
      for (const std::string& mistake : mistakes) wrong(mistake);
      count("calls", n);
    }
  }

  // Batches of tasks on all nodes; each batch is counted by an actor that its tasks call.
  void tasks() {
    const Actor<Tally> tally = lasting("tally", actor<Tally>().on_node(nodes.back()).create());
    Random random(7);
    for (long number = 0; goes_on();) {
      const long first = number;
      std::vector<std::pair<Ref<std::uint64_t>, std::uint64_t>> results;
      for (int i = 0; i < 200; ++i, ++number) {
        const std::string bytes = payload(random);
        results.emplace_back(task(digest).cpus(0.5).spread().submit(tally, number, bytes),
                             checksum(bytes) + static_cast<std::uint64_t>(number));
      }
      for (const auto& [result, expected] : results)
        if (result.get(kLost) != expected) wrong("a task's result is not that of its bytes");
      std::tuple<long, long> ran;
      const auto limit = Clock::now() + kLost;
      do ran = tally.call(&Tally::count, first).get(kLost);
      while (std::get<0>(ran) < number - first && std::get<1>(ran) == 0 && Clock::now() < limit);
      if (ran != std::tuple(number - first, 0L))
        wrong(text(std::get<0>(ran), " of ", number - first, " tasks ran once, ", std::get<1>(ran), " more often"));
      tally.call(&Tally::forget_before, number);
      count("tasks", number - first);
    }
  }

  void nested() {
    while (goes_on()) {
      if (const long sum = task(tree).cpus(0.25).spread().submit(4).get(kLost); sum != 16) wrong(text("a tree has 16 leaves, not ", sum));
      count("trees", 1);
    }
  }

  void streams() {
    Random random(11);
    while (goes_on()) {
      const int n = static_cast<int>(up_to(random, 300));
      const auto seed = static_cast<unsigned>(random());
      const int stop = up_to(random, 3) == 0 ? n / 2 : n;
      Random expected(seed);
      RefStream<std::tuple<int, std::string>> stream =
          task(produce).cpus(0.5).spread().ahead(1 + static_cast<int>(up_to(random, 60))).submit(n, seed);
      for (int i = 0; i < stop; ++i) {
        const auto item = stream.next(kLost);
        if (!item) return wrong(text("a stream ended after ", i, " of ", n, " items"));
        if (item->get() != std::tuple(i, payload(expected))) return wrong(text("item ", i, " of a stream is another"));
      }
      if (stop == n && stream.next(kLost)) wrong("a stream has more items than it yields");
      count("items", stop);
    }
  }

  void cancels() {
    while (goes_on()) {
      std::vector<Ref<std::string>> waits;
      for (int i = 0; i < 6; ++i) waits.push_back(task(until_cancelled).cpus(0.5).spread().submit());
      std::this_thread::sleep_for(milliseconds(20));
      for (const auto& each : waits) cancel(each);
      for (const auto& each : waits) try {
          wrong("a cancelled task has a result: " + each.get(kLost));
        } catch (const Atoll::CancelledError&) {
          count("cancelled", 1);
        }
    }
  }

  void groups() {
    while (goes_on()) {
      const auto group = Atoll::placement_group({{.cpus = 0.25}, {.cpus = 0.25}, {.cpus = 0.25}});
      group.wait(kLost);
      if (task(tree).cpus(0.25).in(group, 1).submit(0).get(kLost) != 1) wrong("a task in a bundle has another result");
      group.remove();
      count("groups", 1);
    }
  }

  void dying_tasks() {
    Random random(13);
    while (goes_on()) {
      std::vector<std::pair<Ref<std::uint64_t>, std::uint64_t>> results;
      for (int i = 0; i < 50; ++i) {
        const std::string bytes = payload(random);
        // Of another size than other tasks, so that it has workers of its own, which connect to nobody but the driver: UCX
        // 1.13 aborts when a process dies in the moment in which it connects to it.
        results.emplace_back(task(digest_or_die).cpus(0.4).spread().retries(-1).submit(bytes), checksum(bytes));
      }
      for (const auto& [result, expected] : results)
        if (result.get(kLost) != expected) wrong("the result of a task that was run again is not that of its bytes");
      count("tasks whose workers die", 50);
    }
  }

  void dying_actors() {
    const Actor<Witness> witness = lasting("witness", actor<Witness>().on_node(nodes.front()).create());
    const Actor<Mortal> mortal = actor<Mortal>().restarts(-1).on_node(nodes.back()).create();
    int process = next_process(mortal, 0);
    long number = 0, answered = 0;
    for (int round = 0; goes_on(); ++round) {
      const bool kills = round % 20 == 19;
      std::vector<std::pair<Ref<long>, long>> sent;
      for (int i = 0; i < 100; ++i) {
        ++number;
        sent.emplace_back(mortal.call(&Mortal::take, witness, number), number);
        if (kills && i == 50) mortal.kill_and_restart();
      }
      for (const auto& [answer, expected] : sent) try {
          if (answer.get(kLost) != expected) wrong("a call was answered with another's result");
          ++answered;
        } catch (const Atoll::ActorUnavailableError& error) {
          if (!kills) wrong(text("a call of an actor that nobody killed: ", error.what()));
        }
      if (kills) process = next_process(mortal, process);
      count("restarts", kills);
    }
    const auto [seen, mistakes] = witness.call(&Witness::get).get(kLost);
    if (!mistakes.empty()) wrong(text("call ", mistakes.front(), " of an actor that died ran twice, or out of order"));
    if (seen < answered) wrong(text(answered, " calls were answered, and ", seen, " ran"));
    count("calls of an actor that dies", answered);
  }
};

std::vector<std::string> split_at_commas(const std::string& list) {
  std::vector<std::string> parts;
  std::istringstream in(list);
  for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
  return parts;
}

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  const std::vector<std::string> words(argv + 1, argv + argc);
  const bool deaths = words.size() > 2 && words[2] == "--deaths";
  const std::size_t pauses = deaths ? 3 : 2;  // where they are said
  if (words.size() != pauses && !(words.size() == pauses + 3 && words[pauses] == "--pauses"))
    return std::cerr << "usage: traffic SECONDS NODE,... [--deaths] [--pauses N FOLDER]\n", 2;
  Traffic traffic;
  traffic.nodes = split_at_commas(argv[2]);
  const auto begin = Clock::now();
  const auto time = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(std::stod(argv[1])));
  traffic.end = begin + time;
  const std::string folder = words.size() > pauses ? words[pauses + 2] : "";
  std::vector<Clock::time_point> due;
  const int times = words.size() > pauses ? std::stoi(words[pauses + 1]) : 0;
  for (int i = 1; i <= times; ++i) due.push_back(begin + time * i / times - seconds(20));
  traffic.pauses = std::make_unique<Pauses>(due, [&](std::size_t number) { traffic.be_quiet(number, folder); });
  std::vector<void (Traffic::*)()> parts = {&Traffic::calls,   &Traffic::tasks,   &Traffic::nested,
                                            &Traffic::streams, &Traffic::cancels, &Traffic::groups};
  if (deaths) parts.insert(parts.end(), {&Traffic::dying_tasks, &Traffic::dying_actors});
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < parts.size(); ++i) traffic.pauses->join();
  for (const auto part : parts)
    threads.emplace_back([&traffic, part] {
      try {
        (traffic.*part)();
      } catch (const std::exception& error) {
        wrong(error.what());
      }
      traffic.pauses->leave();
    });
  for (std::thread& thread : threads) thread.join();
  for (const auto& [what, n] : traffic.counts) std::cout << what << ": " << n << "\n";
  std::cout << "wrong: " << wrongs << std::endl;
  return wrongs == 0 ? 0 : 1;
}
