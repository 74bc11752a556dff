// A driver that gives references away, in all the ways there are, and drops its own; tests/cluster/borrow.sh says what must come
// of it. What nobody refers to any more must have left the nodes' object memory.

#include <atoll/atoll.h>

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <numeric>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

namespace {

using Atoll::Actor;
using Atoll::Array;
using Atoll::Ref;
using std::chrono::milliseconds;
using std::chrono::seconds;

using Numbers = Array<double>;

constexpr std::size_t kCount = std::size_t{1} << 17;  // a MiB of doubles

Numbers numbers(double first) {
  std::vector<double> values(kCount);
  std::iota(values.begin(), values.end(), first);
  return values;
}
double sum(const Numbers& values) { return std::accumulate(values.begin(), values.end(), 0.0); }
double sum_from(double first) { return sum(numbers(first)); }

// References inside of values, two levels deep.
struct Box {
  std::string label;
  std::vector<Ref<Numbers>> content;
  ATOLL_FIELDS(label, content)
};

class Keeper {
 public:
  Keeper() = default;
  void keep(Ref<Numbers> numbers) { kept_.push_back(std::move(numbers)); }
  void keep_all(std::vector<Ref<Numbers>> numbers) {
    for (Ref<Numbers>& each : numbers) kept_.push_back(std::move(each));
  }
  void forget() { kept_.clear(); }
  double show() const {
    double all = 0;
    for (const Ref<Numbers>& each : kept_) all += sum(each.get());
    return all;
  }
  void pass(Actor<Keeper> to) const {
    for (const Ref<Numbers>& each : kept_) to.call(&Keeper::keep, each).get();
  }
  Ref<Numbers> give() const { return kept_.front(); }
  // What it makes is its own.
  Ref<Numbers> make(double first) const { return Atoll::put(numbers(first)); }
  Ref<Box> make_box(double first) const { return Atoll::put(Box{"box", {Atoll::put(numbers(first)), Atoll::put(numbers(first + 1))}}); }
  void take_from(const Ref<Box>& box) { kept_.push_back(box.get().content.back()); }
  Atoll::Stream<Ref<Numbers>> make_many(int count) const {
    for (int i = 0; i < count; ++i) co_yield Atoll::put(numbers(i));
  }
  int process() const { return ::getpid(); }
  // Waits until there is no such process on its node, 20 s at most.
  bool outlives(int process) const {
    const auto deadline = std::chrono::steady_clock::now() + seconds(20);
    while (::kill(process, 0) == 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(milliseconds(1));
    return ::kill(process, 0) != 0;
  }

 private:
  std::vector<Ref<Numbers>> kept_;
};
ATOLL_ACTOR(Keeper(), &Keeper::keep, &Keeper::keep_all, &Keeper::forget, &Keeper::show, &Keeper::pass, &Keeper::give, &Keeper::make,
            &Keeper::make_box, &Keeper::take_from, &Keeper::make_many, &Keeper::process, &Keeper::outlives);

// Made of a reference.
class Reader {
 public:
  explicit Reader(Ref<Numbers> numbers) : numbers_(std::move(numbers)) {}
  double show() const { return sum(numbers_.get()); }

