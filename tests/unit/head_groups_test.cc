#include "tests/support/head_fixture.h"

// What the head does with placement groups.
namespace Atoll {
namespace {

using namespace testing;

constexpr ProcessId kWatcher{0x300};

struct GroupHead : ReadyHead {
  using ReadyHead::ReadyHead;

  ReserveBundles expect_ask(std::uint32_t rank) { return mail.expect<ReserveBundles>(daemon_of(rank)); }
  // The daemon has reserved what it was asked for.
  void reserved(const ReserveBundles& ask, std::uint32_t rank) {
    BundlesReserved reply{ask.group, ask.version, "", {}};
    for (const BundleAsk& bundle : ask.bundles) {
      BundleRecord record;
      record.index = bundle.index;
      record.node = NodeId(rank);
      record.node_name = infos[rank].name;
      for (const std::int32_t gpu : bundle.gpus) record.gpus.push_back({gpu, "", Fixed::whole(1), 0});
      reply.bundles.push_back(record);
    }
    say(daemon_of(rank), reply);
  }
  void refused(const ReserveBundles& ask, std::uint32_t rank) {
    say(daemon_of(rank), BundlesReserved{ask.group, ask.version, "no room", {}});
  }
  GroupUpdate expect_update(GroupState state, ProcessId to = kDriver) {
    GroupUpdate update = mail.expect<GroupUpdate>(to);
    CHECK(update.state == state);
    return update;
  }
  // A created group of one bundle of 3 cpu on each of two nodes.
  void create_pair(bool move_whole) {
    GroupSpec spec = group_spec(2, cpus(3));
    spec.move_whole = move_whole;
    say(kDriver, create_group(spec));
    reserved(expect_ask(0), 0);
    reserved(expect_ask(1), 1);
    expect_update(GroupState::kCreated);
    mail.expect_nothing_else();
  }
};

std::vector<std::uint32_t> indices(const ReserveBundles& ask) {
  std::vector<std::uint32_t> all;
  for (const BundleAsk& bundle : ask.bundles) all.push_back(bundle.index);
  return all;
}

}  // namespace

TEST_CASE("a group is created when every daemon of its plan has reserved its bundles") {
  GroupHead head(2, 4);
  head.say(kDriver, create_group(group_spec(4, cpus(2))));
  const ReserveBundles first = head.expect_ask(0), second = head.expect_ask(1);
  CHECK(indices(first) == std::vector<std::uint32_t>{0, 1});
  CHECK(indices(second) == std::vector<std::uint32_t>{2, 3});
  CHECK(first.size == 4);
  head.mail.expect_nothing_else();
  head.reserved(second, 1);
  head.mail.expect_nothing_else();
  head.reserved(first, 0);
  const GroupUpdate created = head.expect_update(GroupState::kCreated);
  REQUIRE(created.bundles.size() == 4);
  for (std::uint32_t i = 0; i < 4; ++i) {
    CHECK(created.bundles[i].index == i);
    CHECK(created.bundles[i].node == NodeId(i / 2));
  }
  CHECK(created.daemons == std::vector<Contact>{contact_of(daemon_of(0), NodeId(0)), contact_of(daemon_of(1), NodeId(1))});
  head.mail.expect_nothing_else();
}

TEST_CASE("when one daemon refuses, the others free what they have and the group is planned anew") {
  GroupHead head(2, 4);
  head.say(kDriver, create_group(group_spec(2, cpus(3))));
  const ReserveBundles first = head.expect_ask(0), second = head.expect_ask(1);
  head.reserved(first, 0);
  head.refused(second, 1);
  CHECK(head.mail.expect<FreeBundles>(daemon_of(0)).version == first.version);
  CHECK(head.mail.expect<FreeBundles>(daemon_of(1)).version == first.version);
  head.mail.expect_nothing_else();
  head.report(0, 4, {first.reservation});
  head.report(1, 0, {second.reservation});  // a client was faster
  head.mail.expect_nothing_else();
  head.now += kGroupRetry;
  head.report(1, 4);
  const ReserveBundles again = head.expect_ask(0);
  CHECK(again.version > first.version);
  head.reserved(first, 0);  // an answer to the old plan comes late
  head.reserved(head.expect_ask(1), 1);
  head.mail.expect_nothing_else();
  head.reserved(again, 0);
  head.expect_update(GroupState::kCreated);
}

TEST_CASE("a group that can never fit is infeasible at once, with counts, and one that cannot fit now waits") {
  GroupHead head(2, 4);
  head.say(kDriver, create_group(group_spec(1, cpus(5))));
  const GroupUpdate never = head.expect_update(GroupState::kInfeasible);
  CHECK_MESSAGE(never.why.find("2 nodes") != std::string::npos, never.why);
  head.report(0, 0);
  head.report(1, 0);
  head.say(kDriver, create_group(group_spec(1, cpus(3), {kDriver, 901})));
  head.mail.expect_nothing_else();
  head.now += kGroupRetry;
  head.report(1, 4);
  head.reserved(head.expect_ask(1), 1);
  head.expect_update(GroupState::kCreated);
}

TEST_CASE("a group that does not fit holds up no other") {
  GroupHead head(2, 4);
  head.report(0, 1);
  head.say(kDriver, create_group(group_spec(2, cpus(4))));
  head.mail.expect_nothing_else();
  head.say(kDriver, create_group(group_spec(1, cpus(4), {kDriver, 901})));
  head.reserved(head.expect_ask(1), 1);
  CHECK(head.expect_update(GroupState::kCreated).group == GroupId{kDriver, 901});
}

TEST_CASE("a malformed group is infeasible, with a sentence") {
  GroupHead head(1, 4);
  GroupSpec spec = group_spec(1, cpus(1));
  spec.strategy = 99;
  head.say(kDriver, create_group(spec));
  CHECK(head.expect_update(GroupState::kInfeasible).why != "");
  head.say(kDriver, create_group(group_spec(0, cpus(1), {kDriver, 901})));
  CHECK(head.expect_update(GroupState::kInfeasible).why.find("bundle") != std::string::npos);
}

TEST_CASE("after a node is lost its bundles move, and the others stay") {
  GroupHead head(3, 4);
  head.create_pair(/*move_whole=*/false);
  head.lose(daemon_of(1));
  head.mail.expect<Expelled>(daemon_of(1));
  const GroupUpdate lost = head.expect_update(GroupState::kRescheduling);
  CHECK(lost.bundles[0].node == NodeId(0));
  CHECK(lost.bundles[1].node == NodeId::kNone);
  CHECK(lost.why.find("n1") != std::string::npos);
  const ReserveBundles again = head.expect_ask(2);
  CHECK(indices(again) == std::vector<std::uint32_t>{1});
  head.mail.expect_nothing_else();
  head.reserved(again, 2);
  const GroupUpdate whole = head.expect_update(GroupState::kCreated);
  CHECK(whole.bundles[0].node == NodeId(0));
  CHECK(whole.bundles[1].node == NodeId(2));
}

TEST_CASE("a group that asked for it moves as a whole when a node is lost") {
  GroupHead head(4, 4);
  head.create_pair(/*move_whole=*/true);
  head.lose(daemon_of(1));
  head.mail.expect<Expelled>(daemon_of(1));
  const FreeBundles freed = head.mail.expect<FreeBundles>(daemon_of(0));
  CHECK(freed.version == 0);
  CHECK(freed.moved);
  CHECK(head.expect_update(GroupState::kRescheduling).bundles[0].node == NodeId::kNone);
  // Node 0 has not given its room back yet.
  CHECK(indices(head.expect_ask(2)) == std::vector<std::uint32_t>{0});
  CHECK(indices(head.expect_ask(3)) == std::vector<std::uint32_t>{1});
}

TEST_CASE("what is left of a group goes on while there is no room for the rest") {
  GroupHead head(2, 4);
  head.create_pair(/*move_whole=*/false);
  head.lose(daemon_of(1));
  head.expect_update(GroupState::kRescheduling);
  head.mail.expect<Expelled>(daemon_of(1));
  head.mail.expect_nothing_else();
  head.infos[1].name = "n1";
  head.say(ProcessId(0x777), Join{contact_of(ProcessId(0x777), NodeId(1)), head.infos[1], idle_usage(head.infos[1], 1)});
  head.mail.expect<Welcome>(ProcessId(0x777));
  head.now += kGroupRetry;
  head.tick();
  CHECK(indices(head.mail.expect<ReserveBundles>(ProcessId(0x777))) == std::vector<std::uint32_t>{1});
}

TEST_CASE("a node that dies while it is asked is planned around") {
  GroupHead head(3, 4);
  head.say(kDriver, create_group(group_spec(2, cpus(3))));
  head.reserved(head.expect_ask(0), 0);
  head.expect_ask(1);
  head.lose(daemon_of(1));
  head.mail.expect<Expelled>(daemon_of(1));
  CHECK(head.mail.expect<FreeBundles>(daemon_of(0)).moved);
  const ReserveBundles first = head.expect_ask(0), second = head.expect_ask(2);
  head.reserved(first, 0);
  head.reserved(second, 2);
  head.expect_update(GroupState::kCreated);
  head.mail.expect_nothing_else();
}

TEST_CASE("a removed group gives its bundles back and is forgotten") {
  GroupHead head(2, 4);
  head.create_pair(false);
  head.say(kDriver, RemoveGroup{kGroup});
  CHECK(head.mail.expect<FreeBundles>(daemon_of(0)).version == 0);
  CHECK_FALSE(head.mail.expect<FreeBundles>(daemon_of(1)).moved);
  head.expect_update(GroupState::kRemoved);
  CHECK(head.head.groups().size() == 0);
  head.say(kWatcher, WatchGroup{kGroup, ""});
  CHECK(head.mail.expect<NoSuchGroup>(kWatcher).group == kGroup);
  head.mail.expect_nothing_else();
}

TEST_CASE("a group ends with its driver, a detached one does not") {
  GroupHead head(2, 4);
  head.attach();
  GroupSpec detached = group_spec(1, cpus(1), {kDriver, 901});
  detached.detached = true;
  detached.name = "pool";
  head.say(kDriver, create_group(detached));
  head.say(kDriver, create_group(group_spec(1, cpus(1))));
  head.mail.drop_all();
  head.lose(kDriver);
  CHECK(head.mail.expect<FreeBundles>(daemon_of(0)).group == kGroup);
  CHECK(head.head.groups().size() == 1);
  head.say(kWatcher, WatchGroup{GroupId(), "pool"});
  CHECK(head.mail.expect<GroupUpdate>(kWatcher).group == GroupId{kDriver, 901});
}

TEST_CASE("a name belongs to one group") {
  GroupHead head(1, 4);
  GroupSpec first = group_spec(1, cpus(1)), second = group_spec(1, cpus(1), {kDriver, 901});
  first.name = second.name = "pool";
  head.say(kDriver, create_group(first));
  head.expect_ask(0);
  head.say(kDriver, create_group(second));
  CHECK(head.expect_update(GroupState::kRemoved).why.find("'pool'") != std::string::npos);
  head.say(kDriver, RemoveGroup{kGroup});
  head.mail.drop_all();
  head.say(kWatcher, WatchGroup{GroupId(), "pool"});
  CHECK(head.mail.expect<NoSuchGroup>(kWatcher).name == "pool");
}

TEST_CASE("whoever watches a waiting group is told why it waits") {
  GroupHead head(2, 4);
  head.report(0, 1);
  head.report(1, 1);
  head.say(kDriver, create_group(group_spec(2, cpus(3))));
  head.say(kWatcher, WatchGroup{kGroup, ""});
  const GroupUpdate update = head.expect_update(GroupState::kPending, kWatcher);
  CHECK_MESSAGE(update.why.find("2 nodes") != std::string::npos, update.why);
}

TEST_CASE("an actor in a group starts where its bundle is, once the group is created") {
  GroupHead head(2, 4);
  head.say(kDriver, create_group(group_spec(2, cpus(3))));
  ActorSpec spec = actor_spec(1, cpus(2));
  spec.group = kGroup;
  spec.bundle = 1;
  head.say(kDriver, create_actor(spec));
  const ReserveBundles first = head.expect_ask(0), second = head.expect_ask(1);
  head.mail.expect_nothing_else();
  head.reserved(first, 0);
  head.reserved(second, 1);
  const StartActor start = head.mail.expect<StartActor>(daemon_of(1));
  CHECK(start.spec.bundle == 1);
  CHECK(start.reservation == 0);
}

TEST_CASE("actors that take any bundle are told one each, as far as there is room") {
  GroupHead head(2, 4);
  head.create_pair(false);
  ActorSpec spec = actor_spec(1, cpus(2));
  spec.group = kGroup;
  head.say(kDriver, create_actor(spec));
  CHECK(head.mail.expect<StartActor>(daemon_of(0)).spec.bundle == 0);
  spec.actor.sequence = 2;
  head.say(kDriver, create_actor(spec));
  CHECK(head.mail.expect<StartActor>(daemon_of(1)).spec.bundle == 1);
}

TEST_CASE("an actor that its bundle can never hold is infeasible") {
  GroupHead head(2, 4);
  head.create_pair(false);
  ActorSpec spec = actor_spec(1, cpus(4));
  spec.group = kGroup;
  spec.bundle = 0;
  head.say(kDriver, create_actor(spec));
  const ActorUpdate update = head.mail.expect<ActorUpdate>(kDriver);
  CHECK(update.state == ActorState::kDead);
  REQUIRE(update.error);
  CHECK(update.error->kind == ErrorKind::kInfeasible);
  CHECK(update.error->message == "it needs 4 cpu, and bundle 0 has 3 cpu");
}

}  // namespace Atoll
