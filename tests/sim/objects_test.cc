#include "tests/sim/checks.h"

// Large results, held and dropped by clients while workers, nodes and connections break, under seeds.
namespace Atoll::sim {
namespace {

// Until nothing is left of what nobody wants, on the nodes that live.
bool arenas_are_empty(World& world) {
  return std::ranges::all_of(world.daemons(), [](const auto& daemon) {
    const ObjectStore& objects = daemon->node().objects();
    return !daemon->alive || (objects.copies() == 0 && objects.free() == objects.size());
  });
}

}  // namespace

TEST_CASE("STORE-2: of large results nothing is left when they are dropped, whatever breaks") {
  int held = 0;
  for (const std::uint64_t seed : seeds(20)) {
    CAPTURE(replay(seed));
    World world({.seed = seed, .nodes = 6, .worker_dies = 0.01, .large = 0.5, .arena = std::uint64_t{128} << 20});
    std::vector<ClientProcess*> clients;
    for (int i = 0; i < 2; ++i) clients.push_back(&attached_client(world));
    for (ClientProcess* client : clients) client->submit(400, kOneCpu, -1);
    for (int i = 0; i < 40; ++i) {
      world.run_for(milliseconds(10 + world.network.random()() % 100));
      for (ClientProcess* client : clients) client->hold_some(0.1, 0.3);
      if (i % 7 == 3) break_something(world, 2);
    }
    const auto drop_all = [&] {
      for (ClientProcess* client : clients) client->hold_some(0, 1);
      return std::ranges::all_of(clients, &ClientProcess::done);
    };
    for (int i = 0; i < 1800 && !drop_all(); ++i) world.run_for(milliseconds(100));
    for (ClientProcess* client : clients) {
      CHECK(client->done());
      check_each_ended_once(*client);
      CHECK(client->tally().errors.empty());
      held += client->held();
    }
    drop_all();
    CHECK(world.run_until([&] { return arenas_are_empty(world); }, Seconds(5)));
  }
  MESSAGE(held << " were held for a while");
  CHECK(held > 100);
}

TEST_CASE("STORE-11: results that are four times what memory holds are read from disk, on whatever node, while things break") {
  std::uint64_t restored = 0;
  for (const std::uint64_t seed : seeds(10)) {
    CAPTURE(replay(seed));
    World world({.seed = seed, .nodes = 3, .worker_dies = 0.005, .large = 1, .arena = std::uint64_t{64} << 20, .spills = true});
    std::vector<ClientProcess*> clients;
    for (int i = 0; i < 2; ++i) clients.push_back(&attached_client(world));
    for (ClientProcess* client : clients) client->submit(200, kOneCpu, -1);
    for (int i = 0; i < 60; ++i) {
      world.run_for(milliseconds(10 + world.network.random()() % 100));
      for (ClientProcess* client : clients) client->hold_some(0.05, 0);
      if (i % 20 == 13) break_something(world, 2);
    }
    CHECK(world.run_until([&] { return std::ranges::all_of(clients, &ClientProcess::done); }, Seconds(120)));
    for (const ClientProcess* client : clients) {
      check_each_ended_once(*client);
      CHECK(client->tally().errors.empty());
    }
    for (const auto& daemon : world.daemons())
      if (daemon->alive) restored += daemon->node().objects().spills().restored();
    for (ClientProcess* client : clients) client->hold_some(0, 1);
    CHECK(world.run_until([&] { return arenas_are_empty(world); }, Seconds(5)));
    for (const auto& daemon : world.daemons())
      if (daemon->alive) CHECK(daemon->node().objects().spills().files() == 0);
  }
  MESSAGE((restored >> 20) << " MiB were read back");
  CHECK((restored >> 20) > 100);
}

TEST_CASE("STORE-3: of a client that ends nothing is left either, though its workers were writing for it") {
  for (const std::uint64_t seed : seeds(20)) {
    CAPTURE(replay(seed));
    World world({.seed = seed, .nodes = 4, .large = 1, .arena = std::uint64_t{128} << 20});
    ClientProcess& client = attached_client(world);
    client.submit(300, kOneCpu, -1);
    world.run_for(milliseconds(100 + world.network.random()() % 200));
    client.hold_some(0.5, 0);
    world.run_for(milliseconds(world.network.random()() % 5));
    world.kill(client, "killed by signal 9");
    CHECK(world.run_until([&] { return arenas_are_empty(world); }, Seconds(10)));
  }
}

}  // namespace Atoll::sim
