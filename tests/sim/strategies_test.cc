#include "tests/sim/checks.h"

// Tasks and actors with strategies, in clusters whose processes, nodes and links fail.
namespace Atoll::sim {
namespace {

PlaceStrategy spread(LabelSelector labels = {}) { return {true, "", false, std::move(labels)}; }
PlaceStrategy on(const std::string& node, bool soft = false) { return {false, node, soft, {}}; }
PlaceStrategy where(LabelSelector labels) { return {false, "", false, std::move(labels)}; }

// Tasks that were submitted together, and where they may be.
struct Batch {
  TaskId first;
  int count = 0;
  bool retried = false;
  PlaceStrategy strategy;
};

Batch submit(ClientProcess& client, PlaceStrategy strategy, int count, bool retried) {
  WorkerShape shape{kOneCpu};
  shape.strategy = strategy;
  return {client.submit_shape(shape, count, retried ? -1 : 0), count, retried, std::move(strategy)};
}

bool allows(const PlaceStrategy& strategy, Host host) {
  if (!strategy.node.empty() && !strategy.soft && strategy.node != "n" + std::to_string(host)) return false;
  const auto zone = strategy.labels.find("zone");
  return zone == strategy.labels.end() || zone->second == (host % 2 == 0 ? "a" : "b");
}

// TASKS-2 and PLACING-1, by what the workers did.
void check_where_it_ran(const World& world, const Batch& batch) {
  for (int i = 0; i < batch.count; ++i) {
    const auto begun = world.begun().find({batch.first.process, batch.first.sequence + static_cast<std::uint64_t>(i)});
    if (begun == world.begun().end()) continue;  // it failed before it began
    if (!batch.retried) CHECK(begun->second.size() == 1);
    for (const Host host : begun->second) CHECK(allows(batch.strategy, host));
  }
}

}  // namespace

TEST_CASE("CLIENT-1, TASKS-2, PLACING-1: tasks with strategies settle once, in their places, whatever breaks") {
  for (const std::uint64_t seed : seeds(200)) {
    CAPTURE(replay(seed));
    World::Options options{.seed = seed, .nodes = 8, .worker_dies = 0.01};
    options.faults.repeated = {Message(Join()).index(), Message(Heartbeat()).index(), Message(StartActor()).index()};
    options.faults.drop = 0.05;
    options.faults.twice = 0.05;
    World world(options);
    ClientProcess& client = attached_client(world);
    std::vector<Batch> batches;
    for (const bool retried : {false, true}) {
      batches.push_back(submit(client, {}, 30, retried));
      batches.push_back(submit(client, spread(), 30, retried));
      batches.push_back(submit(client, on("n5"), 20, retried));
      batches.push_back(submit(client, on("n6", true), 20, retried));
      batches.push_back(submit(client, where({{"zone", "b"}}), 20, retried));
      batches.push_back(submit(client, spread({{"zone", "a"}}), 20, retried));
    }
    const ActorId bound = client.create_actor(kOneCpu, -1, on("n7"));
    const ActorId zoned = client.create_actor(kOneCpu, -1, where({{"zone", "a"}}));
    client.call_actor(bound, 5);
    client.call_actor(zoned, 5);
    for (int i = 0; i < 5; ++i) {
      world.run_for(milliseconds(20 + world.network.random()() % 100));
      break_something(world, 2);
    }
    CHECK(world.run_until([&] { return client.done(); }, Seconds(120)));
    check_each_ended_once(client);
    for (const Batch& batch : batches) check_where_it_ran(world, batch);
    client.detach();
    world.run_for(Seconds(15));
    check_all_given_back(world);
  }
}

TEST_CASE("a task that waits for a busy node fails when the node dies, with the node's name") {
  for (const bool silently : {false, true})
    for (const std::uint64_t seed : seeds(5)) {
      CAPTURE(replay(seed));
      World world({.seed = seed, .nodes = 3});
      ClientProcess& client = attached_client(world);
      const ActorId holder = client.create_actor({.cpu = Fixed::whole(4)}, 0, on("n2"));
      REQUIRE(world.run_until([&] { return client.actor(holder).state == ActorState::kAlive; }, Seconds(5)));
      submit(client, on("n2"), 3, true);
      world.run_for(Seconds(1));
      CHECK(client.tally().ended == 0);
      world.kill_node(2, silently);
      CHECK(world.run_until([&] { return client.done(); }, Seconds(5)));
      CHECK(client.tally().errors == std::map<ErrorKind, int>{{ErrorKind::kInfeasible, 3}});
      check_each_ended_once(client);
    }
}

}  // namespace Atoll::sim
