#include "tests/sim/checks.h"

// Chains of tasks with large results, while nodes die with what they keep, under seeds.
namespace Atoll::sim {

TEST_CASE("LINEAGE-4: chains of tasks end well, and every result can be read in the end, whatever breaks") {
  int again = 0;
  for (const std::uint64_t seed : seeds(20)) {
    CAPTURE(replay(seed));
    World world({.seed = seed, .nodes = 8, .worker_dies = 0.005, .large = 0.8, .arena = std::uint64_t{256} << 20});
    std::vector<ClientProcess*> clients;
    for (int i = 0; i < 2; ++i) clients.push_back(&attached_client(world));
    for (ClientProcess* client : clients) client->submit_chains(8, 6, -1, 0.6);
    for (int i = 0; i < 12; ++i) {
      world.run_for(milliseconds(10 + world.network.random()() % 150));
      for (ClientProcess* client : clients) client->hold_some(0.2, 0);
      if (i % 2 == 1) break_something(world, 2);
    }
    for (ClientProcess* client : clients) {
      CHECK(world.run_until([&] { return client->done(); }, Seconds(300)));
      check_each_ended_once(*client);
    }
    const auto read_all = [&] {
      std::size_t unread = 0;
      for (ClientProcess* client : clients) {
        client->hold_some(1, 0);
        unread += client->count_unread();
      }
      return unread == 0;
    };
    for (ClientProcess* client : clients) client->forget_reads();
    bool all_read = false;
    for (int i = 0; i < 600 && !all_read; ++i) {
      world.run_for(milliseconds(500));
      all_read = read_all();
    }
    CHECK(all_read);
    for (ClientProcess* client : clients) {
      CHECK(client->tally().errors.empty());
      CHECK(client->core().tasks().unfinished() == 0);
      again += client->made_again();
      client->hold_some(0, 1);
      CHECK(client->core().objects().lineage().size() == 0);
    }
    world.run_for(Seconds(35));
    check_all_given_back(world);
  }
  MESSAGE(again << " values were made again");
  CHECK(again > 50 / static_cast<int>(kShrink));
}

TEST_CASE("LINEAGE-5: with few retries what is lost is made again or an error, and nothing hangs") {
  int again = 0, lost = 0;
  for (const std::uint64_t seed : seeds(20)) {
    CAPTURE(replay(seed));
    World world({.seed = seed, .nodes = 6, .large = 0.8, .arena = std::uint64_t{256} << 20});
    ClientProcess& client = attached_client(world);
    client.submit_chains(12, 4, 1, 0.6);
    client.submit_chains(8, 2, 0, 0.6);
    for (int i = 0; i < 10; ++i) {
      world.run_for(milliseconds(10 + world.network.random()() % 150));
      client.hold_some(0.3, 0);
      if (i % 3 == 1) world.kill_node(static_cast<std::uint32_t>(2 + world.network.random()() % 4), i % 2 == 0);
    }
    CHECK(world.run_until([&] { return client.done(); }, Seconds(300)));
    check_each_ended_once(client);
    client.forget_reads();
    for (int i = 0; i < 600 && client.count_unread() > 0; ++i) {
      client.hold_some(1, 0);
      world.run_for(milliseconds(500));
    }
    CHECK(client.count_unread() == 0);
    CHECK(client.core().tasks().unfinished() == 0);
    again += client.made_again();
    for (const auto& [kind, times] : client.tally().errors) lost += times;
    world.run_for(Seconds(35));
    check_all_given_back(world);
  }
  MESSAGE(again << " values were made again or are errors, " << lost << " errors in all");
  CHECK(lost > 0);
  CHECK(again > 20 / static_cast<int>(kShrink));
}

}  // namespace Atoll::sim
