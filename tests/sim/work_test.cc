#include "tests/sim/checks.h"

// Tasks that wait for others, cancelled tasks, and calls of actors that die, under seeds.
namespace Atoll::sim {
namespace {

void break_some_things(World& world, int times) {
  for (int i = 0; i < times; ++i) {
    world.run_for(milliseconds(20 + world.network.random()() % 200));
    break_something(world, 3);
  }
}

}  // namespace

TEST_CASE("NODE-8, WORK-1: tasks that wait lend their CPUs, and each task ends once, whatever breaks") {
  for (const std::uint64_t seed : seeds(20)) {
    CAPTURE(replay(seed));
    World world({.seed = seed, .nodes = 8, .worker_dies = 0.005, .waits = 0.3});
    std::vector<ClientProcess*> clients;
    for (int i = 0; i < 2; ++i) clients.push_back(&attached_client(world));
    for (ClientProcess* client : clients) client->submit(800, kOneCpu, -1);
    break_some_things(world, 6);
    for (ClientProcess* client : clients) {
      CHECK(world.run_until([&] { return client->done(); }, Seconds(180)));
      check_each_ended_once(*client);
      CHECK(client->tally().errors.empty());
    }
    world.run_for(Seconds(35));
    check_all_given_back(world);
  }
}

TEST_CASE("TASKS-7: cancelled tasks end once, as cancelled or done, and leave nothing, whatever breaks") {
  for (const std::uint64_t seed : seeds(20)) {
    CAPTURE(replay(seed));
    World world({.seed = seed, .nodes = 8, .worker_dies = 0.005, .waits = 0.1});
    ClientProcess& client = attached_client(world);
    client.submit(1500, kOneCpu, -1);
    for (int i = 0; i < 8; ++i) {
      world.run_for(milliseconds(10 + world.network.random()() % 100));
      client.cancel_some(0.2);
      if (i % 2 == 0) break_something(world, 3);
    }
    CHECK(world.run_until([&] { return client.done(); }, Seconds(180)));
    check_each_ended_once(client);
    CHECK(client.tally().errors.contains(ErrorKind::kCancelled));
    CHECK(client.tally().errors.size() == 1);
    CHECK(client.core().tasks().unfinished() == 0);
    world.run_for(Seconds(35));
    check_all_given_back(world);
  }
}

TEST_CASE("TASKS-10: no task stands behind one that runs long while there are free CPUs, whatever breaks later") {
  for (const std::uint64_t seed : seeds(20)) {
    CAPTURE(replay(seed));
    World world({.seed = seed, .nodes = 8, .most_run = std::chrono::microseconds(50), .runs_long = 0.005});
    ClientProcess& client = attached_client(world);
    client.submit(2500, kOneCpu, -1);
    world.run_for(Seconds(3));
    const auto ended = static_cast<std::size_t>(client.tally().ended);
    CHECK(ended + world.begun_long().size() == client.tally().asked.size());
    client.submit(2500, kOneCpu, -1);
    break_some_things(world, 6);
    CHECK(world.run_until([&] { return client.done(); }, Seconds(300)));
    check_each_ended_once(client);
    CHECK(client.tally().errors.empty());
    world.run_for(Seconds(35));
    check_all_given_back(world);
  }
}

TEST_CASE("CALLS-1, CALLS-2: without retries a call runs at most once, and calls begin in order, whatever breaks") {
  for (const std::uint64_t seed : seeds(20)) {
    CAPTURE(replay(seed));
    World world({.seed = seed, .nodes = 6, .worker_dies = 0.01});
    ClientProcess& client = attached_client(world);
    const ActorId actor = client.create_actor(kOneCpu, -1);
    for (int i = 0; i < 10; ++i) {
      client.call_actor(actor, 60);
      world.run_for(milliseconds(20 + world.network.random()() % 400));
      if (i % 3 == 1) break_something(world, 2);
      if (i % 3 == 2) client.cancel_some(0.05);
    }
    CHECK(world.run_until([&] { return client.done(); }, Seconds(180)));
    check_each_ended_once(client);
    CHECK(client.core().actors().unfinished() == 0);
    const std::vector<TaskId>& calls = world.calls(actor);
    CHECK(std::ranges::adjacent_find(calls, std::ranges::greater_equal(), &TaskId::sequence) == calls.end());
  }
}

TEST_CASE("CALLS-2: with retries every call runs and ends well, whatever breaks") {
  for (const std::uint64_t seed : seeds(20)) {
    CAPTURE(replay(seed));
    World world({.seed = seed, .nodes = 6, .worker_dies = 0.01});
    ClientProcess& client = attached_client(world);
    const ActorId actor = client.create_actor(kOneCpu, -1);
    for (int i = 0; i < 6; ++i) {
      client.call_actor(actor, 40, -1);
      world.run_for(milliseconds(20 + world.network.random()() % 400));
      if (i % 3 == 1) break_something(world, 2);
    }
    CHECK(world.run_until([&] { return client.done(); }, Seconds(300)));
    check_each_ended_once(client);
    CHECK(client.tally().errors.empty());
    for (const auto& [object, times] : client.tally().asked) CHECK(world.begun().contains(task_of(object)));
  }
}

}  // namespace Atoll::sim
