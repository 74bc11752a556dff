// A driver of placement groups, in the way its first argument names; tests/cluster/groups.sh says what must come of it.

#include <atoll/atoll.h>

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <thread>

namespace {

using std::chrono::seconds;

std::string where() {
  const Atoll::WorkerView& worker = Atoll::this_worker();
  return worker.node + " bundle " + std::to_string(worker.bundle) + " of " + std::to_string(worker.bundles);
}
ATOLL_TASK(where);

int hold(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  return Atoll::this_worker().bundle;
}
ATOLL_TASK(hold);

std::string ask_group(Atoll::PlacementGroup group) {
  return "from a task: " + std::to_string(group.table().bundles.size()) + " bundles, then " +
         Atoll::task(where).cpus(1).in(group, 0).submit().get(seconds(20));
}
ATOLL_TASK(ask_group);

class Member {
 public:
  std::string seat() const { return where(); }
};
ATOLL_ACTOR(Member(), &Member::seat);

std::vector<Atoll::Needs> bundles(int count, Atoll::Needs each) {
  return std::vector<Atoll::Needs>(static_cast<std::size_t>(count), std::move(each));
}

const char* name_of(Atoll::GroupStanding state) {
  static constexpr const char* kNames[] = {"pending", "created", "rescheduling", "infeasible", "removed"};
  return kNames[static_cast<int>(state)];
}

void print(const Atoll::GroupTableView& table) {
  for (const Atoll::BundleView& bundle : table.bundles) {
    std::cout << "bundle " << bundle.index << " " << (bundle.node.empty() ? "nowhere" : bundle.node) << " gpus";
    for (const auto& gpu : bundle.gpus) std::cout << " " << gpu.index;
    std::cout << "\n";
  }
  std::cout << "state " << name_of(table.state) << (table.why.empty() ? "" : ": " + table.why) << std::endl;
}

// 64 bundles of one GPU each: node after node, the ring inside each.
void order(const char*) {
  const Atoll::PlacementGroup group = Atoll::placement_group(bundles(64, {.gpus = 1}));
  group.ready().get(seconds(20));
  print(group.table());
}

void use(const char*) {
  const Atoll::PlacementGroup group = Atoll::placement_group(bundles(2, {.cpus = 2}), {.strategy = Atoll::PlacementStrategy::kStrictSpread});
  // Nothing waits for the group by hand: tasks and actors in it do.
  std::vector<Atoll::Ref<std::string>> said;
  for (int bundle = 0; bundle < 2; ++bundle) said.push_back(Atoll::task(where).in(group, bundle).submit());
  const auto member = Atoll::actor<Member>().cpus(1).in(group, 1).create();
  said.push_back(member.call(&Member::seat));
  said.push_back(Atoll::task(ask_group).cpus(0).submit(group));
  for (const std::string& line : Atoll::get(said, seconds(30))) std::cout << line << "\n";
  // Eight tasks of one cpu, and three cpus left in the bundles.
  std::vector<Atoll::Ref<int>> held;
  for (int i = 0; i < 8; ++i) held.push_back(Atoll::task(hold).cpus(1).in(group).submit(50));
  std::map<int, int> by_bundle;
  for (const int bundle : Atoll::get(held, seconds(30))) ++by_bundle[bundle];
  std::cout << "any bundle: " << by_bundle[0] + by_bundle[1] << " tasks, " << by_bundle[-1] << " outside" << std::endl;
}

std::string process() { return where() + " process " + std::to_string(::getpid()); }
ATOLL_TASK(process);

// A hundred groups one after the other, each with a task in both of its bundles.
void again(const char*) {
  std::map<std::string, int> seen;
  for (int i = 0; i < 100; ++i) {
    const Atoll::PlacementGroup group =
        Atoll::placement_group(bundles(2, {.cpus = 1}), {.strategy = Atoll::PlacementStrategy::kStrictSpread});
    std::vector<Atoll::Ref<std::string>> said;
    for (int bundle = 0; bundle < 2; ++bundle) said.push_back(Atoll::task(process).in(group, bundle).submit());
    for (const std::string& line : Atoll::get(said, seconds(30))) ++seen[line];
    group.remove();
  }
  for (const auto& [line, times] : seen) std::cout << line << " ran " << times << "\n";
  std::cout << "a hundred groups had " << seen.size() << " processes" << std::endl;
}

template <typename Error>
void expect(const char* name, const std::function<void()>& action) {
  try {
    action();
    std::cout << name << " was not thrown" << std::endl;
  } catch (const Error& error) {
    std::cout << name << ": " << error.what() << std::endl;
  }
}

// remove() returns at once: calls may be answered until the actor's process has been ended.
void call_until_dead(const Atoll::Actor<Member>& member) {
  const auto deadline = std::chrono::steady_clock::now() + seconds(20);
  while (std::chrono::steady_clock::now() < deadline) {
    try {
      member.call(&Member::seat).get(seconds(20));
    } catch (const Atoll::ActorUnavailableError&) {
      // Its process has gone; the head's word on it is under way.
    }
  }
}

void errors(const char*) {
  using Strategy = Atoll::PlacementStrategy;
  expect<Atoll::InfeasibleError>("Infeasible", [] {
    Atoll::placement_group(bundles(3, {.cpus = 1}), {.strategy = Strategy::kStrictSpread}).ready().get(seconds(20));
  });
  expect<Atoll::InfeasibleError>("Empty", [] { Atoll::placement_group({}).ready().get(seconds(20)); });
  expect<Atoll::Error>("Malformed", [] { Atoll::placement_group({{.cpus = 1}, {.gpus = 1.5}}); });
  expect<Atoll::Error>("NaN", [] { Atoll::placement_group({{.cpus = std::strtod("nan", nullptr)}}); });
  const Atoll::PlacementGroup group = Atoll::placement_group(bundles(1, {.cpus = 1}));
  expect<Atoll::InfeasibleError>("NoBundle", [&] { Atoll::task(where).in(group, 5).submit().get(seconds(20)); });
  expect<Atoll::InfeasibleError>("TooBig", [&] { Atoll::task(where).cpus(2).in(group, 0).submit().get(seconds(20)); });
  expect<Atoll::InfeasibleError>("TooBigActor", [&] {
    Atoll::actor<Member>().cpus(2).in(group).create().call(&Member::seat).get(seconds(20));
  });
  const Atoll::Ref<int> held = Atoll::task(hold).in(group).retries(0).submit(60'000);
  const auto member = Atoll::actor<Member>().in(group).create();
  member.call(&Member::seat).get(seconds(20));
  group.remove();
  expect<Atoll::Error>("Removed", [&] { held.get(seconds(20)); });
  expect<Atoll::ActorDiedError>("RemovedActor", [&] { call_until_dead(member); });
  expect<Atoll::GroupRemovedError>("Gone", [&] { Atoll::task(where).in(group).submit().get(seconds(20)); });
  expect<Atoll::GroupRemovedError>("NoName", [] { Atoll::find_placement_group("nobody"); });
}

// What does not fit now waits, says why, and is placed when there is room.
void wait(const char*) {
  const Atoll::PlacementGroup first = Atoll::placement_group(bundles(2, {.cpus = 3}));
  first.ready().get(seconds(20));
  const Atoll::PlacementGroup second = Atoll::placement_group(bundles(2, {.cpus = 3}));
  const Atoll::PlacementGroup small = Atoll::placement_group(bundles(1, {.cpus = 1}));
  small.ready().get(seconds(20));
  std::cout << "the small one goes past\n";
  std::cout << "waited " << second.wait(std::chrono::milliseconds(200)) << "\n";
  print(second.table());
  first.remove();
  second.ready().get(seconds(20));
  print(second.table());
}

// Pairs of nodes below one leaf switch; a trio has none.
void below_switch(const char*) {
  using Strategy = Atoll::PlacementStrategy;
  const auto spread = [](int count) {
    return Atoll::placement_group(bundles(count, {.cpus = 2}),
                                  {.strategy = Strategy::kStrictSpread, .within = Atoll::PlacementLevel::kSwitch});
  };
  for (int i = 0; i < 2; ++i) {
    const Atoll::PlacementGroup pair = spread(2);
    pair.ready().get(seconds(20));
    print(pair.table());
  }
  expect<Atoll::InfeasibleError>("Trio", [&] { spread(3).ready().get(seconds(20)); });
}

// Makes a group that outlives this driver, or finds it.
void leave(const char*) {
  Atoll::placement_group(bundles(2, {.cpus = 1}), {.name = "pool", .detached = true}).ready().get(seconds(20));
  Atoll::placement_group(bundles(1, {.cpus = 1}), {.name = "mine"}).ready().get(seconds(20));
}
void find(const char*) {
  const Atoll::PlacementGroup pool = Atoll::find_placement_group("pool");
  std::cout << "found " << pool.table().name << ", " << Atoll::task(where).in(pool, 1).submit().get(seconds(20)) << "\n";
  expect<Atoll::GroupRemovedError>("NoName", [] { Atoll::find_placement_group("mine"); });
  pool.remove();
}

std::string nodes_of(const Atoll::GroupTableView& table) {
  std::string nodes;
  for (const Atoll::BundleView& bundle : table.bundles) nodes += bundle.node + " ";
  return nodes + name_of(table.state);
}

// Holds a group with an actor in each of its bundles until `file` appears, and tells of every change.
void lose(const char* file, Atoll::OnNodeLoss on_node_loss) {
  const Atoll::PlacementGroup group =
      Atoll::placement_group(bundles(2, {.cpus = 3}), {.on_node_loss = on_node_loss});
  std::vector<Atoll::Actor<Member>> members;
  for (int i = 0; i < 2; ++i) members.push_back(Atoll::actor<Member>().cpus(1).restarts(3).in(group, i).create());
  const auto seats = [&] {
    for (const auto& member : members) {
      try {
        std::cout << "seat " << member.call(&Member::seat).get(seconds(20)) << std::endl;
      } catch (const Atoll::Error& error) {
        std::cout << "no seat: " << error.what() << std::endl;
      }
    }
  };
  seats();
  std::cout << "holding" << std::endl;
  std::string last = nodes_of(group.table());
  while (!std::filesystem::exists(file)) {
    const Atoll::GroupTableView table = group.table();
    if (const std::string nodes = nodes_of(table); nodes != last) {
      print(table);
      last = nodes;
      if (table.state == Atoll::GroupStanding::kCreated) seats();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}
void lose_some(const char* file) { lose(file, Atoll::OnNodeLoss::kMoveLostBundles); }
void lose_all(const char* file) { lose(file, Atoll::OnNodeLoss::kMoveAllBundles); }

}  // namespace

int main(int argc, char** argv) {
  static const std::map<std::string, void (*)(const char*)> kWays = {
      {"order", order}, {"use", use},   {"again", again}, {"errors", errors}, {"wait", wait},
      {"switch", below_switch},
      {"leave", leave}, {"find", find}, {"lose-some", lose_some}, {"lose-all", lose_all}};
  const auto way = kWays.find(argc > 1 ? argv[1] : "");
  if (way == kWays.end() && std::getenv("ATOLL_WORKER") == nullptr) return 2;
  try {
    const Atoll::Cluster cluster = Atoll::connect(argc, argv);
    way->second(argc > 2 ? argv[2] : "");
    return 0;
  } catch (const std::exception& error) {
    std::cout << "unexpected: " << error.what() << std::endl;
    return 1;
  }
}
