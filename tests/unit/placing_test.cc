#include "runtime/control/placing.h"

#include <random>

#include "tests/support/client_fixture.h"
#include "tests/support/head_fixture.h"

// Strategies: how the head places by them, and what clients and the head say to each other for them.
namespace Atoll {
namespace {

using namespace testing;

NodeInfo labelled_node(std::uint32_t rank, std::int64_t cpu, std::int64_t gpu, const std::string& zone) {
  NodeInfo info = node_info(rank, cpu, gpu);
  info.labels = {{"node", info.name}, {"zone", zone}};
  if (gpu > 0) info.labels["gpu"] = "H100";
  return info;
}

PlaceStrategy spread() { return {true, "", false, {}}; }
PlaceStrategy on(const std::string& node, bool soft = false) { return {false, node, soft, {}}; }
PlaceStrategy where(LabelSelector labels) { return {false, "", false, std::move(labels)}; }

// n0 and n1 in zone a, n2 and n3 in zone b; n0 has GPUs. 4 CPUs each.
struct Zones : HeadFixture {
  Zones() : HeadFixture(4) {
    for (std::uint32_t rank = 0; rank < 4; ++rank)
      join(rank, labelled_node(rank, 4, rank == 0 ? 2 : 0, rank < 2 ? "a" : "b"));
    mail.drop_all();
  }
  void ask(std::uint64_t request, const Resources& shape, std::uint32_t count, PlaceStrategy strategy) {
    say(kDriver, PlaceRequest{request, shape, count, std::move(strategy)});
  }
  std::string expect_why() { return mail.expect<Infeasible>(kDriver).why; }
  void expect_placed(std::uint32_t rank, std::uint32_t count) {
    const Placed placed = mail.expect<Placed>(kDriver);
    CHECK(placed.daemon.process == daemon_of(rank));
    CHECK(placed.count == count);
  }
  void end_node(std::uint32_t rank) {
    lose(daemon_of(rank));
    mail.expect<Expelled>(daemon_of(rank));
  }
};

}  // namespace

TEST_CASE("PLACING-1: a hard affinity waits for its node while that is busy, though others are free") {
  Zones head;
  head.ask(1, cpus(3), 1, on("n2"));
  head.expect_placed(2, 1);
  head.ask(2, cpus(3), 1, on("n2"));
  head.mail.expect_nothing_else();
  head.say(kDriver, PlaceRequest{1, cpus(3), 0, {}});
  head.report(2, 4, {1});
  head.expect_placed(2, 1);
  head.mail.expect_nothing_else();
}

TEST_CASE("PLACING-1: a hard affinity to a node that is unknown, dead or too small is infeasible and names the node") {
  Zones head;
  head.ask(1, cpus(1), 1, on("n9"));
  CHECK(head.expect_why() == "none of 4 nodes is called n9");
  head.ask(2, cpus(5), 1, on("n1"));
  CHECK(head.expect_why() == "node n1: needs 5 cpu on one node; 1 node has at most 4 cpu");
  head.ask(3, cpus(4), 1, on("n3"));
  head.expect_placed(3, 1);
  head.ask(4, cpus(4), 1, on("n3"));  // waits, and its node dies under it
  head.mail.expect_nothing_else();
  head.end_node(3);
  CHECK(head.expect_why() == "node n3 is dead");
  head.ask(5, cpus(1), 1, on("n3"));
  CHECK(head.expect_why() == "node n3 is dead");
  head.mail.expect_nothing_else();
}

TEST_CASE("PLACING-2: a soft affinity goes to its node as far as that has room, and the rest elsewhere") {
  Zones head;
  head.ask(1, cpus(1), 6, on("n2", true));
  head.expect_placed(2, 4);
  head.expect_placed(1, 2);
  head.ask(2, cpus(1), 1, on("n9", true));
  head.expect_placed(1, 1);
  head.mail.expect_nothing_else();
}

TEST_CASE("labels select nodes in the four forms") {
  const struct {
    LabelSelector labels;
    std::vector<std::uint32_t> ranks;
  } kTable[] = {{{{"zone", "a"}}, {1, 0}},
                {{{"zone", "!a"}}, {2, 3}},
                {{{"node", "in(n0, n3)"}}, {3, 0}},
                {{{"node", "!in(n0, n3)"}}, {1, 2}},
                {{{"zone", "a"}, {"gpu", "H100"}}, {0}},
                {{{"gpu", "!H100"}, {"zone", "b"}}, {2, 3}}};
  for (const auto& row : kTable) {
    Zones head;
    head.ask(1, cpus(4), 9, where(row.labels));
    for (const std::uint32_t rank : row.ranks) head.expect_placed(rank, 1);
    head.mail.expect_nothing_else();
  }
}

TEST_CASE("labels that no living node has, or that cannot be read, are infeasible with counts") {
  Zones head;
  head.ask(1, cpus(1), 1, where({{"zone", "c"}}));
  CHECK(head.expect_why() == "0 of 4 nodes have zone=c");
  head.ask(2, cpus(8), 1, where({{"zone", "a"}}));
  CHECK(head.expect_why() == "2 of 4 nodes have zone=a: needs 8 cpu on one node; 2 nodes have at most 4 cpu");
  head.end_node(2);
  head.end_node(3);
  head.ask(3, cpus(1), 1, where({{"zone", "b"}}));
  CHECK(head.expect_why() == "2 of 4 nodes have zone=b, both dead");
  head.ask(4, cpus(1), 1, where({{"zone", "in(a,"}}));
  CHECK(head.expect_why() == "the label zone cannot be 'in(a,'; write a, !a, in(a,b) or !in(a,b)");
  head.mail.expect_nothing_else();
}

TEST_CASE("PLACING-4: labels are tried in order, as far as each has room, and are infeasible if all are") {
  Zones head;
  PlaceStrategy strategy = where({{"zone", "b"}});
  strategy.otherwise = {{{"zone", "c"}}, {{"zone", "a"}}};
  head.ask(1, cpus(3), 4, strategy);
  for (const std::uint32_t rank : {2u, 3u, 1u, 0u}) head.expect_placed(rank, 1);
  head.ask(2, cpus(3), 1, strategy);  // waits for the first that has room again
  head.mail.expect_nothing_else();
  head.say(kDriver, PlaceRequest{1, cpus(3), 0, {}});
  head.report(1, 4, {3});
  head.expect_placed(1, 1);
  strategy.otherwise.pop_back();
  head.ask(3, cpus(8), 1, strategy);
  CHECK(head.expect_why() == "2 of 4 nodes have zone=b: needs 8 cpu on one node; 2 nodes have at most 4 cpu; "
                             "otherwise: 0 of 4 nodes have zone=c");
  strategy.otherwise = {{{"zone", "in(a,"}}};
  head.ask(4, cpus(1), 1, strategy);
  CHECK(head.expect_why() == "the label zone cannot be 'in(a,'; write a, !a, in(a,b) or !in(a,b)");
  strategy = where({{"zone", "c"}});
  strategy.otherwise = {{{"zone", "b"}}};
  strategy.soft = true;
  strategy.node = "n3";
  head.ask(5, cpus(1), 2, strategy);
  head.expect_placed(3, 1);
  head.expect_placed(2, 1);
  head.mail.expect_nothing_else();
}

TEST_CASE("spread takes the node with the most free share, among those with the labels") {
  Zones head;
  head.ask(1, cpus(1), 3, spread());
  for (const std::uint32_t rank : {1u, 2u, 3u}) head.expect_placed(rank, 1);
  PlaceStrategy both = where({{"zone", "b"}});
  both.spread = true;
  head.ask(2, cpus(1), 2, both);
  head.expect_placed(2, 1);
  head.expect_placed(3, 1);
  head.mail.expect_nothing_else();
}

TEST_CASE("PLACING-3: work without GPUs goes to nodes with GPUs only when no other has room") {
  Zones head;
  head.ask(1, cpus(2), 7, {});
  for (const std::uint32_t rank : {1u, 2u, 3u}) head.expect_placed(rank, 2);
  head.expect_placed(0, 1);
  head.ask(2, gpus(1), 1, {});
  head.expect_placed(0, 1);
  head.mail.expect_nothing_else();
}

TEST_CASE("a request that waits for its node does not keep back others of its shape") {
  Zones head;
  head.ask(1, cpus(4), 1, on("n1"));
  head.expect_placed(1, 1);
  head.ask(2, cpus(4), 1, on("n1"));
  head.ask(3, cpus(4), 1, on("n2"));
  head.expect_placed(2, 1);
  head.mail.expect_nothing_else();
}

TEST_CASE("an actor is started on the node it names, and dies when that is gone") {
  Zones head;
  head.attach();
  ActorSpec spec = actor_spec(7, cpus(1), 3);
  spec.strategy = on("n2");
  head.say(kDriver, CreateActor{spec, contact_of(kDriver)});
  head.mail.expect<StartActor>(daemon_of(2));
  head.mail.drop_all();
  head.lose(daemon_of(2));
  head.mail.expect<Expelled>(daemon_of(2));
  head.mail.expect<NodeDied>(kDriver);
  CHECK(head.mail.expect<ActorUpdate>(kDriver).state == ActorState::kRestarting);
  const ActorUpdate dead = head.mail.expect<ActorUpdate>(kDriver);
  CHECK(dead.state == ActorState::kDead);
  REQUIRE(dead.error);
  CHECK(dead.error->kind == ErrorKind::kInfeasible);
  CHECK(dead.error->message == "node n2 is dead");
  head.mail.expect_nothing_else();
}

TEST_CASE("a task with a strategy is asked of the head, and fails with what the head says") {
  Client client;
  WorkerShape shape{cpus(1)};
  shape.strategy = on("n1");
  const TaskId first = client.submit(0, {}, shape);
  const PlaceRequest request = client.mail.expect<PlaceRequest>(kHead);
  CHECK(request.strategy == shape.strategy);
  CHECK(request.count == 1);
  client.expect_nothing_else();
  client.say(kHead, Placed{request.request, kAway, 1, 5});
  const LeaseGrant grant = client.run(kAway);
  client.done(grant.worker.process, first);
  CHECK_FALSE(client.expect_completion(first).error);
  client.lose(kAway.process);
  const TaskId second = client.submit(0, {}, shape);
  client.say(kHead, Infeasible{client.mail.expect<PlaceRequest>(kHead).request, "node n1 is dead"});
  CHECK(client.expect_error(second, ErrorKind::kInfeasible).message == "node n1 is dead");
  client.expect_nothing_else();
}

TEST_CASE("VIEW-5, VIEW-8: what a filter finds equals what a scan of the nodes it admits finds") {
  std::mt19937_64 random(20263);
  ClusterView view;
  std::vector<std::string> zones;
  const std::string names[] = {"a", "b", "c"};
  for (std::uint32_t id = 0; id < 40; ++id) {
    zones.push_back(names[random() % 3]);
    NodePlace place;
    place.labels = {{"zone", zones.back()}};
    const auto cpu = static_cast<std::int64_t>(1 + random() % 8);
    REQUIRE(view.add_node(NodeId(id), "n" + std::to_string(id), node_of({.cpu = Fixed::whole(cpu)}), place).ok());
  }
  std::vector<bool> alive(zones.size(), true);
  for (int step = 0; step < 2'000; ++step) {
    const std::string& zone = names[random() % 3];
    const Resources request = cpus(static_cast<double>(1 + random() % 3));
    std::uint32_t expected = ~0u;
    for (std::uint32_t id = 0; id < zones.size() && expected == ~0u; ++id)
      if (alive[id] && zones[id] == zone && view.find(NodeId(id))->free.amounts.cpu >= request.cpu) expected = id;
    const std::vector<Placement> placed = view.place(request, 1, Policy::kPack, {.labels = {{"zone", zone}}});
    REQUIRE(placed.empty() == (expected == ~0u));
    if (!placed.empty()) CHECK(placed[0].node == NodeId(expected));
    if (!placed.empty() && random() % 2 == 0) view.cancel(placed[0].node, placed[0].reservation);
    if (step % 400 == 399) {
      const auto gone = static_cast<std::uint32_t>(random() % zones.size());
      view.remove_node(NodeId(gone));
      alive[gone] = false;
    }
  }
}

}  // namespace Atoll
