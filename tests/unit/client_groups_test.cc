#include "tests/support/client_fixture.h"

// Placement groups at a client: ready objects, and tasks in bundles.
namespace Atoll {
namespace {

using namespace testing;
using std::chrono::milliseconds;

const Contact kNode2 = contact_of(daemon_of(2), NodeId(2));

WorkerShape shape_in(std::int32_t bundle) { return {cpus(1), kGroup, bundle}; }

struct GroupClientFixture : Client {
  GroupClientFixture() {
    core.create_group(group_spec(3, cpus(2)), out);
    take();
    CHECK(mail.expect<CreateGroup>(kHead).spec.group == kGroup);
  }
  // Bundle i is on nodes[i].
  void update(GroupState state, const std::vector<Contact>& nodes = {}, const std::string& why = "") {
    GroupUpdate told;
    told.group = kGroup;
    told.state = state;
    told.why = why;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      BundleRecord record;
      record.index = static_cast<std::uint32_t>(i);
      record.node = nodes[i].node;
      told.bundles.push_back(record);
      if (!nodes[i].is_none()) told.daemons.push_back(nodes[i]);
    }
    say(kHead, told);
  }
  void created() { update(GroupState::kCreated, {kHome, kAway, kAway}); }
  ObjectId ready() {
    const ObjectId id{kDriver, ++sequence};
    core.group_ready(now, kGroup, id, out);
    take();
    return id;
  }
  TaskId submit_in(std::int32_t bundle, std::int32_t retries = 0) { return submit(retries, {}, shape_in(bundle)); }
};

}  // namespace

TEST_CASE("GROUP-CLIENT-1: a group is ready when it is created, once, and at once if it was before") {
  GroupClientFixture client;
  const ObjectId first = client.ready();
  client.update(GroupState::kPending);
  client.expect_nothing_else();
  client.created();
  CHECK_FALSE(client.expect_completion({first.process, first.sequence}).error);
  client.created();
  client.expect_nothing_else();
  const ObjectId second = client.ready();
  CHECK_FALSE(client.expect_completion({second.process, second.sequence}).error);
  client.expect_nothing_else();
}

TEST_CASE("a group that is infeasible or removed says so to whoever waits for it") {
  for (const auto& [state, kind] : {std::pair(GroupState::kInfeasible, ErrorKind::kInfeasible),
                                    std::pair(GroupState::kRemoved, ErrorKind::kGroupRemoved)}) {
    GroupClientFixture client;
    const ObjectId ready = client.ready();
    client.update(state, {}, "no such luck");
    const ErrorInfo error = client.expect_error({ready.process, ready.sequence}, kind);
    CHECK(error.message.find("no such luck") != std::string::npos);
  }
}

TEST_CASE("a handle that came from elsewhere asks the head, which may know no such group") {
  Client client;
  client.core.group_ready(client.now, kGroup, {kDriver, 77}, client.out);
  client.take();
  CHECK(client.mail.expect<WatchGroup>(kHead).group == kGroup);
  client.say(kHead, NoSuchGroup{kGroup, ""});
  client.expect_error({kDriver, 77}, ErrorKind::kGroupRemoved);
}

TEST_CASE("TASKS-5: a task in a bundle waits for the group, and asks the daemon of its bundle alone") {
  GroupClientFixture client;
  const TaskId task = client.submit_in(1);
  CHECK(client.mail.expect<WatchGroup>(kHead).group == kGroup);
  client.expect_nothing_else();
  client.created();
  const LeaseRequest request = client.mail.expect<LeaseRequest>(kAway.process);
  CHECK(request.group == kGroup);
  CHECK(request.bundle == 1);
  CHECK(request.count == 1);
  const LeaseGrant grant = client.grant(kAway, request.request);
  CHECK(client.mail.expect<PushTask>(grant.worker.process).task == task);
  client.done(grant.worker.process, task);
  client.expect_completion(task);
  client.expect_nothing_else();
}

TEST_CASE("tasks in any bundle ask all daemons of the group in equal parts") {
  GroupClientFixture client;
  client.created();
  client.submit_in(-1);
  CHECK(client.mail.expect<LeaseRequest>(kHome.process).count == 1);
  for (int i = 0; i < 3; ++i) client.submit_in(-1);
  CHECK(client.mail.words().find("PlaceRequest") == std::string::npos);
}

