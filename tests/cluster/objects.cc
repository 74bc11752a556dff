// A driver that does with large values what its first argument names; tests/cluster/objects.sh says what must come of it.

#include <atoll/atoll.h>

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using Atoll::Actor;
using Atoll::Array;
using Atoll::Ref;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kMiB = std::size_t{1} << 20;

std::vector<double> numbers(std::size_t count, double first) {
  std::vector<double> values(count);
  std::iota(values.begin(), values.end(), first);
  return values;
}

double sum(const Array<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

// ---------------------------------------------------------------------- tasks, actors

double add_up(const Array<double>& values) { return sum(values); }
ATOLL_TASK(add_up);

double add_up_vector(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }
ATOLL_TASK(add_up_vector);

std::vector<double> make_numbers(std::size_t count, double first) { return numbers(count, first); }
ATOLL_TASK(make_numbers);

Array<double> twice(const Array<double>& values) {
  std::vector<double> result(values.begin(), values.end());
  for (double& value : result) value *= 2;
  return result;
}
ATOLL_TASK(twice);

struct Frame {
  int number = 0;
  Array<float> pixels;
  std::string note;
  ATOLL_FIELDS(number, pixels, note)
};
Frame brighten(const Frame& frame) {
  std::vector<float> pixels(frame.pixels.begin(), frame.pixels.end());
  for (float& pixel : pixels) pixel += 1;
  return {frame.number + 1, pixels, frame.note + "!"};
}
ATOLL_TASK(brighten);

// Makes a large value and is killed before anybody hears of it.
std::string make_and_die(std::size_t bytes) {
  static const auto value = Atoll::put(std::string(bytes, 'x'));
  ::raise(SIGKILL);
  return {};
}
ATOLL_TASK(make_and_die);

class Keeper {
 public:
  double keep(const Array<double>& values) {
    kept_.push_back(values);
    return sum(values);
  }
  void put(std::size_t bytes) { own_.push_back(Atoll::put(std::string(bytes, 'k'))); }
  Array<double> show(int which) { return kept_.at(static_cast<std::size_t>(which)); }
  void forget() {
    kept_.clear();
    own_.clear();
  }
  int process() { return ::getpid(); }

 private:
  std::vector<Array<double>> kept_;
  std::vector<Ref<std::string>> own_;
};
ATOLL_ACTOR(Keeper(), &Keeper::keep, &Keeper::put, &Keeper::show, &Keeper::forget, &Keeper::process);

// ------------------------------------------------------------------------- what is seen

// Object memory in use, of all nodes.
std::uint64_t in_use(const Atoll::Cluster& cluster) {
  std::uint64_t bytes = 0;
  for (const Atoll::NodeView& node : cluster.nodes()) bytes += node.object_memory_used;
  return bytes;
}
// Waits until it is `bytes`, a minute at most; says what it was in the end.
std::uint64_t use_becomes(const Atoll::Cluster& cluster, std::uint64_t bytes) {
  const auto limit = std::chrono::steady_clock::now() + seconds(60);
  while (in_use(cluster) != bytes && std::chrono::steady_clock::now() < limit) std::this_thread::sleep_for(milliseconds(50));
  return in_use(cluster);
}

void say(const std::string& what, const auto& value) { std::cout << what << " " << value << "\n" << std::flush; }

// ------------------------------------------------------------------------------ the parts

void values(const Atoll::Cluster& cluster) {
  const std::vector<double> given = numbers(kMiB, 1);
  const Ref<std::vector<double>> ref = Atoll::put(given);
  say("in use", use_becomes(cluster, 8 * kMiB + 4096));
  say("got", ref.get() == given);
  const Array<double> seen = ref.view(), again = ref.view();
  say("seen", sum(seen) == sum(given));
  say("not copied", seen.data() == again.data());
  say("aligned", reinterpret_cast<std::uintptr_t>(seen.data()) % 64);
  const Ref<Array<double>> array = Atoll::put(Array<double>(given));
  say("task of an array", Atoll::task(add_up).submit(array).get() == sum(given));
  say("task of a vector", Atoll::task(add_up_vector).submit(ref).get() == sum(given));
  say("argument by value", Atoll::task(add_up).submit(Array<double>(given)).get() == sum(given));
  say("result", Atoll::task(make_numbers).submit(kMiB, 1.0).get() == given);
  say("chain", Atoll::task(twice).submit(Atoll::task(twice).submit(array)).get()[5] == 4 * given[5]);
  const Frame frame = Atoll::task(brighten).submit(Atoll::task(brighten).submit(Frame{1, std::vector<float>(kMiB, 0.5f), "f"})).get();
  say("struct", std::to_string(frame.number) + " " + std::to_string(frame.pixels[kMiB - 1]) + " " + frame.note);
  const std::vector<Ref<std::vector<double>>> many = {Atoll::put(given), Atoll::task(make_numbers).submit(kMiB, 2.0)};
  say("several", Atoll::get(many)[1][0]);
  const auto parts = Atoll::split(Atoll::task(make_numbers).submit(50'000, 3.0), 50'000);
  say("parts", parts[49'999].get());
}

// What lies in the node's memory is the program's own or the node's: tasks say where they saw it.
bool in_arena(const Array<double>& values) {
  std::ifstream maps("/proc/self/maps");
  const auto place = reinterpret_cast<std::uintptr_t>(values.data());
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t first = 0, last = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx", &first, &last) == 2 && first <= place && place < last)
      return line.find("memfd") != std::string::npos;
  }
  return false;
}
ATOLL_TASK(in_arena);

// One object and many readers: each node has it once, and as long as its owner wants it.
void readers(const Atoll::Cluster& cluster) {
  Ref<Array<double>> array = Atoll::put(Array<double>(numbers(3 * kMiB, 1)));
  std::vector<Ref<bool>> all;
  for (const Atoll::NodeView& node : cluster.nodes())
    for (int i = 0; i < 4; ++i) all.push_back(Atoll::task(in_arena).on_node(node.name).submit(array));
  int shared = 0;
  for (const Ref<bool>& each : all) shared += each.get();
  say("read in node memory", shared);
  say("once a node", use_becomes(cluster, cluster.nodes().size() * (24 * kMiB + 4096)) / cluster.nodes().size());
  // What nobody reads gives way to what is put.
  const auto keeper = Atoll::actor<Keeper>().on_node(cluster.nodes()[1].name).create();
  keeper.call(&Keeper::put, cluster.nodes()[1].object_memory - 8 * kMiB).get();
  const std::uint64_t others = (cluster.nodes().size() - 1) * (24 * kMiB + 4096);
  const std::uint64_t own = cluster.nodes()[1].object_memory - 8 * kMiB + 4096;
  say("gave way", use_becomes(cluster, others + own) == others + own);
  say("without room it is read all the same", Atoll::task(add_up).on_node(cluster.nodes()[1].name).submit(array).get() == sum(array.get()));
  say("but not in node memory", Atoll::task(in_arena).on_node(cluster.nodes()[1].name).submit(array).get());
  keeper.call(&Keeper::forget).get();
  say("then again", Atoll::task(in_arena).on_node(cluster.nodes()[1].name).submit(array).get());
  array = {};
  say("dropped everywhere", use_becomes(cluster, 0));
}

void nodes(const Atoll::Cluster& cluster) {
  const std::vector<double> given = numbers(3 * kMiB, 1);
  const Ref<Array<double>> array = Atoll::put(Array<double>(given));
  for (const Atoll::NodeView& node : cluster.nodes()) {
    say("sum on " + node.name, Atoll::task(add_up).on_node(node.name).submit(array).get() == sum(given));
    const Ref<Array<double>> there = Atoll::task(twice).on_node(node.name).submit(array);
    say("doubled on " + node.name, sum(there.get()) == 2 * sum(given));
    for (const Atoll::NodeView& other : cluster.nodes())
      say("from " + node.name + " to " + other.name,
          Atoll::task(add_up).on_node(other.name).submit(there).get() == 2 * sum(given));
  }
}

// A driver on no node has no object memory, and large values all the same.
void outside(const Atoll::Cluster&) {
  const std::vector<double> given = numbers(kMiB, 1);
  const Ref<Array<double>> array = Atoll::put(Array<double>(given));
  say("given", Atoll::task(add_up).submit(array).get() == sum(given));
  const Ref<std::vector<double>> made = Atoll::task(make_numbers).submit(kMiB, 1.0);
  say("taken", made.get() == given);
  say("passed on", Atoll::task(add_up_vector).submit(made).get() == sum(given));
  say("in node memory", in_arena(made.view()));
}

// Whatever becomes of those who made, hold and own them, nothing is left.
void lives(const Atoll::Cluster& cluster) {
  const std::string node = cluster.nodes()[0].name;
  {
    const auto keeper = Atoll::actor<Keeper>().on_node(node).create();
    Ref<Array<double>> array = Atoll::put(Array<double>(numbers(kMiB, 1)));
    const double total = keeper.call(&Keeper::keep, array).get();
    array = {};
    say("held by an actor", use_becomes(cluster, 8 * kMiB + 4096));
    say("still there", sum(keeper.call(&Keeper::show, 0).get()) == total);
    keeper.call(&Keeper::forget).get();
    say("let go", use_becomes(cluster, 0));
    keeper.call(&Keeper::keep, Atoll::put(Array<double>(numbers(kMiB, 1)))).get();
    keeper.call(&Keeper::put, 4 * kMiB).get();
    say("held and owned", use_becomes(cluster, 12 * kMiB + 2 * 4096));
    ::kill(keeper.call(&Keeper::process).get(), SIGKILL);
    say("after its end", use_becomes(cluster, 0));
  }
  try {
    Atoll::task(make_and_die).on_node(node).retries(2).submit(4 * kMiB).get();
  } catch (const Atoll::WorkerDiedError&) {
    say("after three makers' ends", use_becomes(cluster, 0));
  }
  for (int i = 0; i < 200; ++i) (void)Atoll::task(make_numbers).submit(kMiB / 8, 1.0);
  say("after results that nobody wanted", use_becomes(cluster, 0));
  Array<double> kept;
  {
    const Ref<Array<double>> ref = Atoll::put(Array<double>(numbers(kMiB, 1)));
    kept = ref.get();
  }
  say("kept by a value", use_becomes(cluster, 8 * kMiB + 4096));
  kept = {};
  say("and gone with it", use_becomes(cluster, 0));
}

// Room is waited for, and who waits in vain is told.
void full(const Atoll::Cluster& cluster) {
  const std::size_t size = cluster.nodes()[0].object_memory, piece = size / 4 - 8192;
  std::vector<Ref<std::string>> pieces;
  for (int i = 0; i < 4; ++i) pieces.push_back(Atoll::put(std::string(piece, static_cast<char>('a' + i))));
  std::thread later([&] {
    std::this_thread::sleep_for(milliseconds(300));
    pieces.erase(pieces.begin());
  });
  const Ref<std::string> fifth = Atoll::put(std::string(piece, 'e'));
  later.join();
  say("after a wait", fifth.get() == std::string(piece, 'e'));
  for (const std::size_t bytes : {piece, size + 1}) try {
      (void)Atoll::put(std::string(bytes, 'x'));
    } catch (const Atoll::OutOfMemoryError& error) {
      std::cout << "full: " << error.what() << "\n";
    }
  try {
    (void)Atoll::task(make_numbers).submit(piece / 8, 1.0).get();
  } catch (const Atoll::OutOfMemoryError& error) {
    std::cout << "full for a task: " << error.what() << "\n";
  }
  say("the rest goes on", pieces[0].view()[0]);
}

// A value that outlives the connection.
void outlive(std::optional<Atoll::Cluster> cluster) {
  const Array<double> seen = Atoll::put(Array<double>(numbers(kMiB, 1))).get();
  const double before = sum(seen);
  cluster.reset();
  say("outlived", sum(seen) == before);
}

// Ends while a quarter of a gigabyte is on its way to the other node.
void leave(const Atoll::Cluster& cluster) {
  const std::string there = cluster.nodes().back().name;
  Atoll::task(add_up).on_node(there).submit(Atoll::put(Array<double>(numbers(1000, 0)))).get();  // its worker is there, and connected
  std::vector<Ref<double>> sums;
  for (int i = 0; i < 6; ++i) sums.push_back(Atoll::task(add_up).on_node(there).submit(Atoll::put(Array<double>(numbers(6 * kMiB, i)))));
  sums.front().get();  // the next are fetched by then
  std::cout << "left" << std::endl;
  ::_exit(0);
}

}  // namespace

int main(int argc, char** argv) {
  Atoll::Cluster cluster = Atoll::connect(argc, argv);
  const std::map<std::string, void (*)(const Atoll::Cluster&)> parts = {
      {"values", values}, {"nodes", nodes}, {"readers", readers}, {"outside", outside}, {"lives", lives}, {"full", full}, {"leave", leave}};
  for (int i = 1; i < argc; ++i)
    if (const auto part = parts.find(argv[i]); part != parts.end()) part->second(cluster);
  outlive(std::move(cluster));
  std::cout << "all done\n";
}
