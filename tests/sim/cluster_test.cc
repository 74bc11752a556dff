#include <doctest/doctest.h>
#include <malloc.h>

#include <algorithm>
#include <iostream>

#include "tests/sim/checks.h"
#include "tests/support/builders.h"

// The machines of a whole cluster under a seeded clock and network.
//   ATOLL_SIM_SEED=7 build/tests/sim -tc='…'    one seed, to replay a failure
namespace Atoll::sim {

TEST_CASE("a thousand nodes join in one pass and the head becomes ready") {
  const std::uint32_t nodes = 1000 / kShrink;
  for (const std::uint64_t seed : seeds(1)) {
    CAPTURE(replay(seed));
    const Time began = Atoll::now();
    World world({.seed = seed, .nodes = nodes});
    const Time start = world.now();
    REQUIRE(wait_ready(world));
    CHECK(world.head().head().nodes().alive() == nodes);
    CHECK(world.network.delivered() <= 2 * nodes);  // a Join and a Welcome each
    std::cout << nodes << " nodes, seed " << seed << ": ready after " << seconds(world.now() - start)
              << " virtual s, " << seconds(Atoll::now() - began) << " real s\n";
  }
}

TEST_CASE("every submitted task ends exactly once although workers die, fail to start, or never get ready") {
  for (const std::uint64_t seed : seeds(5)) {
    CAPTURE(replay(seed));
    World world({.seed = seed, .nodes = 8, .worker_dies = 0.02, .start_fails = 0.02, .never_ready = 0.02});
    ClientProcess& client = attached_client(world);
    client.submit(1000, kOneCpu, -1);
    CHECK(world.run_until([&] { return client.done(); }, Seconds(300)));
    check_each_ended_once(client);
    CHECK(client.tally().errors.empty());
    world.run_for(Seconds(35));  // of a lease nobody waits for, the worker may still be starting
    check_all_given_back(world);
  }
}

TEST_CASE("every submitted task ends exactly once although nodes die and links break") {
  for (const std::uint64_t seed : seeds(20)) {
    CAPTURE(replay(seed));
    World world({.seed = seed, .nodes = 12, .worker_dies = 0.005});
    std::vector<ClientProcess*> clients;
    for (int i = 0; i < 3; ++i) clients.push_back(&attached_client(world));
    for (ClientProcess* client : clients) client->submit(2000, kOneCpu, -1);
    for (int i = 0; i < 12; ++i) {
      world.run_for(milliseconds(20 + world.network.random()() % 200));
      break_something(world, 3);
    }
    for (ClientProcess* client : clients) {
      CHECK(world.run_until([&] { return client->done(); }, Seconds(120)));
      check_each_ended_once(*client);
      CHECK(client->tally().errors.empty());
    }
    world.run_for(Seconds(15));
    check_all_given_back(world);
  }
}

TEST_CASE("leases and reservations are all given back when the work is done") {
  for (const std::uint64_t seed : seeds(5)) {
    CAPTURE(replay(seed));
    World world({.seed = seed, .nodes = 10, .node = {.cpu = Fixed::whole(4), .gpu = Fixed::whole(2)}});
    std::vector<ClientProcess*> clients;
    for (int i = 0; i < 4; ++i) clients.push_back(&attached_client(world));
    for (ClientProcess* client : clients) {
      client->submit(200, kOneCpu, 0);
      client->submit(50, {.gpu = Fixed::whole(1)}, 0);
      client->submit(50, {.gpu = Fixed::raw(2500)}, 0);
    }
    world.run_for(milliseconds(30));
    world.kill(*clients[3], "killed by signal 9");  // with all it had asked for
    for (int i = 0; i < 3; ++i) {
      CHECK(world.run_until([&] { return clients[static_cast<std::size_t>(i)]->done(); }, Seconds(60)));
      CHECK(clients[static_cast<std::size_t>(i)]->core().tasks().unfinished() == 0);
    }
    world.run_for(Seconds(2));
    check_all_given_back(world);
  }
}

TEST_CASE("a driver that detaches leaves no worker behind") {
  World world({.seed = seeds(1)[0], .nodes = 5});
  ClientProcess& client = attached_client(world);
  client.submit(100, kOneCpu, 0);
  client.create_actor(kOneCpu, -1);
  world.run_for(milliseconds(60));
  CHECK(world.any_worker() != nullptr);
  client.detach();
  world.run_for(Seconds(1));
  world.kill(client, "exited with status 0");
  world.run_for(Seconds(1));
  CHECK(world.any_worker() == nullptr);
  check_all_given_back(world);
}

TEST_CASE("an actor restarts on another node after its node is lost, loudly or silently") {
  for (const bool silently : {false, true})
    for (const std::uint64_t seed : seeds(5)) {
      CAPTURE(replay(seed));
      CAPTURE(silently);
      World world({.seed = seed, .nodes = 4});
      ClientProcess& client = attached_client(world);
      const ActorId actor = client.create_actor(kOneCpu, 1);
      const auto alive = [&](std::uint32_t incarnation) {
        return client.actor(actor).state == ActorState::kAlive && client.actor(actor).incarnation == incarnation;
      };
      REQUIRE(world.run_until([&] { return alive(1); }, Seconds(5)));
      client.call_actor(actor, 20);
      const auto first = static_cast<std::uint32_t>(client.actor(actor).worker.node);
      world.kill_node(first, silently);
      REQUIRE(world.run_until([&] { return alive(2); }, Seconds(5)));
      CHECK(static_cast<std::uint32_t>(client.actor(actor).worker.node) != first);
      CHECK(world.run_until([&] { return client.done(); }, Seconds(10)));
      check_each_ended_once(client);
      client.call_actor(actor, 20);
      CHECK(world.run_until([&] { return client.done(); }, Seconds(10)));
      CHECK(client.tally().errors.count(ErrorKind::kActorDied) == 0);
    }
}

TEST_CASE("a node that is cut off silently is dead within 3 s, and ends itself when it hears so") {
  for (const std::uint64_t seed : seeds(20)) {
    CAPTURE(replay(seed));
    World world({.seed = seed, .nodes = 3});
    REQUIRE(wait_ready(world));
    world.run_for(world.random_time(Seconds(2)));
    const Time cut = world.now();
    world.network.cut(1);
    const auto dead = [&] { return world.head().head().nodes().alive() == 2; };
    CHECK(world.run_until(dead, Seconds(10)));
    CHECK(seconds(world.now() - cut) <= 3.0);
    world.network.heal(1);
    CHECK(world.run_until([&] { return !world.daemon(1).alive; }, Seconds(1)));
  }
}

TEST_CASE("tasks on a node that is cut off silently run elsewhere within seconds") {
  for (const std::uint64_t seed : seeds(5)) {
    CAPTURE(replay(seed));
    World world({.seed = seed, .nodes = 3});
    ClientProcess& client = attached_client(world);
    client.submit(500, kOneCpu, 3);
    world.run_for(milliseconds(300));
    world.network.cut(1);
    CHECK(world.run_until([&] { return client.done(); }, Seconds(10)));
    CHECK(client.tally().errors.empty());
    check_each_ended_once(client);
  }
}

TEST_CASE("repeated messages may be lost or doubled and all still ends well") {
  for (const std::uint64_t seed : seeds(10)) {
    CAPTURE(replay(seed));
    World::Options options{.seed = seed, .nodes = 6};
    options.faults.repeated = {Message(Join()).index(), Message(Heartbeat()).index(), Message(StartActor()).index()};
    options.faults.drop = 0.1;
    options.faults.twice = 0.1;
    World world(options);
    ClientProcess& client = attached_client(world);
    client.submit(1000, kOneCpu, 0);
    std::vector<ActorId> actors;
    for (int i = 0; i < 8; ++i) actors.push_back(client.create_actor(kOneCpu, 0));
    for (const ActorId actor : actors) client.call_actor(actor, 10);
    CHECK(world.run_until([&] { return client.done(); }, Seconds(60)));
    check_each_ended_once(client);
    CHECK(client.tally().errors.empty());
    CHECK(world.head().head().nodes().alive() == 6);
    client.detach();
    world.run_for(Seconds(5));
    check_all_given_back(world);
  }
}

TEST_CASE("two seeds give two histories, one seed gives one") {
  const auto history = [](std::uint64_t seed) {
    World world({.seed = seed, .nodes = 6, .worker_dies = 0.02});
    ClientProcess& client = attached_client(world);
    client.submit(300, kOneCpu, -1);
    client.create_actor(kOneCpu, 3);
    for (int i = 0; i < 6; ++i) {
      world.run_for(milliseconds(50));
      break_something(world, 2);
    }
    world.run_for(Seconds(5));
    return world.network.trace();
  };
  CHECK(history(1) == history(1));
  CHECK(history(2) == history(2));
  CHECK(history(1) != history(2));
}

TEST_CASE("sim_scale: ten thousand nodes beat for ten seconds and cost the head little") {
  const std::uint32_t nodes = 10'000 / kShrink;
  World world({.seed = seeds(1)[0], .nodes = nodes});
  REQUIRE(wait_ready(world));
  const double before = world.head().cpu_seconds;
  world.run_for(Seconds(10));
  const double share = (world.head().cpu_seconds - before) / 10;
  std::cout << nodes << " nodes: the head takes " << before << " s of CPU to let all join, then "
            << share * 100 << " % of a core\n";
  CHECK(world.head().head().nodes().alive() == nodes);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  CHECK(share < 0.5);  // the goal is 0.1 (DESIGN §10); this machine may be busy
#endif
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("sim_scale: the head keeps at most 4 KB of a node") {
  constexpr std::uint32_t kNodes = 10'000;
  const std::size_t before = mallinfo2().uordblks;
  Head head({"reef", testing::contact_of(testing::kHead), "n0", 1, kNodes}, Time());
  Outbox out;
  for (std::uint32_t rank = 0; rank < kNodes; ++rank) {
    NodeInfo info = testing::node_info(rank, 128, 0);
    info.total.gpu = Fixed::whole(8);
    testing::add_board(info, 8);
    head.on_message(Time(), testing::daemon_of(rank), testing::join_of(rank, info), out);
    out.clear();
  }
  const std::size_t each = (mallinfo2().uordblks - before) / kNodes;
  std::cout << "the head keeps " << each << " bytes of a node with 8 GPUs\n";
  CHECK(each <= 4096);
}

TEST_CASE("sim_scale: the head keeps at most 1 KB of a living actor, and of the dead the last thousand") {
  constexpr std::uint32_t kActors = 100'000;
  constexpr std::size_t kAddressBytes = 250;  // of a UCX worker with shared memory and two networks
  Head head({"reef", testing::contact_of(testing::kHead), "n0", 1, 1}, Time());
  Outbox out;
  const auto say = [&](ProcessId from, Message message) {
    out.clear();
    head.on_message(Time(), from, std::move(message), out);
  };
  const NodeInfo node = testing::node_info(0, kActors, 0);
  NodeUsage usage = testing::idle_usage(node, 1);
  say(testing::daemon_of(0), testing::join_of(0, node));
  const std::size_t before = mallinfo2().uordblks;
  for (std::uint32_t i = 1; i <= kActors; ++i) {
    ActorSpec spec = testing::actor_spec(i, {.cpu = Fixed::whole(1)});
    spec.class_name = "Simulation::Particles";
    spec.arguments = {std::string(32, 'a')};
    say(testing::kDriver, testing::create_actor(spec));
    const auto* start = std::get_if<StartActor>(&out.letters.at(0).message);
    REQUIRE(start != nullptr);
    usage.sequence += 1;
    usage.free.cpu = Fixed::whole(kActors - i);
    usage.heard = {start->reservation};
    Contact worker = testing::contact_of(ProcessId{0x10000 + i}, NodeId(0));
    worker.address = std::string(kAddressBytes, 'w');
    say(testing::daemon_of(0), ActorStarted{spec.actor, 1, worker});
    say(testing::daemon_of(0), Heartbeat{usage});
  }
  out = Outbox();
  const std::size_t each = (mallinfo2().uordblks - before) / kActors;
  std::cout << "the head keeps " << each << " bytes of a living actor\n";
  CHECK(each <= 1'000);
  for (std::uint32_t i = 1; i <= kActors; ++i) say(testing::kDriver, KillActor{{testing::kDriver, i}});
  out = Outbox();
  const std::size_t left = mallinfo2().uordblks - before;
  std::cout << "and " << left / 1024 << " KiB when all " << kActors << " are dead\n";
  CHECK(left <= kKeptDead * 2'000);  // each with why it died
}
#endif

TEST_CASE("placement groups are created, used and given back, many at a time") {
  for (const std::uint64_t seed : seeds(5)) {
    CAPTURE(replay(seed));
    World world({.seed = seed, .nodes = 6, .node = {.cpu = Fixed::whole(4), .gpu = Fixed::whole(2)}});
    std::vector<ClientProcess*> clients;
    for (int i = 0; i < 3; ++i) clients.push_back(&attached_client(world));
    std::vector<std::pair<ClientProcess*, GroupId>> groups;
    for (int i = 0; i < 30; ++i) {
      ClientProcess* client = clients[static_cast<std::size_t>(i % 3)];
      const std::size_t bundles = 1 + world.network.random()() % 4;
      const GroupId group = client->create_group(bundles, {.cpu = Fixed::whole(1), .gpu = Fixed::whole(1)}, false);
      client->submit_in(group, -1, 8, kOneCpu, 0);
      client->submit_in(group, 0, 2, {.gpu = Fixed::raw(5'000)}, 0);
      groups.emplace_back(client, group);
    }
    // Those that fit are placed and worked in; one after the other has had its time, and others follow.
    while (!groups.empty()) {
      const auto created = [](const auto& each) { return each.first->group(each.second).state == GroupState::kCreated; };
      REQUIRE(world.run_until([&] { return std::ranges::any_of(groups, created); }, Seconds(20)));
      const auto next = std::ranges::find_if(groups, created);
      world.run_for(milliseconds(300));
      next->first->remove_group(next->second);
      groups.erase(next);
    }
    for (ClientProcess* client : clients) {
      CHECK(world.run_until([&] { return client->done(); }, Seconds(60)));
      check_each_ended_once(*client);
    }
    world.run_for(Seconds(3));
    CHECK(world.head().head().groups().size() == 0);
    check_all_given_back(world);
  }
}

TEST_CASE("every task in a group ends exactly once although nodes die and links break, and all is given back") {
  for (const std::uint64_t seed : seeds(20)) {
    CAPTURE(replay(seed));
    World world({.seed = seed, .nodes = 12, .worker_dies = 0.005});
    ClientProcess& client = attached_client(world);
    std::vector<GroupId> groups;
    for (int i = 0; i < 8; ++i) {
      groups.push_back(client.create_group(3, {.cpu = Fixed::whole(1)}, /*move_whole=*/i % 2 == 0));
      client.submit_in(groups.back(), -1, 200, kOneCpu, -1);
      client.submit_in(groups.back(), 2, 20, kOneCpu, -1);
    }
    for (int i = 0; i < 8; ++i) {
      world.run_for(milliseconds(20 + world.network.random()() % 200));
      break_something(world, 7);
    }
    CHECK(world.run_until([&] { return client.done(); }, Seconds(120)));
    check_each_ended_once(client);
    CHECK(client.tally().errors.empty());
    for (const GroupId group : groups) client.remove_group(group);
    world.run_for(Seconds(15));
    CHECK(world.head().head().groups().size() == 0);
    check_all_given_back(world);
  }
}

}  // namespace Atoll::sim