 private:
  Ref<Numbers> numbers_;
};
ATOLL_ACTOR(Reader(Ref<Numbers>), &Reader::show);

// Returns what is inside of what it is given.
std::vector<Ref<Numbers>> open(const Ref<Box>& box) { return box.get().content; }
ATOLL_TASK(open);
std::tuple<Ref<Numbers>, Ref<Numbers>> both(const Box& box) { return {box.content.at(0), box.content.at(1)}; }
ATOLL_TASK(both);

template <typename T>
void say(const std::string& what, const T& value) {
  std::cout << what << " " << value << std::endl;
}

std::uint64_t in_use(const Atoll::Cluster& cluster) {
  std::uint64_t bytes = 0;
  for (const Atoll::NodeView& node : cluster.nodes()) bytes += node.object_memory_used;
  return bytes;
}
// What is in use once it has been `wanted` for two heartbeats, in which every node has reported anew, or after a while.
std::uint64_t use_becomes(const Atoll::Cluster& cluster, std::uint64_t wanted) {
  const auto deadline = std::chrono::steady_clock::now() + seconds(20);
  auto since = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() < std::min(since + seconds(1), deadline)) {
    if (in_use(cluster) != wanted) since = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(milliseconds(20));
  }
  return in_use(cluster);
}

using Keepers = std::vector<Actor<Keeper>>;

// The last node's, another there, and the first's.
const Actor<Keeper>& far(const Keepers& keepers) { return keepers.back(); }
const Actor<Keeper>& beside_far(const Keepers& keepers) { return keepers[keepers.size() - 2]; }
const Actor<Keeper>& near(const Keepers& keepers) { return keepers.front(); }

void keep(const Atoll::Cluster& cluster, const Keepers& keepers) {
  Ref<Numbers> ref = Atoll::put(numbers(1));
  far(keepers).call(&Keeper::keep, ref).get();
  ref = {};
  say("kept by an actor", far(keepers).call(&Keeper::show).get() == sum_from(1));
  far(keepers).call(&Keeper::pass, near(keepers)).get();
  far(keepers).call(&Keeper::forget).get();
  say("passed on by it", near(keepers).call(&Keeper::show).get() == sum_from(1));
  ref = near(keepers).call(&Keeper::give).get();
  near(keepers).call(&Keeper::forget).get();
  say("and back", sum(ref.get()) == sum_from(1));
  ref = {};
  say("then gone", use_becomes(cluster, 0));
  {
    const auto reader = Atoll::actor<Reader>().on_node(cluster.nodes().back().name).create(Atoll::put(numbers(3)));
    say("kept by what is made of it", reader.call(&Reader::show).get() == sum_from(3));
    reader.kill();
  }
  say("then gone", use_becomes(cluster, 0));
}

void nest(const Atoll::Cluster& cluster, const Keepers& keepers) {
  {
    Ref<Ref<Box>> outer = far(keepers).call(&Keeper::make_box, 1.0);
    Ref<Box> box = outer.get();
    outer = {};
    std::vector<Ref<Numbers>> content = box.get().content;
    say("two levels deep", content.size());
    near(keepers).call(&Keeper::take_from, box).get();
    const std::vector<Ref<Numbers>> opened = Atoll::task(open).on_node(cluster.nodes().front().name).submit(box).get();
    box = {};
    content.erase(content.begin());
    say("what a task returned", sum(opened[0].get()) == sum_from(1));
    say("what came out of it", sum(content[0].get()) == sum_from(2));
  }
  say("what another took out of it", near(keepers).call(&Keeper::show).get() == sum_from(2));
  near(keepers).call(&Keeper::forget).get();
  say("then gone", use_becomes(cluster, 0));
  {
    Ref<Box> box = Atoll::put(Box{"mine", {Atoll::put(numbers(5)), Atoll::put(numbers(6))}});
    auto [first, second] = Atoll::split(Atoll::task(both).on_node(cluster.nodes().back().name).submit(box));
    Ref<Numbers> five = first.get();
    box = {};
    first = {};
    say("one of a split result", sum(five.get()) == sum_from(5));
    Ref<Numbers> six = second.get();
    second = {};
    five = {};
    say("the other", sum(six.get()) == sum_from(6));
  }
  say("then gone", use_becomes(cluster, 0));
  {
    std::vector<Ref<Numbers>> items;
    for (const Ref<Ref<Numbers>>& item : far(keepers).with_ahead(2).call(&Keeper::make_many, 5)) items.push_back(item.get());
    double all = 0, wanted = 0;
    for (int i = 0; i < 5; ++i) all += sum(items[static_cast<std::size_t>(i)].get()), wanted += sum_from(i);
    say("items of a stream", all == wanted);
  }
  say("then gone", use_becomes(cluster, 0));
}

void kill_holders(const Atoll::Cluster& cluster, const Keepers& keepers) {
  std::vector<Ref<Numbers>> refs;
  for (int i = 0; i < 4; ++i) refs.push_back(Atoll::put(numbers(i)));
  far(keepers).call(&Keeper::keep_all, refs).get();
  far(keepers).call(&Keeper::pass, near(keepers)).get();
  refs.clear();
  say("held by two", near(keepers).call(&Keeper::show).get() == far(keepers).call(&Keeper::show).get());
  const Ref<Numbers> theirs = far(keepers).call(&Keeper::make, 9.0).get();
  const int process = far(keepers).call(&Keeper::process).get();
  far(keepers).kill();
  say("one is killed, the other has all", near(keepers).call(&Keeper::show).get() == sum_from(0) + sum_from(1) + sum_from(2) + sum_from(3));
  // Until its owner has ended, it may answer yet.
  say("it has ended", beside_far(keepers).call(&Keeper::outlives, process).get());
  try {
    (void)theirs.get();
  } catch (const Atoll::ObjectLostError& error) {
    std::cout << "lost with its owner: " << error.what() << std::endl;
  }
  ::kill(near(keepers).call(&Keeper::process).get(), SIGKILL);
  say("both are killed", use_becomes(cluster, 0));
}

}  // namespace

int main(int argc, char** argv) {
  const Atoll::Cluster cluster = Atoll::connect(argc, argv);
  Keepers keepers;
  for (const Atoll::NodeView& node : cluster.nodes()) keepers.push_back(Atoll::actor<Keeper>().on_node(node.name).create());
  keepers.push_back(Atoll::actor<Keeper>().on_node(cluster.nodes().back().name).create());
  keep(cluster, keepers);
  nest(cluster, keepers);
  kill_holders(cluster, keepers);
  std::cout << "all done\n";
}
