#include "tests/support/client_fixture.h"

// A client's logic: what it says for what its user asks and for what arrives.
namespace Atoll {
namespace {

using namespace testing;
using std::chrono::milliseconds;

// An actor that a client made and that is alive.
struct ActorClientFixture : Client {
  ActorClientFixture() {
    core.create_actor(actor_spec(1'000, cpus(1), 1), {}, out);
    take();
    mail.expect<CreateActor>(kHead);
    update(ActorState::kAlive, 1);
  }
  void update(ActorState state, std::uint32_t incarnation, const std::string& why = "") {
    ActorUpdate told{id, "", state, incarnation, {}, {}};
    if (state == ActorState::kAlive) told.worker = contact_of(ProcessId(0xa000 + incarnation));
    if (!why.empty()) told.error = error_info(ErrorKind::kActorDied, why);
    say(kHead, told);
  }
  const ActorId id{kDriver, 1'000};
  const ProcessId worker{0xa001};
};

}  // namespace

// ----------------------------------------------------------------------- tasks

TEST_CASE("a task is run by a worker of the home node, and the lease given back after a while") {
  Client client;
  const TaskId task = client.submit();
  const LeaseRequest request = client.mail.expect<LeaseRequest>(kHome.process);
  CHECK(request.count == 1);
  CHECK(request.reservation == 0);
  client.expect_nothing_else();
  const LeaseGrant grant = client.grant(kHome, request.request);
  CHECK(client.mail.expect<PushTask>(grant.worker.process).task == task);
  client.done(grant.worker.process, task);
  CHECK(*client.expect_completion(task).value == "42");
  client.expect_nothing_else();
  client.pass(kLeaseLinger - milliseconds(1));
  client.expect_nothing_else();
  client.pass(milliseconds(1));
  CHECK(client.mail.expect<LeaseReturn>(kHome.process).lease == grant.lease);
  client.expect_nothing_else();
  CHECK(client.core.tasks().unfinished() == 0);
}

TEST_CASE("TASKS-1: a result that comes twice, or from nobody, settles nothing") {
  Client client;
  const TaskId task = client.submit();
  const LeaseGrant grant = client.run();
  client.done(ProcessId(0xbad), task);
  client.expect_nothing_else();
  client.done(grant.worker.process, task);
  client.expect_completion(task);
  client.done(grant.worker.process, task);
  client.expect_nothing_else();
}

TEST_CASE("what the home node refuses the head is asked for, and its placement passed on with its reservation") {
  Client client;
  client.submit();
  client.say(kHome.process, LeaseRefused{client.mail.expect<LeaseRequest>(kHome.process).request, 1, ""});
  const PlaceRequest place = client.mail.expect<PlaceRequest>(kHead);
  CHECK(place.count == 1);
  client.expect_nothing_else();
  client.say(kHead, Placed{place.request, kAway, 1, 77});
  const LeaseRequest request = client.mail.expect<LeaseRequest>(kAway.process);
  CHECK(request.reservation == 77);
  CHECK(request.count == 1);
  CHECK(client.mail.learned(kAway));
  client.expect_nothing_else();
}

TEST_CASE("a placement that is wanted no more is still heard of by its node") {
  Client client;
  const TaskId first = client.submit(), second = client.submit();
  const LeaseRequest one = client.mail.expect<LeaseRequest>(kHome.process), two = client.mail.expect<LeaseRequest>(kHome.process);
  client.say(kHome.process, LeaseRefused{two.request, 1, ""});
  const PlaceRequest place = client.mail.expect<PlaceRequest>(kHead);
  const LeaseGrant grant = client.grant(kHome, one.request);
  client.mail.expect<PushTask>(grant.worker.process);
  client.done(grant.worker.process, first);
  client.mail.expect<PushTask>(grant.worker.process);
  CHECK(client.mail.expect<PlaceRequest>(kHead).count == 0);
  client.say(kHead, Placed{place.request, kAway, 1, 77});
  const LeaseRequest request = client.mail.expect<LeaseRequest>(kAway.process);
  CHECK(request.reservation == 77);
  CHECK(request.count == 0);
  client.done(grant.worker.process, second);
  client.expect_completion(first);
  client.expect_completion(second);
  client.expect_nothing_else();
}

TEST_CASE("HEAD-4: what can never fit is an error with the head's words") {
  Client client;
  const TaskId task = client.submit(3);
  client.say(kHome.process, LeaseRefused{client.mail.expect<LeaseRequest>(kHome.process).request, 1, ""});
  client.say(kHead, Infeasible{client.mail.expect<PlaceRequest>(kHead).request, "needs 1 cpu on one node; no node is alive"});
  CHECK(client.expect_error(task, ErrorKind::kInfeasible).message == "needs 1 cpu on one node; no node is alive");
  client.expect_nothing_else();
}

TEST_CASE("TASKS-2: a task whose worker died is run again as often as its retries allow, then it is an error with the cause") {
  Client client;
  const TaskId task = client.submit(1);
  const LeaseGrant first = client.run(kHome, 1);
  client.say(kHome.process, LeaseLost{first.lease, "process 1 on n0 killed by signal 9", "n0", 1});
  const LeaseGrant second = client.run(kHome, 2);
  client.expect_nothing_else();
  client.say(kHome.process, LeaseLost{second.lease, "process 2 on n0 killed by signal 9", "n0", 2});
  CHECK(client.expect_error(task, ErrorKind::kWorkerDied).message == "process 2 on n0 killed by signal 9; it was tried 2 times");
  client.expect_nothing_else();
}

TEST_CASE("a worker that could not be started costs its task an attempt") {
  Client client;
  const TaskId task = client.submit(1);
  for (int i = 0; i < 2; ++i)
    client.say(kHome.process, LeaseRefused{client.mail.expect<LeaseRequest>(kHome.process).request, 1, "no such file"});
  CHECK(client.expect_error(task, ErrorKind::kWorkerDied).message == "no such file; it was tried 2 times");
  client.expect_nothing_else();
}

TEST_CASE("HEAD-5: the tasks on a node that died are run elsewhere, whatever its links say") {
  Client client;
  client.submit(1);
  client.run();
  client.say(kHead, NodeDied{NodeId(0), kHome.process, "node n0 died: it has been silent"});
  CHECK(client.mail.expect<PlaceRequest>(kHead).count == 1);  // it has no home any more
  client.expect_nothing_else();
}

TEST_CASE("a worker that is out of reach is given up when its daemon says so, or says nothing for 3 s") {
  Client client;
  const TaskId task = client.submit();
  const LeaseGrant grant = client.run();
  client.lose(grant.worker.process);
  client.pass(milliseconds(2900));
  client.expect_nothing_else();
  client.pass(milliseconds(200));
  CHECK(client.mail.expect<LeaseReturn>(kHome.process).broken);
  client.expect_error(task, ErrorKind::kWorkerDied);
  client.expect_nothing_else();
}

TEST_CASE("CLIENT-1: when the head is gone every pending result is an error") {
  Client client;
  const TaskId task = client.submit(3);
  client.mail.drop_all();
  client.lose(kHead);
  client.expect_error(task, ErrorKind::kClusterLost);
  client.expect_nothing_else();
}

TEST_CASE("a task waits for the results among its arguments, and fails with theirs") {
  for (const bool works : {true, false}) {
    CAPTURE(works);
    Client client;
    const TaskId first = client.submit();
    const LeaseGrant grant = client.run();
    const TaskId second = client.submit(0, {{nullptr, result_of(first), {}, nullptr}});
    client.expect_nothing_else();
    if (works) {
      client.done(grant.worker.process, first, "7");
      CHECK(client.mail.expect<PushTask>(grant.worker.process).arguments == std::vector<std::string>{"7"});
      client.expect_completion(first);
    } else {
      TaskDone threw;
      threw.task = first;
      threw.error = error_info(ErrorKind::kTaskFailed, "it threw");
      client.say(grant.worker.process, threw);
      client.expect_error(first, ErrorKind::kTaskFailed);
      CHECK(client.expect_error(second, ErrorKind::kTaskFailed).message == "it threw");
    }
    client.expect_nothing_else();
  }
}

// ---------------------------------------------------------------------- actors

TEST_CASE("CALLS-1, CALLS-3: calls wait while the actor starts and are sent in order when it is alive") {
  Client client;
  client.core.create_actor(actor_spec(1'000, cpus(1)), {}, client.out);
  const ActorId id{kDriver, 1'000};
  const TaskId first = client.call(id), second = client.call(id);
  client.mail.expect<CreateActor>(kHead);
  client.expect_nothing_else();
  client.say(kHead, ActorUpdate{id, "", ActorState::kAlive, 1, contact_of(ProcessId(0xa001)), {}});
  CHECK(client.mail.expect<CallActor>(ProcessId(0xa001)).task == first);
  CHECK(client.mail.expect<CallActor>(ProcessId(0xa001)).task == second);
  client.expect_nothing_else();
}

TEST_CASE("CALLS-2: a call that was sent fails with the cause when the actor restarts, and a later one is sent to the next") {
  ActorClientFixture client;
  const TaskId sent = client.call(client.id);
  client.mail.expect<CallActor>(client.worker);
  client.update(ActorState::kRestarting, 1, "killed by signal 9");
  CHECK(client.expect_error(sent, ErrorKind::kActorUnavailable).message == "killed by signal 9");
  const TaskId waiting = client.call(client.id);
  client.expect_nothing_else();
  client.update(ActorState::kAlive, 2);
  CHECK(client.mail.expect<CallActor>(ProcessId(0xa002)).task == waiting);
  client.done(ProcessId(0xa002), waiting);
  CHECK(*client.expect_completion(waiting).value == "42");
  client.expect_nothing_else();
}

TEST_CASE("calls of a dead actor fail at once with its cause") {
  ActorClientFixture client;
  const TaskId sent = client.call(client.id);
  client.mail.expect<CallActor>(client.worker);
  client.update(ActorState::kDead, 1, "it was killed by its user");
  client.expect_error(sent, ErrorKind::kActorDied);
  const TaskId late = client.call(client.id);
  CHECK(client.expect_error(late, ErrorKind::kActorDied).message == "it was killed by its user");
  client.update(ActorState::kAlive, 1);  // ACTORS-4: old news
  client.expect_error(client.call(client.id), ErrorKind::kActorDied);
  client.expect_nothing_else();
}

TEST_CASE("calls of an actor whose connection broke fail after 5 s unless the head knows more") {
  ActorClientFixture client;
  const TaskId sent = client.call(client.id);
  client.mail.expect<CallActor>(client.worker);
  client.lose(client.worker);
  client.pass(milliseconds(4900));
  client.expect_nothing_else();
  client.pass(milliseconds(200));
  client.expect_error(sent, ErrorKind::kActorUnavailable);
  client.expect_nothing_else();
}

}  // namespace Atoll
