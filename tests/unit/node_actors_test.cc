#include "tests/support/node_fixture.h"

// A node daemon's programs and actors.
namespace Atoll {
namespace {

using namespace testing;

constexpr ProcessId kOwner{0x300};

StartActor start_actor(const ActorSpec& spec, std::uint32_t incarnation = 1, std::uint64_t reservation = 0) {
  return {spec, incarnation, reservation};
}

// A node on which an actor of kDriver is asked for.
struct ActorNode : JoinedNode {
  // Its worker, which has been told to become the actor.
  ProcessId begin(const StartActor& start) {
    say(kHead, start);
    if (mail.words().find("GetJob") != std::string::npos) settle();
    const ProcessId worker = expect_start().worker;
    ready(worker);
    CHECK(mail.expect<InitActor>(worker).spec.actor == start.spec.actor);
    return worker;
  }
  ProcessId run(const StartActor& start) {
    const ProcessId worker = begin(start);
    say(worker, InitActorDone{start.spec.actor, {}});
    const ActorStarted started = mail.expect<ActorStarted>(kHead);
    CHECK(started.incarnation == start.incarnation);
    CHECK(started.worker.process == worker);
    expect_nothing_else();
    return worker;
  }
};

ProgramChunk chunk(std::uint64_t offset, std::uint64_t total, const std::string& bytes, const std::string& why = "") {
  return {kDriver, offset, total, bytes, why};
}

// A node with a lease that waits for the program of its job, which is fetched.
struct FetchingNode : JoinedNode {
  FetchingNode() {
    say(kOwner, lease_request(7, cpus(1)));
    mail.expect<GetJob>(kHead);
    say(kHead, JobReply{true, job_info()});
    finds.clear();
    program("", "/home/me/simulate: no such file");
    CHECK(mail.learned(contact_of(kDriver)));
    CHECK(mail.expect<GetProgram>(kDriver).offset == 0);
    expect_nothing_else();
  }
  std::string expect_failure() {
    const LeaseRefused refused = mail.expect<LeaseRefused>(kOwner);
    CHECK(refused.count == 1);
    expect_nothing_else();
    CHECK(free_cpu() == Fixed::whole(4));
    return refused.failure;
  }
};

}  // namespace

// -------------------------------------------------------------------- programs

TEST_CASE("a job that the head does not know is a refusal that says so, and is asked for afresh") {
  JoinedNode node;
  node.say(kOwner, lease_request(7, cpus(1), 2));
  node.mail.expect<GetJob>(kHead);
  JobReply reply;
  reply.info.job = kDriver;
  node.say(kHead, reply);
  for (int i = 0; i < 2; ++i)
    CHECK(node.mail.expect<LeaseRefused>(kOwner).failure == "the head knows no such job; its driver has ended");
  node.expect_nothing_else();
  node.say(kOwner, lease_request(8, cpus(1)));
  node.mail.expect<GetJob>(kHead);
}

TEST_CASE("a program that is not on the node is fetched from its driver piece by piece, stored, and started") {
  FetchingNode node;
  node.say(kDriver, chunk(0, 5, "abc"));
  CHECK(node.mail.expect<GetProgram>(kDriver).offset == 3);
  REQUIRE(node.stores.size() == 1);
  CHECK(node.stores[0].chunk.bytes == "abc");
  node.say(kDriver, chunk(0, 5, "abc"));  // repeated
  CHECK(node.stores.size() == 1);
  node.say(kDriver, chunk(3, 5, "de"));
  CHECK(node.stores.size() == 2);
  node.stores.clear();
  node.expect_nothing_else();
  node.program("/tmp/session/simulate");
  CHECK(node.expect_start().program == "/tmp/session/simulate");
  node.expect_nothing_else();
}

TEST_CASE("a program that cannot be shipped, stored, or whose driver is gone is a refusal that says so") {
  FetchingNode unreadable, damaged, lost;
  unreadable.say(kDriver, chunk(0, 0, "", "permission denied"));
  CHECK(unreadable.expect_failure() ==
        "the program /home/me/simulate is not on this node and could not be shipped here: permission denied");
  damaged.say(kDriver, chunk(0, 3, "abc"));
  damaged.stores.clear();
  damaged.program("", "what was shipped is build b2, not b1");
  CHECK(damaged.expect_failure() == "what was shipped is build b2, not b1");
  lost.lose(kDriver);
  CHECK(lost.expect_failure() == "the driver that was shipping its program /home/me/simulate is gone");
}

TEST_CASE("a job that ends while its program is looked for leaves nothing behind") {
  FetchingNode node;
  node.say(kHead, EndJob{kDriver, "its driver has ended"});
  CHECK(node.free_cpu() == Fixed::whole(4));
  node.say(kDriver, chunk(0, 5, "abc"));
  node.program("/tmp/session/simulate");
  node.mail.expect<LeaseRefused>(ProcessId(0x300));  // its owner, a process that is no driver
  node.expect_nothing_else();
}

TEST_CASE("an actor that leaves by its own will is ended, and not restarted") {
  ActorNode node;
  const StartActor start = start_actor(actor_spec(1, cpus(1), -1));
  const ProcessId worker = node.run(start);
  node.say(kOwner, ActorLeaves{start.spec.actor});
  node.expect_nothing_else();
  node.say(worker, ActorLeaves{start.spec.actor});
  node.expect_kill(worker);
  const ActorEnded ended = node.mail.expect<ActorEnded>(kHead);
  CHECK_FALSE(ended.restartable);
  CHECK(ended.error.message.find("by its own will") != std::string::npos);
  node.exit(worker, "killed by signal 15");
  node.expect_nothing_else();
  CHECK(node.free_cpu() == Fixed::whole(4));
}

TEST_CASE("an actor that cannot go on is ended with its own words, and may be restarted") {
  ActorNode node;
  const StartActor start = start_actor(actor_spec(1, cpus(1), -1));
  const ProcessId worker = node.begin(start);  // its constructor still runs
  node.say(worker, ActorLeaves{start.spec.actor, "serve.py exited with status 3", true, 3});
  node.expect_kill(worker);
  CHECK(node.mail.expect<WorkerDied>(kHead).cause == "serve.py exited with status 3");
  const ActorEnded ended = node.mail.expect<ActorEnded>(kHead);
  CHECK(ended.restartable);
  CHECK(ended.error.kind == ErrorKind::kActorDied);
  CHECK(ended.error.message == "serve.py exited with status 3");
  CHECK(ended.error.status == 3);
  node.exit(worker, "killed by signal 15");
  node.expect_nothing_else();
  CHECK(node.free_cpu() == Fixed::whole(4));
}

TEST_CASE("an actor whose command ended with status 0 is no death to report") {
  ActorNode node;
  const StartActor start = start_actor(actor_spec(1, cpus(1), -1));
  const ProcessId worker = node.run(start);
  node.say(worker, ActorLeaves{start.spec.actor, "true exited with status 0", false, 0});
  node.expect_kill(worker);
  const ActorEnded ended = node.mail.expect<ActorEnded>(kHead);
  CHECK_FALSE(ended.restartable);
  CHECK(ended.error.status == 0);
  node.expect_nothing_else();
}

TEST_CASE("ACTORS-5: a detached actor stays when its job ends, the others of the job do not") {
  ActorNode node;
  ActorSpec kept = actor_spec(1, cpus(1));
  kept.detached = true;
  const ProcessId stays = node.run(start_actor(kept));
  const ProcessId goes = node.run(start_actor(actor_spec(2, cpus(1))));
  node.say(kHead, EndJob{kDriver, "its driver has ended"});
  node.expect_kill(goes);
  node.mail.expect<ActorEnded>(kHead);
  node.expect_nothing_else();
  node.exit(goes, "killed by signal 15");
  CHECK(node.free_cpu() == Fixed::whole(3));
  // What it asks for is started as ever.
  node.say(stays, lease_request(1, cpus(1), 1, 0, kDriver));
  node.ready(node.expect_start().worker);
  node.mail.expect<LeaseGrant>(stays);
  node.expect_nothing_else();
}

TEST_CASE("a failed program fails the actor that waited for it, once and for all") {
  ActorNode node;
  node.say(kHead, start_actor(actor_spec(1, cpus(1), -1)));
  node.mail.expect<GetJob>(kHead);
  node.say(kHead, JobReply{true, job_info()});
  node.finds.clear();
  node.program("", "no such file");
  node.mail.expect<GetProgram>(kDriver);
  node.program("", "the disk is full");
  const ActorEnded ended = node.mail.expect<ActorEnded>(kHead);
  CHECK_FALSE(ended.restartable);
  CHECK(ended.error.message == "the disk is full");
  CHECK(ended.error.function == "Counter");
  node.expect_nothing_else();
  CHECK(node.node.ledger().outstanding() == 0);
}

// ---------------------------------------------------------------------- actors

TEST_CASE("an actor is given a worker, told to become it, and its start is told to the head") {
  ActorNode node;
  const StartActor start = start_actor(actor_spec(1, gpus(1)), 3, 55);
  node.say(kHead, start);
  node.settle();
  const StartWorker worker = node.expect_start();
  CHECK(worker.gpus == std::vector<int>{0});
  node.ready(worker.worker);
  node.mail.expect<InitActor>(worker.worker);
  node.expect_nothing_else();
  node.say(worker.worker, InitActorDone{start.spec.actor, {}});
  CHECK(node.mail.expect<ActorStarted>(kHead).incarnation == 3);
  node.expect_nothing_else();
}

TEST_CASE("an actor takes over an idle worker of its kind, and its output has the actor's name") {
  ActorNode node;
  const LeaseGrant grant = node.lease(1, cpus(1));
  node.say(kDriver, LeaseReturn{grant.lease, false});
  const ActorSpec spec = actor_spec(1, cpus(1));
  node.say(kHead, start_actor(spec));
  node.mail.expect<InitActor>(grant.worker.process);
  REQUIRE(node.names.size() == 1);
  CHECK(node.names[0].worker == grant.worker.process);
  CHECK(node.names[0].actor == spec.actor);
  node.names.clear();
  node.expect_nothing_else();
}

TEST_CASE("an actor for which there is no room is answered busy, and nothing is taken") {
  ActorNode node;
  node.say(kHead, start_actor(actor_spec(1, cpus(5))));
  const ActorEnded ended = node.mail.expect<ActorEnded>(kHead);
  CHECK(ended.busy);
  node.expect_nothing_else();
  CHECK(node.node.ledger().outstanding() == 0);
}

TEST_CASE("a constructor that threw ends the actor for good, with the user's error") {
  ActorNode node;
  const StartActor start = start_actor(actor_spec(1, cpus(1), -1));
  const ProcessId worker = node.begin(start);
  node.say(worker, InitActorDone{start.spec.actor, error_info(ErrorKind::kTaskFailed, "no such file")});
  node.expect_kill(worker);
  const ActorEnded ended = node.mail.expect<ActorEnded>(kHead);
  CHECK_FALSE(ended.restartable);
  CHECK(ended.error.message == "no such file");
  node.expect_nothing_else();
  node.exit(worker, "killed by signal 9");
  node.expect_nothing_else();
  CHECK(node.free_cpu() == Fixed::whole(4));
}

TEST_CASE("NODE-4: an actor whose process ended is told to the head at once, with the cause") {
  ActorNode node;
  const ProcessId worker = node.run(start_actor(actor_spec(1, cpus(1))));
  node.exit(worker, "killed by signal 9");
  const ActorEnded ended = node.mail.expect<ActorEnded>(kHead);
  CHECK(ended.restartable);
  CHECK_FALSE(ended.busy);
  CHECK(ended.error.message == "its process 4711 on n0 killed by signal 9");
  CHECK(ended.error.node == "n0");
  CHECK(ended.error.pid == 4711);
  CHECK(node.mail.expect<WorkerDied>(kHead).doing == "actor Counter");
  node.expect_nothing_else();
  CHECK(node.free_cpu() == Fixed::whole(4));
}

TEST_CASE("an actor that is stopped ends, its process is killed, and its room is free then") {
  ActorNode node;
  const StartActor start = start_actor(actor_spec(1, cpus(1)), 2);
  const ProcessId worker = node.run(start);
  node.say(kHead, StopActor{start.spec.actor, 1, "old news"});  // ACTORS-3
  node.expect_nothing_else();
  node.say(kHead, StopActor{start.spec.actor, 2, "it was killed by its user"});
  node.expect_kill(worker);
  CHECK_FALSE(node.mail.expect<ActorEnded>(kHead).restartable);
  CHECK(node.free_cpu() == Fixed::whole(3));
  node.exit(worker, "killed by signal 9");
  node.expect_nothing_else();
  CHECK(node.free_cpu() == Fixed::whole(4));
}

TEST_CASE("NODE-5: repeating a start is harmless at any time") {
  ActorNode node;
  const StartActor start = start_actor(actor_spec(1, cpus(1)));
  node.say(kHead, start);
  node.settle();
  node.say(kHead, start);  // while its worker starts
  const ProcessId worker = node.expect_start().worker;
  node.ready(worker);
  node.mail.expect<InitActor>(worker);
  node.say(kHead, start);  // while it is constructed
  node.say(worker, InitActorDone{start.spec.actor, {}});
  node.mail.expect<ActorStarted>(kHead);
  node.say(kHead, start);  // while it runs: the answer was lost
  node.mail.expect<ActorStarted>(kHead);
  node.exit(worker, "killed by signal 9");
  node.mail.expect<ActorEnded>(kHead);
  node.mail.expect<WorkerDied>(kHead);
  node.say(kHead, start);  // when it has ended
  node.expect_nothing_else();
  CHECK(node.free_cpu() == Fixed::whole(4));
}

TEST_CASE("NODE-5: a later incarnation ends the one before it") {
  ActorNode node;
  const ProcessId old = node.run(start_actor(actor_spec(1, cpus(1)), 1));
  node.say(kHead, start_actor(actor_spec(1, cpus(1)), 2));
  node.expect_kill(old);
  CHECK(node.mail.expect<ActorEnded>(kHead).incarnation == 1);
  const ProcessId next = node.expect_start().worker;
  node.ready(next);
  node.mail.expect<InitActor>(next);
  node.say(kHead, start_actor(actor_spec(1, cpus(1)), 1));
  node.expect_nothing_else();
}

TEST_CASE("a worker cannot speak for another's actor") {
  ActorNode node;
  const StartActor start = start_actor(actor_spec(1, cpus(1)));
  node.begin(start);
  node.say(kOwner, InitActorDone{start.spec.actor, {}});
  node.expect_nothing_else();
}

TEST_CASE("the end of a job ends its actors") {
  ActorNode node;
  const ProcessId worker = node.run(start_actor(actor_spec(1, cpus(1), -1)));
  node.say(kHead, EndJob{kDriver, "its driver has ended"});
  node.expect_kill(worker);
  CHECK_FALSE(node.mail.expect<ActorEnded>(kHead).restartable);
  node.exit(worker, "killed by signal 9");
  node.expect_nothing_else();
  CHECK(node.free_cpu() == Fixed::whole(4));
}

}  // namespace Atoll