TEST_CASE("what waits in a bundle is cancelled when nothing needs it any more") {
  GroupClientFixture client;
  client.created();
  const TaskId first = client.submit_in(0);
  const LeaseRequest request = client.mail.expect<LeaseRequest>(kHome.process);
  const TaskId second = client.submit_in(0);
  const LeaseRequest other = client.mail.expect<LeaseRequest>(kHome.process);
  const LeaseGrant grant = client.grant(kHome, request.request);
  client.mail.expect<PushTask>(grant.worker.process);
  client.done(grant.worker.process, first);
  client.mail.expect<PushTask>(grant.worker.process);
  CHECK(client.mail.expect<LeaseCancel>(kHome.process).request == other.request);
  client.done(grant.worker.process, second);
  client.expect_completion(first);
  client.expect_completion(second);
  client.expect_nothing_else();
}

TEST_CASE("a task that no bundle can ever hold is infeasible; a bundle that has moved is asked for where it is") {
  GroupClientFixture client;
  client.created();
  const TaskId never = client.submit_in(0);
  LeaseRequest request = client.mail.expect<LeaseRequest>(kHome.process);
  client.say(kHome.process, LeaseRefused{request.request, 1, "", true});
  client.expect_error(never, ErrorKind::kInfeasible);
  const TaskId moved = client.submit_in(1);
  request = client.mail.expect<LeaseRequest>(kAway.process);
  client.say(kAway.process, LeaseRefused{request.request, 1, "", false});
  client.expect_nothing_else();
  client.update(GroupState::kCreated, {kHome, kNode2, kNode2});
  request = client.mail.expect<LeaseRequest>(kNode2.process);
  const LeaseGrant grant = client.grant(kNode2, request.request);
  CHECK(client.mail.expect<PushTask>(grant.worker.process).task == moved);
}

TEST_CASE("tasks of a group that is removed fail, and so do those that come later") {
  GroupClientFixture client;
  client.created();
  const TaskId waiting = client.submit_in(0);
  client.mail.expect<LeaseRequest>(kHome.process);
  client.update(GroupState::kRemoved, {}, "it was removed by its user");
  client.expect_error(waiting, ErrorKind::kGroupRemoved);
  const TaskId late = client.submit_in(0);
  client.mail.expect<WatchGroup>(kHead);
  client.say(kHead, NoSuchGroup{kGroup, ""});
  client.expect_error(late, ErrorKind::kGroupRemoved);
}

TEST_CASE("TASKS-13: what is idle in a group goes back before the group is removed, what works does not") {
  GroupClientFixture client;
  client.created();
  const TaskId done = client.submit_in(0), runs = client.submit_in(1);
  const LeaseGrant idle = client.grant(kHome, client.mail.expect<LeaseRequest>(kHome.process).request);
  client.mail.expect<PushTask>(idle.worker.process);
  const LeaseGrant busy = client.grant(kAway, client.mail.expect<LeaseRequest>(kAway.process).request, 2);
  client.mail.expect<PushTask>(busy.worker.process);
  client.done(idle.worker.process, done);
  client.expect_completion(done);
  client.core.remove_group(kGroup, client.out);
  client.take();
  CHECK(client.mail.expect<LeaseReturn>(kHome.process).lease == idle.lease);
  CHECK(client.mail.expect<RemoveGroup>(kHead).group == kGroup);
  client.expect_nothing_else();
  client.say(kAway.process, LeaseLost{busy.lease, "its placement group is gone", "n2", 7});
  client.expect_error(runs, ErrorKind::kWorkerDied);
}

TEST_CASE("a bundle index that the group does not have is an error that says which it has") {
  GroupClientFixture client;
  client.created();
  const TaskId task = client.submit_in(3);
  CHECK(client.expect_error(task, ErrorKind::kInfeasible).message ==
        "its placement group has no bundle 3, only 0 to 2");
}

TEST_CASE("when its node dies a task is asked for anew where its bundle goes") {
  GroupClientFixture client;
  client.created();
  const TaskId task = client.submit_in(2, /*retries=*/1);
  const LeaseGrant grant = client.grant(kAway, client.mail.expect<LeaseRequest>(kAway.process).request);
  client.mail.expect<PushTask>(grant.worker.process);
  client.say(kHead, NodeDied{kAway.node, kAway.process, "node n1 died"});
  client.mail.drop_all();
  client.update(GroupState::kRescheduling, {kHome, Contact(), Contact()});
  client.expect_nothing_else();
  client.update(GroupState::kCreated, {kHome, kNode2, kNode2});
  const LeaseGrant again = client.grant(kNode2, client.mail.expect<LeaseRequest>(kNode2.process).request, 2);
  CHECK(client.mail.expect<PushTask>(again.worker.process).task == task);
}

}  // namespace Atoll
