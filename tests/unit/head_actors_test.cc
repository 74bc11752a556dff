#include "tests/support/head_fixture.h"

// What the head does with actors.
namespace Atoll {
namespace {

using namespace testing;

constexpr ProcessId kWatcher{0x300};
constexpr ProcessId kWorker{0x2000};

// A ready cluster and the steps of an actor's life.
struct ActorHead : ReadyHead {
  using ReadyHead::ReadyHead;

  // Creates it and returns what node `rank` was asked to start.
  StartActor create(const ActorSpec& spec, std::uint32_t rank) {
    say(kDriver, create_actor(spec));
    return expect_start(rank);
  }
  StartActor expect_start(std::uint32_t rank) {
    StartActor start = mail.expect<StartActor>(daemon_of(rank));
    const ActorUpdate update = mail.expect<ActorUpdate>(kDriver);
    CHECK(update.state == ActorState::kStarting);
    CHECK(update.incarnation == start.incarnation);
    return start;
  }
  void started(const StartActor& start, std::uint32_t rank) {
    say(daemon_of(rank), ActorStarted{start.spec.actor, start.incarnation, contact_of(kWorker, NodeId(rank))});
    report(rank, 4, {start.reservation});
  }
  void ended(const StartActor& start, std::uint32_t rank, bool restartable, const std::string& why, bool busy = false) {
    say(daemon_of(rank), ActorEnded{start.spec.actor, start.incarnation, busy, restartable,
                                    error_info(ErrorKind::kActorDied, why)});
  }
  ActorUpdate update(ProcessId to, ActorState state) {
    ActorUpdate told = mail.expect<ActorUpdate>(to);
    CHECK(told.state == state);
    return told;
  }
};

}  // namespace

TEST_CASE("an actor is placed, started, and its creator told where it is") {
  ActorHead head(2, 4);
  const StartActor start = head.create(actor_spec(1, cpus(1)), 0);
  CHECK(start.incarnation == 1);
  head.mail.expect_nothing_else();
  head.started(start, 0);
  CHECK(head.update(kDriver, ActorState::kAlive).worker == contact_of(kWorker, NodeId(0)));
  head.mail.expect_nothing_else();
  head.started(start, 0);  // repeated: no news
  head.mail.expect_nothing_else();
}

TEST_CASE("actors without devices are spread, those with devices are packed") {
  ActorHead head(2, 4, 4);
  head.create(actor_spec(1, cpus(1)), 0);
  head.create(actor_spec(2, cpus(1)), 1);
  head.create(actor_spec(3, gpus(1)), 0);
  head.create(actor_spec(4, gpus(1)), 0);
  head.mail.expect_nothing_else();
}

TEST_CASE("an actor that does not fit waits and is placed when there is room") {
  ActorHead head(1, 4);
  const StartActor first = head.create(actor_spec(1, cpus(4)), 0);
  head.say(kDriver, create_actor(actor_spec(2, cpus(2))));
  head.mail.expect_nothing_else();
  head.ended(first, 0, false, "it ended");
  head.update(kDriver, ActorState::kDead);
  head.mail.expect_nothing_else();
  head.report(0, 4, {first.reservation});
  head.expect_start(0);
  head.mail.expect_nothing_else();
}

TEST_CASE("HEAD-4: an actor that can never fit is dead at once, with counts") {
  ActorHead head(3, 4);
  head.say(kDriver, create_actor(actor_spec(1, gpus(1))));
  const ActorUpdate update = head.update(kDriver, ActorState::kDead);
  REQUIRE(update.error);
  CHECK(update.error->kind == ErrorKind::kInfeasible);
  CHECK(update.error->message == "needs 1 gpu on one node; 3 nodes have no gpu");
  head.mail.expect_nothing_else();
}

TEST_CASE("ACTORS-1: a name belongs to one living actor, and is free when it is dead") {
  ActorHead head(1, 4);
  const StartActor first = head.create(actor_spec(1, cpus(1), 0, "store"), 0);
  head.say(kDriver, create_actor(actor_spec(2, cpus(1), 0, "store")));
  const ActorUpdate refused = head.update(kDriver, ActorState::kDead);
  CHECK(refused.error->message.find("'store'") != std::string::npos);
  head.say(kWatcher, WatchActor{{}, "store"});
  CHECK(head.mail.expect<ActorUpdate>(kWatcher).actor == first.spec.actor);
  head.ended(first, 0, false, "it ended");
  head.update(kDriver, ActorState::kDead);
  head.update(kWatcher, ActorState::kDead);
  head.create(actor_spec(3, cpus(1), 0, "store"), 0);
  head.mail.expect_nothing_else();
}

TEST_CASE("ACTORS-6: who has a handle may ask for the actor before its creator's word is here") {
  using std::chrono::milliseconds;
  ActorHead head(1, 4);
  head.attach();
  head.say(kWatcher, WatchActor{{kDriver, 3}, ""});
  head.mail.expect_nothing_else();
  const StartActor start = head.create(actor_spec(3, cpus(1), 0, ""), 0);
  head.update(kWatcher, ActorState::kPending);
  head.update(kWatcher, ActorState::kStarting);
  head.started(start, 0);
  head.update(kWatcher, ActorState::kAlive);
  head.update(kDriver, ActorState::kAlive);
  head.mail.expect_nothing_else();
  head.say(kWatcher, WatchActor{{kDriver, 77}, ""});
  head.pass(kEarlyLimit - milliseconds(600), {0});
  head.mail.expect_nothing_else();
  head.pass(milliseconds(1200), {0});
  CHECK(head.update(kWatcher, ActorState::kDead).error->message == "the head knows no such actor (any more)");
  head.say(kWatcher, WatchActor{{kDriver, 78}, ""});
  head.lose(kDriver);
  CHECK(head.update(kWatcher, ActorState::kDead).actor.sequence == 3);
  CHECK(head.update(kWatcher, ActorState::kDead).actor.sequence == 78);
}

TEST_CASE("a name that nobody has, and an actor that nobody knows, are answered") {
  ActorHead head(1, 4);
  head.say(kWatcher, WatchActor{{}, "store"});
  CHECK(head.mail.expect<NoSuchActor>(kWatcher).name == "store");
  head.say(kWatcher, WatchActor{{ProcessId(0xdead), 77}, ""});  // its creator is gone
  CHECK(head.update(kWatcher, ActorState::kDead).error->message == "the head knows no such actor (any more)");
  head.mail.expect_nothing_else();
}

TEST_CASE("creating the same actor twice tells its state and starts nothing") {
  ActorHead head(1, 4);
  head.create(actor_spec(1, cpus(1)), 0);
  head.say(kDriver, create_actor(actor_spec(1, cpus(1))));
  head.update(kDriver, ActorState::kStarting);
  head.mail.expect_nothing_else();
}

TEST_CASE("ACTORS-2: an actor whose process ended is restarted as often as its options say") {
  ActorHead head(1, 4);
  const StartActor first = head.create(actor_spec(1, cpus(1), 1), 0);
  head.say(kWatcher, WatchActor{first.spec.actor, ""});
  head.update(kWatcher, ActorState::kStarting);
  head.started(first, 0);
  head.update(kDriver, ActorState::kAlive);
  head.update(kWatcher, ActorState::kAlive);
  head.ended(first, 0, true, "killed by signal 9");
  CHECK(head.update(kDriver, ActorState::kRestarting).error->message == "killed by signal 9");
  head.update(kWatcher, ActorState::kRestarting);
  head.update(kWatcher, ActorState::kStarting);
  const StartActor second = head.expect_start(0);
  CHECK(second.incarnation == 2);
  head.mail.expect_nothing_else();
  head.ended(first, 0, true, "old news");  // ACTORS-3
  head.mail.expect_nothing_else();
  head.ended(second, 0, true, "killed by signal 11");
  CHECK(head.update(kDriver, ActorState::kDead).error->message == "killed by signal 11");
  head.update(kWatcher, ActorState::kDead);
  head.mail.expect_nothing_else();
}

TEST_CASE("an actor whose constructor threw is dead, whatever its restarts") {
  ActorHead head(1, 4);
  const StartActor start = head.create(actor_spec(1, cpus(1), -1), 0);
  head.ended(start, 0, false, "no such file");
  CHECK(head.update(kDriver, ActorState::kDead).error->message == "no such file");
  head.mail.expect_nothing_else();
}

TEST_CASE("ACTORS-2: an actor that found its node busy waits again, is placed anew, and that is told") {
  ActorHead head(1, 4);
  const StartActor first = head.create(actor_spec(1, cpus(1)), 0);
  head.ended(first, 0, true, "no room", /*busy=*/true);
  head.update(kDriver, ActorState::kPending);
  head.mail.expect_nothing_else();
  head.report(0, 0, {first.reservation});
  head.mail.expect_nothing_else();
  head.report(0, 4);
  CHECK(head.expect_start(0).incarnation == 2);
  head.mail.expect_nothing_else();
}

TEST_CASE("an actor restarts on another node when its node is lost") {
  ActorHead head(2, 4);
  const StartActor first = head.create(actor_spec(1, cpus(1), 1), 0);
  head.started(first, 0);
  head.update(kDriver, ActorState::kAlive);
  head.lose(daemon_of(0), "connection reset");
  head.mail.expect<Expelled>(daemon_of(0));
  const ActorUpdate told = head.update(kDriver, ActorState::kRestarting);
  CHECK(told.error->node == "n0");
  CHECK(told.error->message == "its node n0 died: its daemon is gone: connection reset");
  const StartActor second = head.expect_start(1);
  head.mail.expect_nothing_else();
  head.started(second, 1);
  head.update(kDriver, ActorState::kAlive);
  head.lose(daemon_of(1), "connection reset");
  head.mail.expect<Expelled>(daemon_of(1));
  head.update(kDriver, ActorState::kDead);
  head.mail.expect_nothing_else();
}

TEST_CASE("a killed actor is stopped on its node and stays dead") {
  ActorHead head(1, 4);
  const StartActor start = head.create(actor_spec(1, cpus(1), -1), 0);
  head.started(start, 0);
  head.update(kDriver, ActorState::kAlive);
  head.say(kWatcher, KillActor{start.spec.actor});
  CHECK(head.mail.expect<StopActor>(daemon_of(0)).incarnation == 1);
  CHECK(head.update(kDriver, ActorState::kDead).error->message == "it was killed by its user");
  head.ended(start, 0, false, "stopped");
  head.say(kWatcher, KillActor{start.spec.actor});
  head.mail.expect_nothing_else();
}

TEST_CASE("a start of an actor that nobody wants any more is stopped") {
  ActorHead head(1, 4);
  const StartActor start = head.create(actor_spec(1, cpus(1)), 0);
  head.say(kDriver, KillActor{start.spec.actor});
  head.mail.expect<StopActor>(daemon_of(0));
  head.update(kDriver, ActorState::kDead);
  head.started(start, 0);
  head.mail.expect<StopActor>(daemon_of(0));
  head.mail.expect_nothing_else();
}

TEST_CASE("a pending actor that is killed takes no room") {
  ActorHead head(1, 4);
  const StartActor first = head.create(actor_spec(1, cpus(4)), 0);
  head.say(kDriver, create_actor(actor_spec(2, cpus(4))));
  head.say(kDriver, KillActor{{kDriver, 2}});
  head.update(kDriver, ActorState::kDead);
  head.report(0, 4, {first.reservation});
  head.mail.expect_nothing_else();
}

TEST_CASE("actors end with their creator and with their job") {
  ActorHead head(1, 4);
  constexpr ProcessId kCreator{0x900};
  head.attach();
  ActorSpec inner = actor_spec(1, cpus(1), -1, "", kCreator);
  inner.job = kDriver;
  head.say(kCreator, create_actor(inner, kCreator));
  head.mail.expect<StartActor>(daemon_of(0));
  head.mail.expect<ActorUpdate>(kCreator);
  const StartActor outer = head.create(actor_spec(1, cpus(1)), 0);
  head.lose(kCreator, "connection reset");
  const StopActor stop = head.mail.expect<StopActor>(daemon_of(0));
  CHECK(stop.actor == inner.actor);
  CHECK(stop.why == "its owner is gone: connection reset");
  head.mail.expect<ActorUpdate>(kCreator);
  head.mail.expect_nothing_else();
  head.say(kDriver, Detach{kDriver});
  CHECK(head.mail.expect<StopActor>(daemon_of(0)).actor == outer.spec.actor);
  head.update(kDriver, ActorState::kDead);
  head.mail.expect<EndJob>(daemon_of(0));
  head.mail.expect_nothing_else();
}

TEST_CASE("ACTORS-5: a detached actor outlives its creator and its job, and is restarted with the job's program") {
  ActorHead head(1, 4);
  head.attach();
  ActorSpec spec = actor_spec(1, cpus(1), 1, "kept");
  spec.name_space = "shop";
  spec.detached = true;
  const StartActor start = head.create(spec, 0);
  head.started(start, 0);
  head.update(kDriver, ActorState::kAlive);
  head.say(kDriver, Detach{kDriver});
  head.mail.expect<EndJob>(daemon_of(0));
  head.lose(kDriver);
  head.mail.expect_nothing_else();
  head.say(kWatcher, WatchActor{{}, "kept", "shop"});
  head.update(kWatcher, ActorState::kAlive);
  head.ended(start, 0, /*restartable=*/true, "killed by signal 9");
  head.update(kWatcher, ActorState::kRestarting);
  const StartActor again = head.mail.expect<StartActor>(daemon_of(0));
  head.update(kWatcher, ActorState::kStarting);
  head.say(daemon_of(0), GetJob{kDriver});
  CHECK(head.mail.expect<JobReply>(daemon_of(0)).found);
  head.ended(again, 0, /*restartable=*/true, "killed by signal 9");
  head.update(kWatcher, ActorState::kDead);
  head.say(daemon_of(0), GetJob{kDriver});
  CHECK_FALSE(head.mail.expect<JobReply>(daemon_of(0)).found);
  head.mail.expect_nothing_else();
}

TEST_CASE("ACTORS-1: a name is one actor's in its name space, and free in others") {
  ActorHead head(1, 4);
  ActorSpec first = actor_spec(1, cpus(1), 0, "hits"), second = actor_spec(2, cpus(1), 0, "hits");
  first.name_space = "here";
  second.name_space = "there";
  head.create(first, 0);
  head.create(second, 0);
  head.say(kWatcher, WatchActor{{}, "hits", "there"});
  CHECK(head.update(kWatcher, ActorState::kStarting).actor == second.actor);
  head.say(kWatcher, WatchActor{{}, "hits", "nowhere"});
  CHECK(head.mail.expect<NoSuchActor>(kWatcher).name_space == "nowhere");
}

TEST_CASE("an actor that is asked for if it exists is the one that has the name, or a new one that waits for room") {
  ActorHead head(1, 1);
  const StartActor start = head.create(actor_spec(1, cpus(1), 0, "hits"), 0);
  CreateActor request = create_actor(actor_spec(2, cpus(1), 0, "hits"));
  request.get_if_exists = true;
  head.say(kDriver, request);
  const ActorUpdate known = head.update(kDriver, ActorState::kStarting);
  CHECK(known.actor == start.spec.actor);
  CHECK(known.instead_of == request.spec.actor);
  request = create_actor(actor_spec(3, cpus(1), 0, "misses"));
  request.get_if_exists = true;
  head.say(kDriver, request);
  const ActorUpdate fresh = head.update(kDriver, ActorState::kPending);
  CHECK(fresh.actor == request.spec.actor);
  CHECK(fresh.instead_of.is_none());
  head.mail.expect_nothing_else();
}

TEST_CASE("an actor that is killed to be restarted comes back once for it, whatever its daemon says of the old one") {
  ActorHead head(1, 1);
  const StartActor start = head.create(actor_spec(1, cpus(1), 1), 0);
  head.started(start, 0);
  head.update(kDriver, ActorState::kAlive);
  head.report(0, 0);
  head.say(kDriver, KillActor{start.spec.actor, /*restart=*/true});
  head.mail.expect<StopActor>(daemon_of(0));
  head.update(kDriver, ActorState::kRestarting);
  head.ended(start, 0, /*restartable=*/false, "it was killed by its user");
  head.mail.expect_nothing_else();
  head.report(0, 1);
  CHECK(head.expect_start(0).incarnation == 2);
  head.mail.expect_nothing_else();
}

TEST_CASE("ACTORS-4: of the dead the latest are remembered, and what only the living need is not") {
  ActorHead head(1, 4);
  for (std::uint64_t i = 1; i <= kKeptDead + 10; ++i) {
    ActorSpec spec = actor_spec(i, cpus(100));
    spec.arguments = {std::string(100'000, 'x')};
    head.say(kDriver, create_actor(spec));
    CHECK(head.update(kDriver, ActorState::kDead).error->kind == ErrorKind::kInfeasible);
  }
  CHECK(head.head.actors().all().size() == kKeptDead);
  CHECK(head.head.actors().all().begin()->first.sequence == 11);
  CHECK(head.head.actors().all().begin()->second.spec.arguments.empty());
}

TEST_CASE("a watcher that is gone is told nothing any more") {
  ActorHead head(1, 4);
  const StartActor start = head.create(actor_spec(1, cpus(1)), 0);
  head.say(kWatcher, WatchActor{start.spec.actor, ""});
  head.update(kWatcher, ActorState::kStarting);
  head.lose(kWatcher);
  head.started(start, 0);
  head.update(kDriver, ActorState::kAlive);
  head.mail.expect_nothing_else();
}

TEST_CASE("a start that was not answered is asked for again, the same one") {
  ActorHead head(1, 4);
  const StartActor start = head.create(actor_spec(1, cpus(1)), 0);
  head.pass(std::chrono::milliseconds(2600), {0});
  const StartActor again = head.mail.expect<StartActor>(daemon_of(0));
  CHECK(again.incarnation == start.incarnation);
  CHECK(again.reservation == start.reservation);
  head.mail.expect_nothing_else();
}

TEST_CASE("an actor whose start finds its node dying is not asked of the dead") {
  ActorHead head(2, 4);
  head.create(actor_spec(1, cpus(1), 1), 0);
  head.lose(daemon_of(0));
  head.mail.expect<Expelled>(daemon_of(0));
  head.update(kDriver, ActorState::kRestarting);
  head.expect_start(1);
  head.pass(std::chrono::milliseconds(2600), {1});
  head.mail.expect<StartActor>(daemon_of(1));
  head.mail.expect_nothing_else();
}

}  // namespace Atoll
