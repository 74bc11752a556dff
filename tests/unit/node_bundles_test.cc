#include "tests/support/node_fixture.h"

// A node daemon's bundles, and who works in them.
namespace Atoll {
namespace {

using namespace testing;

constexpr ProcessId kOwner{0x300};

ReserveBundles ask_for(std::vector<BundleAsk> bundles, std::uint32_t version = 1) {
  ReserveBundles ask;
  ask.group = kGroup;
  ask.version = version;
  ask.name = "pool";
  ask.size = 8;
  ask.bundles = std::move(bundles);
  return ask;
}
BundleAsk cpu_bundle(std::uint32_t index, std::int64_t cpu) { return {index, cpus(cpu), {}, {}}; }

LeaseRequest lease_in(std::int32_t bundle, std::uint64_t number, Resources shape, std::uint32_t count = 1) {
  LeaseRequest request = lease_request(number, std::move(shape), count);
  request.group = kGroup;
  request.bundle = bundle;
  return request;
}

// Four cpus and two GPUs; bundle 5 has two of the cpus.
struct BundleNode : JoinedNode {
  BundleNode() {
    say(kHead, ask_for({cpu_bundle(5, 2)}));
    const BundlesReserved reply = mail.expect<BundlesReserved>(kHead);
    CHECK(reply.refused == "");
    REQUIRE(reply.bundles.size() == 1);
    CHECK(reply.bundles[0].index == 5);
    expect_nothing_else();
  }
  ProcessId start_lease(std::uint64_t number, Resources shape, std::int32_t bundle = 5) {
    say(kOwner, lease_in(bundle, number, std::move(shape)));
    if (mail.words().find("GetJob") != std::string::npos) settle();
    const StartWorker start = expect_start();
    CHECK(start.bundle == 5);
    CHECK(start.bundles == 8);
    CHECK(start.group == "pool");
    ready(start.worker);
    return start.worker;
  }
};

}  // namespace

TEST_CASE("bundles are reserved all or none") {
  JoinedNode node;
  node.say(kHead, ask_for({cpu_bundle(0, 3), cpu_bundle(1, 2)}));
  CHECK(node.mail.expect<BundlesReserved>(kHead).refused == "no room for bundle 1: 2 cpu");
  CHECK(node.free_cpu() == Fixed::whole(4));
  node.say(kHead, ask_for({cpu_bundle(0, 3), cpu_bundle(1, 1)}));
  CHECK(node.mail.expect<BundlesReserved>(kHead).refused == "");
  CHECK(node.free_cpu() == Fixed());
  node.expect_nothing_else();
}

TEST_CASE("a bundle gets the very devices that it was planned with, and the table says which") {
  NodeInfo info = node_info(0, 4, 2);
  info.gpus[1].numa = 1;
  info.gpus[1].nics = {"mlx5_1"};
  info.numa = {{0, {0, 1}}, {1, {2, 3}}};
  JoinedNode node(info);
  node.say(kHead, ask_for({{0, {.gpu = Fixed::whole(1)}, {1}, {Fixed::whole(1)}}}));
  const BundlesReserved reply = node.mail.expect<BundlesReserved>(kHead);
  REQUIRE(reply.bundles.size() == 1);
  const BundleRecord& record = reply.bundles[0];
  CHECK(record.node_name == "n0");
  REQUIRE(record.gpus.size() == 1);
  CHECK(record.gpus[0].index == 1);
  CHECK(record.gpus[0].uuid == "GPU-n0-1");
  CHECK(record.gpus[0].island == 1);
  CHECK(record.numa == std::vector<std::int32_t>{1});
  CHECK(record.cpus == std::vector<std::int32_t>{2, 3});
  CHECK(record.nics == std::vector<std::string>{"mlx5_1"});
  CHECK(node.node.ledger().free().gpus == std::vector<Fixed>{Fixed::whole(1), Fixed()});
}

TEST_CASE("a malformed reservation is refused and changes nothing") {
  JoinedNode node;
  const Fixed one = Fixed::whole(1), half = Fixed::raw(5'000);
  const Resources gpu{.gpu = one};
  const std::vector<BundleAsk> bad = {{0, gpu, {7}, {one}},  {0, gpu, {-1}, {one}}, {0, gpu, {0}, {half}},
                                      {0, gpu, {0, 1}, {one}}, {0, gpu, {}, {}},      {0, {.gpu = Fixed::raw(15'000)}, {0, 1}, {one, half}}};
  for (const BundleAsk& ask : bad) {
    node.say(kHead, ask_for({ask}));
    CHECK(node.mail.expect<BundlesReserved>(kHead).refused != "");
  }
  CHECK(node.node.ledger().outstanding() == 0);
}

TEST_CASE("a lease in a bundle takes of that bundle alone") {
  BundleNode node;
  node.start_lease(1, cpus(2));
  CHECK(node.mail.expect<LeaseGrant>(kOwner).request == 1);
  CHECK(node.free_cpu() == Fixed::whole(2));
  node.expect_nothing_else();
}

TEST_CASE("what does not fit into its bundle now waits, and is granted when it does") {
  BundleNode node;
  node.start_lease(1, cpus(2));
  const LeaseGrant first = node.mail.expect<LeaseGrant>(kOwner);
  node.say(kOwner, lease_in(-1, 2, cpus(2), 2));
  node.expect_nothing_else();
  node.say(kOwner, LeaseReturn{first.lease});
  CHECK(node.mail.expect<LeaseGrant>(kOwner).request == 2);
  node.expect_nothing_else();
}

TEST_CASE("a cancelled lease request waits no more") {
  BundleNode node;
  node.start_lease(1, cpus(2));
  const LeaseGrant first = node.mail.expect<LeaseGrant>(kOwner);
  node.say(kOwner, lease_in(5, 2, cpus(1)));
  node.say(kOwner, LeaseCancel{2});
  node.say(kOwner, LeaseReturn{first.lease});
  node.expect_nothing_else();
}

TEST_CASE("what no bundle here can ever hold is refused for good, what is not here just refused") {
  BundleNode node;
  node.say(kOwner, lease_in(5, 1, cpus(3)));
  const LeaseRefused never = node.mail.expect<LeaseRefused>(kOwner);
  CHECK(never.never);
  CHECK(never.failure == "");
  node.say(kOwner, lease_in(4, 2, cpus(1), 3));
  const LeaseRefused gone = node.mail.expect<LeaseRefused>(kOwner);
  CHECK_FALSE(gone.never);
  CHECK(gone.count == 3);
  node.expect_nothing_else();
}

TEST_CASE("a freed bundle ends its leases and comes back when their processes have ended") {
  BundleNode node;
  const ProcessId worker = node.start_lease(1, cpus(1));
  const LeaseGrant grant = node.mail.expect<LeaseGrant>(kOwner);
  node.say(kOwner, lease_in(5, 2, cpus(2)));
  node.say(kHead, FreeBundles{kGroup, 0, "its placement group is gone", false});
  const LeaseLost lost = node.mail.expect<LeaseLost>(kOwner);
  CHECK(lost.lease == grant.lease);
  CHECK(lost.cause == "its placement group is gone");
  CHECK(node.mail.expect<LeaseRefused>(kOwner).request == 2);
  node.expect_kill(worker);
  CHECK(node.free_cpu() == Fixed::whole(2));
  node.exit(worker, "was killed by signal 15");
  CHECK(node.free_cpu() == Fixed::whole(4));
  CHECK(node.node.bundles().size() == 0);
  node.expect_nothing_else();
}

TEST_CASE("bundles of one plan are freed, those of another stay") {
  BundleNode node;
  node.say(kHead, ask_for({cpu_bundle(6, 1)}, 2));
  node.mail.expect<BundlesReserved>(kHead);
  node.say(kHead, FreeBundles{kGroup, 2, "planned anew", true});
  CHECK(node.free_cpu() == Fixed::whole(2));
  CHECK(node.node.bundles().size() == 1);
}

TEST_CASE("NODE-12: an idle worker of a bundle that goes works in the next of its kind") {
  JoinedNode node;
  ReserveBundles first = ask_for({cpu_bundle(5, 2)});
  first.name = "";
  node.say(kHead, first);
  node.mail.expect<BundlesReserved>(kHead);
  node.say(kOwner, lease_in(5, 1, cpus(1)));
  node.settle();
  const ProcessId worker = node.expect_start().worker;
  node.ready(worker);
  node.say(kOwner, LeaseReturn{node.mail.expect<LeaseGrant>(kOwner).lease});
  node.say(kHead, FreeBundles{kGroup, 0, "gone", false});
  node.expect_nothing_else();
  CHECK(node.free_cpu() == Fixed::whole(4));
  ReserveBundles next = first;
  next.group = {kDriver, 99};
  const auto lease = [&next](std::uint64_t number) {
    LeaseRequest request = lease_in(5, number, cpus(1));
    request.group = next.group;
    return request;
  };
  SUBCASE("of that size and index") {
    node.say(kHead, next);
    node.mail.expect<BundlesReserved>(kHead);
    node.say(kOwner, lease(2));
    CHECK(node.mail.expect<LeaseGrant>(kOwner).worker.process == worker);
    node.expect_nothing_else();
    // It is that group's now.
    node.say(kHead, FreeBundles{next.group, 0, "gone", false});
    node.mail.expect<LeaseLost>(kOwner);
    node.expect_kill(worker);
    return;
  }
  SUBCASE("of no group with a name") { next.name = "pool"; }
  SUBCASE("of no other size") { next.size = 9; }
  SUBCASE("at no other index") { next.bundles[0].index = 6; }
  node.say(kHead, next);
  node.mail.expect<BundlesReserved>(kHead);
  LeaseRequest request = lease(2);
  request.bundle = static_cast<std::int32_t>(next.bundles[0].index);
  node.say(kOwner, request);
  CHECK(node.expect_start().worker != worker);
}

TEST_CASE("NODE-12: an idle worker of a group with a name ends with its bundle") {
  BundleNode node;
  const ProcessId worker = node.start_lease(1, cpus(1));
  node.say(kOwner, LeaseReturn{node.mail.expect<LeaseGrant>(kOwner).lease});
  node.say(kHead, FreeBundles{kGroup, 0, "gone", false});
  node.expect_kill(worker);
  CHECK(node.free_cpu() == Fixed::whole(4));
}

TEST_CASE("NODE-12: an idle worker with GPUs ends with its bundle") {
  JoinedNode node;
  ReserveBundles ask = ask_for({{5, gpus(1), {1}, {Fixed::whole(1)}}});
  ask.name = "";
  node.say(kHead, ask);
  node.mail.expect<BundlesReserved>(kHead);
  node.say(kOwner, lease_in(5, 1, gpus(1)));
  node.settle();
  const StartWorker start = node.expect_start();
  node.ready(start.worker);
  node.say(kOwner, LeaseReturn{node.mail.expect<LeaseGrant>(kOwner).lease});
  node.expect_nothing_else();
  node.say(kHead, FreeBundles{kGroup, 0, "gone", false});
  node.expect_kill(start.worker);
}

TEST_CASE("an actor waits for room in its bundle and then starts") {
  BundleNode node;
  node.start_lease(1, cpus(2));
  const LeaseGrant grant = node.mail.expect<LeaseGrant>(kOwner);
  ActorSpec spec = actor_spec(1, cpus(1));
  spec.group = kGroup;
  spec.bundle = 5;
  node.say(kHead, StartActor{spec, 1, 0});
  node.say(kHead, StartActor{spec, 1, 0});  // repeated
  node.expect_nothing_else();
  node.say(kOwner, LeaseReturn{grant.lease, /*broken=*/false});
  const StartWorker start = node.expect_start();
  CHECK(start.bundle == 5);
  node.ready(start.worker);
  CHECK(node.mail.expect<InitActor>(start.worker).spec.actor == spec.actor);
  node.expect_nothing_else();
}

TEST_CASE("an actor whose group goes dies with it, one whose group moves may be restarted") {
  for (const bool moved : {false, true}) {
    BundleNode node;
    ActorSpec spec = actor_spec(1, cpus(1));
    spec.group = kGroup;
    spec.bundle = 5;
    node.say(kHead, StartActor{spec, 1, 0});
    node.settle();
    const ProcessId worker = node.expect_start().worker;
    node.ready(worker);
    node.mail.expect<InitActor>(worker);
    node.say(kHead, FreeBundles{kGroup, 0, "gone", moved});
    CHECK(node.mail.expect<ActorEnded>(kHead).restartable == moved);
    node.expect_kill(worker);
  }
}

TEST_CASE("leases outside of groups do not get what bundles hold") {
  BundleNode node;
  node.say(kOwner, lease_request(9, cpus(3)));
  CHECK(node.mail.expect<LeaseRefused>(kOwner).count == 1);
}

TEST_CASE("workers are not shared between a bundle and the rest of the node") {
  BundleNode node;
  node.start_lease(1, cpus(1));
  node.say(kOwner, LeaseReturn{node.mail.expect<LeaseGrant>(kOwner).lease});
  node.say(kOwner, lease_request(9, cpus(1)));
  CHECK(node.expect_start().bundle == -1);
}

}  // namespace Atoll
