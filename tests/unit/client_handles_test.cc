#include "tests/support/client_fixture.h"

// Handles to actors, counted wherever they are; and what a worker owns that others need.
namespace Atoll {
namespace {

using namespace testing;

const Contact kCreator = contact_of(ProcessId(0x301), NodeId(3)), kThird = contact_of(ProcessId(0x302), NodeId(4));
const Contact kWorker = contact_of(ProcessId(0xa001), NodeId(1));

struct Holder : Client {
  // An actor of ours, or of another's that we have got a handle to.
  void create(ActorId actor, std::int32_t max_restarts = 0) {
    ActorSpec spec = actor_spec(actor.sequence, cpus(1), max_restarts);
    core.create_actor(spec, {}, out);
    core.count_handles(actor);
    take();
    mail.expect<CreateActor>(kHead);
    update(actor, ActorState::kAlive);
  }
  void adopt(ActorId actor) {
    core.adopt(handles_of(actor), kCreator, /*tell=*/true, out);
    take();
    say(kCreator.process, ObjectsBorrowed{mail.expect<BorrowObjects>(kCreator.process).request});
  }
  void update(ActorId actor, ActorState state, std::uint32_t incarnation = 1) {
    ActorUpdate told{actor, "", state, incarnation, {}, {}};
    if (state == ActorState::kAlive) told.worker = kWorker;
    if (state != ActorState::kAlive) told.error = error_info(ErrorKind::kActorDied, "killed by signal 9");
    say(kHead, told);
  }
  void drop(ActorId actor) {
    core.drop(now, handles_of(actor), out);
    take();
  }
  void lend(ActorId actor, const Contact& to) {
    say(to.process, BorrowObjects{1, to.node, {handles_of(actor)}, false});
    mail.expect<ObjectsBorrowed>(to.process);
  }
  CallActor expect_call() { return mail.expect<CallActor>(kWorker.process); }
  bool is_needed() {
    say(kHome.process, IsNeeded{7});
    const auto reply = mail.expect<NeedReply>(kHome.process);
    CHECK(reply.question == 7);
    return reply.needed;
  }
  const ActorId ours{kDriver, 1'000}, theirs{kCreator.process, 5};
};

}  // namespace

TEST_CASE("HANDLES-1: an actor whose last handle is gone is told to leave, a while later") {
  Holder creator;
  creator.create(creator.ours);
  creator.drop(creator.ours);
  creator.pass(kReleaseDelay / 2);
  creator.expect_nothing_else();
  creator.pass(kReleaseDelay);
  const CallActor last = creator.expect_call();
  CHECK(last.method == kLeave);
  creator.done(kWorker.process, last.task, "");
  creator.update(creator.ours, ActorState::kDead);
  creator.expect_nothing_else();
  CHECK(creator.core.objects().size() == 0);
  CHECK_FALSE(creator.core.actors().is_busy());
}

TEST_CASE("HANDLES-1: not while another process has one, or a value has one inside") {
  Holder creator;
  creator.create(creator.ours);
  creator.lend(creator.ours, kThird);
  const ObjectId value{kDriver, ++creator.sequence};
  creator.core.put(creator.now, value, std::make_shared<const std::string>("x"), creator.out,
                   {{handles_of(creator.ours), contact_of(kDriver)}});
  creator.take();
  creator.completions.clear();
  creator.drop(creator.ours);
  creator.say(kThird.process, ReturnObjects{{handles_of(creator.ours)}});
  creator.pass(std::chrono::seconds(60));
  creator.expect_nothing_else();
  SUBCASE("until that is gone") {
    creator.core.drop(creator.now, value, creator.out);
    creator.pass(Duration(0));
    creator.pass(kReleaseDelay);
    CHECK(creator.expect_call().method == kLeave);
  }
  SUBCASE("or a third has got it, and is killed") {
    creator.lend(creator.ours, kThird);
    creator.core.drop(creator.now, value, creator.out);
    creator.lose(kThird.process);
    creator.mail.expect<RecountRefs>(kThird.process);
    creator.pass(kReleaseDelay * 2);
    creator.expect_nothing_else();
    creator.lose(kThird.process);
    creator.pass(kReleaseDelay * 2);
    CHECK(creator.expect_call().method == kLeave);
  }
}

TEST_CASE("HANDLES-2: another's actor has a handle of who waits for a call to it, however many there are") {
  Holder borrower;
  borrower.adopt(borrower.theirs);
  borrower.update(borrower.theirs, ActorState::kAlive);
  const TaskId first = borrower.call(borrower.theirs), second = borrower.call(borrower.theirs);
  borrower.mail.drop_all();
  borrower.drop(borrower.theirs);
  borrower.done(kWorker.process, first);
  borrower.expect_completion(first);
  borrower.expect_nothing_else();
  borrower.done(kWorker.process, second);
  borrower.expect_completion(second);
  CHECK(borrower.mail.expect<ReturnObjects>(kCreator.process).objects == std::vector<ObjectId>{handles_of(borrower.theirs)});
  borrower.expect_nothing_else();
}

TEST_CASE("HANDLES-2: the calls of who has a handle by name only count for nothing") {
  Holder borrower;
  borrower.update(borrower.theirs, ActorState::kAlive);
  const TaskId call = borrower.call(borrower.theirs);
  CHECK(borrower.core.borrows().size() == 0);
  borrower.expect_call();
  borrower.done(kWorker.process, call);
  borrower.expect_completion(call);
  borrower.expect_nothing_else();
}

TEST_CASE("HANDLES-3: the last call waits for those before it, and is sent again to an actor that is restarted") {
  Holder creator;
  creator.create(creator.ours, /*max_restarts=*/-1);
  const TaskId before = creator.call(creator.ours);
  CHECK(creator.expect_call().task == before);
  creator.drop(creator.ours);
  creator.pass(kReleaseDelay * 2);
  creator.expect_nothing_else();
  creator.done(kWorker.process, before);
  creator.expect_completion(before);
  CHECK(creator.expect_call().method == kLeave);
  creator.update(creator.ours, ActorState::kRestarting);
  creator.expect_nothing_else();
  creator.update(creator.ours, ActorState::kAlive, 2);
  CHECK(creator.expect_call().method == kLeave);
  creator.update(creator.ours, ActorState::kDead, 2);
  creator.expect_nothing_else();
  CHECK_FALSE(creator.core.actors().is_busy());
}

TEST_CASE("HANDLES-3: an actor that died before its handles is told nothing") {
  Holder creator;
  creator.create(creator.ours);
  creator.update(creator.ours, ActorState::kDead);
  creator.drop(creator.ours);
  creator.pass(kReleaseDelay * 2);
  creator.expect_nothing_else();
}

TEST_CASE("a handle that comes back to an actor's creator after the last is one to an actor that leaves") {
  Holder creator;
  creator.create(creator.ours);
  creator.drop(creator.ours);
  creator.core.adopt(handles_of(creator.ours), contact_of(kDriver), /*tell=*/true, creator.out);
  creator.take();
  creator.completions.clear();
  creator.pass(kReleaseDelay * 2);
  const CallActor last = creator.expect_call();
  creator.done(kWorker.process, last.task, "");
  creator.drop(creator.ours);
  creator.pass(kReleaseDelay * 2);
  creator.expect_nothing_else();
  CHECK(creator.core.objects().size() == 0);
}

TEST_CASE("NODE-11: a worker is needed while it owns what others may want, and not for what it borrows") {
  Holder worker;
  CHECK_FALSE(worker.is_needed());
  worker.adopt(worker.theirs);
  CHECK_FALSE(worker.is_needed());
  SUBCASE("a value") {
    const ObjectId value{kDriver, ++worker.sequence};
    worker.core.put(worker.now, value, std::make_shared<const std::string>("x"), worker.out);
    worker.take();
    CHECK(worker.is_needed());
    worker.core.drop(worker.now, value, worker.out);
  }
  SUBCASE("a task whose result nobody wants") {
    const TaskId task = worker.submit();
    worker.core.drop(worker.now, result_of(task), worker.out);
    CHECK(worker.is_needed());
    worker.done(worker.run().worker.process, task);
  }
  SUBCASE("an actor that others have handles to") {
    worker.create(worker.ours);
    worker.lend(worker.ours, kThird);
    worker.drop(worker.ours);
    CHECK(worker.is_needed());
    worker.say(kThird.process, ReturnObjects{{handles_of(worker.ours)}});
    CHECK(worker.is_needed());  // it is to be told to leave
    worker.pass(kReleaseDelay * 2);
    CHECK(worker.is_needed());
    worker.update(worker.ours, ActorState::kDead);
  }
  SUBCASE("a placement group") {
    GroupSpec spec;
    spec.group = {kDriver, ++worker.sequence};
    worker.core.create_group(spec, worker.out);
    CHECK(worker.is_needed());
    GroupUpdate gone;
    gone.group = spec.group;
    gone.state = GroupState::kRemoved;
    worker.say(kHead, gone);
  }
  SUBCASE("a reference that it passes on") {
    const TaskId task{kThird.process, 70};
    worker.core.end_call(kThird.process, TaskDone{task, "x", {}, 1}, {{handles_of(worker.theirs), kCreator}}, worker.out);
    worker.take();
    CHECK(worker.is_needed());
    worker.say(kThird.process, RefsTaken{{task, 0}, kThird.node, {}});
  }
  CHECK_FALSE(worker.is_needed());
}

}  // namespace Atoll
