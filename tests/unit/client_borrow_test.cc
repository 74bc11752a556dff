#include <atoll/codec.h>

#include <tuple>

#include "runtime/wire/location.h"
#include "tests/support/client_fixture.h"

// References to objects of other processes: what borrowers and owners say to each other.
namespace Atoll {
namespace {

using namespace testing;

const Contact kOwner = contact_of(ProcessId(0x301), NodeId(3)), kThird = contact_of(ProcessId(0x302), NodeId(4));
const ObjectId kTheirs{kOwner.process, 5}, kAlsoTheirs{kOwner.process, 6}, kThirds{kThird.process, 7};

struct Borrower : Client {
  void adopt(ObjectId id, const Contact& owner, bool tell = false) {
    core.adopt(id, owner, tell, out);
    take();
  }
  void drop(ObjectId id) {
    core.drop(now, id, out);
    take();
  }
  ObjectId put(const std::vector<InsideRef>& inside = {}, const std::string& value = "1") {
    const ObjectId id{kDriver, ++sequence};
    core.put(now, id, std::make_shared<const std::string>(value), out, inside);
    take();
    completions.clear();
    return id;
  }
  // A call for `caller` ends here.
  TaskId end(ProcessId caller, std::vector<InsideRef> inside = {}) {
    const TaskId task{caller, 70};
    core.end_call(caller, TaskDone{task, "x", {}, 1}, std::move(inside), out);
    take();
    return task;
  }
  void acknowledge(const Contact& owner) { say(owner.process, ObjectsBorrowed{mail.expect<BorrowObjects>(owner.process).request}); }
  void lend(ObjectId object, const Contact& to) {
    say(to.process, BorrowObjects{1, to.node, {object}, false});
    mail.expect<ObjectsBorrowed>(to.process);
  }
  bool has(ObjectId object) const { return core.objects().find(object) != nullptr; }
  bool is_clear() const {
    return core.objects().size() == 0 && core.borrows().size() == 0 && core.borrows().waiting() == 0 && core.passing().passed() == 0;
  }
};

InsideRef ref(ObjectId object, const Contact& owner) { return {object, owner}; }

}  // namespace

TEST_CASE("BORROW-7: a call that kept nothing ends with a TaskDone and nothing else") {
  Borrower worker;
  worker.end(kOwner.process);
  worker.mail.expect<TaskDone>(kOwner.process);
  worker.adopt(kTheirs, kOwner);
  worker.drop(kTheirs);
  worker.end(kOwner.process);
  worker.mail.expect<TaskDone>(kOwner.process);
  worker.expect_nothing_else();
  CHECK(worker.is_clear());
}

TEST_CASE("BORROW-2: what a call keeps of its caller's objects is said with its end") {
  Borrower worker;
  worker.adopt(kTheirs, kOwner);
  const TaskId task = worker.end(kOwner.process);
  const auto done = worker.mail.expect<DoneWithRefs>(kOwner.process);
  CHECK(done.done.task == task);
  CHECK(done.kept == std::vector<ObjectId>{kTheirs});
  worker.expect_nothing_else();
  worker.end(kOwner.process);
  worker.mail.expect<TaskDone>(kOwner.process);  // it is known
  worker.drop(kTheirs);
  CHECK(worker.mail.expect<ReturnObjects>(kOwner.process).objects == std::vector<ObjectId>{kTheirs});
  worker.expect_nothing_else();
  CHECK(worker.is_clear());
}

TEST_CASE("BORROW-2: the end of a call that keeps a third's object waits until that knows") {
  Borrower worker;
  worker.adopt(kThirds, kThird);
  worker.adopt(kTheirs, kOwner);
  worker.end(kOwner.process);
  const auto borrowed = worker.mail.expect<BorrowObjects>(kThird.process);
  CHECK(borrowed.objects == std::vector<ObjectId>{kThirds});
  CHECK_FALSE(borrowed.all);
  worker.expect_nothing_else();
  worker.drop(kTheirs);  // behind the word that says that it is kept
  worker.expect_nothing_else();
  worker.say(kThird.process, ObjectsBorrowed{borrowed.request});
  CHECK(worker.mail.expect<DoneWithRefs>(kOwner.process).kept == std::vector<ObjectId>{kTheirs});
  CHECK(worker.mail.expect<ReturnObjects>(kOwner.process).objects == std::vector<ObjectId>{kTheirs});
  worker.expect_nothing_else();
}

TEST_CASE("BORROW-3: what goes at one time goes back in one message, and what no call brought is told at once") {
  Borrower worker;
  worker.adopt(kTheirs, kOwner, /*tell=*/true);
  worker.acknowledge(kOwner);
  worker.adopt(kAlsoTheirs, kOwner, /*tell=*/true);
  worker.acknowledge(kOwner);
  worker.core.drop(worker.now, kTheirs, worker.out);
  worker.drop(kAlsoTheirs);
  CHECK(worker.mail.expect<ReturnObjects>(kOwner.process).objects == std::vector<ObjectId>{kTheirs, kAlsoTheirs});
  worker.expect_nothing_else();
}

TEST_CASE("handles that come and go in two threads are counted, whatever is heard first") {
  Borrower worker;
  worker.adopt(kTheirs, kOwner, /*tell=*/true);
  worker.acknowledge(kOwner);
  worker.adopt(kTheirs, kOwner);
  worker.drop(kTheirs);
  worker.expect_nothing_else();
  worker.drop(kTheirs);
  worker.mail.expect<ReturnObjects>(kOwner.process);
}

TEST_CASE("BORROW-1: an object outlives its owner's handles while somebody borrows it, and its copy with it") {
  Borrower owner;
  const ObjectId object = owner.put({}, encode_location({kHome, 7, 1'000'000}));
  owner.mail.expect<OwnCopies>(kHome.process);
  owner.lend(object, kThird);
  owner.lend(object, kOwner);
  CHECK(owner.core.objects().borrowers().borrowers_of(object) == std::vector{kOwner.process, kThird.process});
  owner.drop(object);
  owner.say(kThird.process, ReturnObjects{{object}});
  owner.say(kThird.process, ReturnObjects{{object}});  // not twice
  CHECK(owner.has(object));
  owner.expect_nothing_else();
  owner.say(kOwner.process, ReturnObjects{{object}});
  CHECK(owner.mail.expect<DropCopies>(kHome.process).copies == std::vector<std::uint64_t>{7});
  CHECK(owner.is_clear());
}

TEST_CASE("OBJECTS-5: a value keeps what is inside, of this process and of others, down a long chain") {
  Borrower owner;
  owner.adopt(kTheirs, kOwner, /*tell=*/true);
  owner.acknowledge(kOwner);
  ObjectId last = owner.put({ref(kTheirs, kOwner)});
  owner.drop(kTheirs);
  for (int i = 0; i < 100'000; ++i) {
    const ObjectId next = owner.put({ref(last, contact_of(kDriver))});
    owner.drop(last);
    last = next;
  }
  CHECK(owner.core.objects().size() == 100'002);
  owner.expect_nothing_else();
  owner.drop(last);
  owner.mail.expect<ReturnObjects>(kOwner.process);
  CHECK(owner.is_clear());
}

TEST_CASE("BORROW-4: who gets a result tells the owners of what is inside before the worker lets go") {
  Borrower caller;
  const ObjectId mine = caller.put();
  const TaskId task = caller.submit();
  const Contact worker = caller.run().worker;
  const ObjectId workers{worker.process, 9};
  caller.say(worker.process,
             DoneWithRefs{{task, "x", {}, 1}, {ref(mine, contact_of(kDriver)), ref(kThirds, kThird), ref(workers, worker)}, NodeId(0), {}});
  caller.expect_completion(task);
  caller.drop(mine);
  CHECK(caller.has(mine));
  CHECK(caller.mail.expect<BorrowObjects>(kThird.process).objects == std::vector<ObjectId>{kThirds});
  caller.expect_nothing_else();
  caller.say(kThird.process, ObjectsBorrowed{1});
  const auto taken = caller.mail.expect<RefsTaken>(worker.process);
  CHECK(taken.value == PassedValue{task, 0});
  CHECK(taken.kept == std::vector<ObjectId>{workers});
  caller.drop(result_of(task));
  caller.mail.expect<ReturnObjects>(kThird.process);
  caller.mail.expect<ReturnObjects>(worker.process);
  CHECK(caller.is_clear());
}

TEST_CASE("BORROW-4: of a result that nobody wants any more nothing is borrowed") {
  Borrower caller;
  const TaskId task = caller.submit();
  const Contact worker = caller.run().worker;
  caller.say(ProcessId(0x666), DoneWithRefs{{task, "x", {}, 1}, {ref(kThirds, kThird)}, NodeId(0), {}});  // not its worker
  caller.mail.expect<RefsTaken>(ProcessId(0x666));
  CHECK(caller.completions.empty());
  CHECK(caller.core.borrows().size() == 0);
  caller.drop(result_of(task));
  caller.say(worker.process, DoneWithRefs{{task, "x", {}, 1}, {ref(kThirds, kThird)}, NodeId(0), {}});
  caller.mail.expect<RefsTaken>(worker.process);
  caller.expect_completion(task);
  caller.expect_nothing_else();
  CHECK(caller.is_clear());
}

TEST_CASE("BORROW-4: a worker keeps what is inside a result until it is taken, and not the receiver's own") {
  Borrower worker;
  const ObjectId made = worker.put();
  const TaskId task = worker.end(kOwner.process, {ref(made, contact_of(kDriver)), ref(kTheirs, kOwner)});
  worker.drop(made);
  CHECK(worker.mail.expect<DoneWithRefs>(kOwner.process).inside.size() == 2);
  CHECK(worker.has(made));
  CHECK_FALSE(worker.has(kTheirs));
  worker.say(kOwner.process, RefsTaken{{task, 0}, kOwner.node, {made}});
  CHECK(worker.has(made));
  CHECK(worker.core.passing().passed() == 0);
  worker.say(kOwner.process, ReturnObjects{{made}});
  CHECK(worker.is_clear());
  worker.expect_nothing_else();
}

TEST_CASE("BORROW-4: who calls itself keeps its own objects inside a result until that has come") {
  Borrower self;
  const ObjectId made = self.put();
  const TaskId task = self.end(kDriver, {ref(made, contact_of(kDriver))});
  self.drop(made);
  CHECK(self.has(made));
  self.say(kDriver, self.mail.expect<DoneWithRefs>(kDriver));
  CHECK(self.mail.expect<RefsTaken>(kDriver).value == PassedValue{task, 0});
  self.say(kDriver, RefsTaken{{task, 0}, NodeId(0), {}});
  CHECK(self.is_clear());
  self.expect_nothing_else();
}

TEST_CASE("BORROW-4: so does who fills a stream, of each item") {
  Borrower worker;
  const ObjectId made = worker.put();
  const TaskId task{kOwner.process, 70};
  worker.core.send_item(kOwner.process, {task, 0, "x"}, {ref(made, contact_of(kDriver))}, worker.out);
  worker.core.send_item(kOwner.process, {task, 1, "x"}, {ref(made, contact_of(kDriver))}, worker.out);
  worker.drop(made);
  CHECK(worker.mail.expect<ItemWithRefs>(kOwner.process).item.index == 0);
  worker.mail.expect<ItemWithRefs>(kOwner.process);
  worker.say(kOwner.process, RefsTaken{{task, 1}, kOwner.node, {}});
  CHECK(worker.has(made));
  worker.say(kOwner.process, RefsTaken{{task, 2}, kOwner.node, {}});
  CHECK(worker.is_clear());
}

TEST_CASE("BORROW-4: what is inside an item is held for its reader; a second of the same is not") {
  Borrower caller;
  const TaskId task{kDriver, ++caller.sequence};
  TaskSpec spec{task, "f", {}, {cpus(1)}, 0};
  spec.ahead = 8;
  caller.core.submit(caller.now, spec, caller.out);
  caller.take();
  const Contact worker = caller.run().worker;
  const ItemWithRefs item{{task, 0, "x"}, {ref(kThirds, kThird)}};
  caller.core.on_message(caller.now, worker.process, item, caller.out);
  REQUIRE(caller.out.items.size() == 1);
  const std::vector<InsideRef> inside = caller.out.items[0].inside;
  CHECK(inside.size() == 1);
  caller.take();
  caller.acknowledge(kThird);
  CHECK(caller.mail.expect<RefsTaken>(worker.process).value == PassedValue{task, 1});
  caller.say(worker.process, item);
  caller.mail.expect<RefsTaken>(worker.process);
  caller.core.release(caller.now, inside, caller.out);
  caller.take();
  caller.mail.expect<ReturnObjects>(kThird.process);
  CHECK(caller.core.borrows().size() == 0);
}

TEST_CASE("a part of a split value keeps what it mentions, and no more") {
  Borrower caller;
  caller.adopt(kTheirs, kOwner, true);
  caller.adopt(kThirds, kThird, true);
  caller.mail.drop_all();
  const ObjectId whole = caller.put({ref(kTheirs, kOwner), ref(kThirds, kThird)});
  caller.drop(kTheirs);
  caller.drop(kThirds);
  const ObjectId part{kDriver, ++caller.sequence};
  caller.core.declare(part);
  const std::string value = internal::encode_value(std::make_tuple(static_cast<std::uint64_t>(kThird.process), kThirds.sequence, "owner"));
  caller.core.settle_part(caller.now, whole, part, std::make_shared<const std::string>(value), {}, caller.out);
  caller.drop(whole);
  CHECK_FALSE(caller.has(kTheirs));
  CHECK(caller.has(kThirds));
  caller.drop(part);
  CHECK_FALSE(caller.has(kThirds));
}

TEST_CASE("BORROW-5: an owner asks who was lost, and frees what it had when it is lost again or does not name it") {
  Borrower owner;
  const ObjectId first = owner.put(), second = owner.put();
  owner.lend(first, kThird);
  owner.lend(second, kThird);
  owner.drop(first);
  owner.drop(second);
  owner.lose(kThird.process);
  owner.mail.expect<RecountRefs>(kThird.process);
  owner.say(kThird.process, BorrowObjects{2, kThird.node, {first}, true});
  owner.mail.expect<ObjectsBorrowed>(kThird.process);
  CHECK(owner.has(first));
  CHECK_FALSE(owner.has(second));
  owner.lose(kThird.process);
  owner.mail.expect<RecountRefs>(kThird.process);
  CHECK(owner.has(first));
  owner.lose(kThird.process);
  owner.expect_nothing_else();
  CHECK(owner.is_clear());
}

TEST_CASE("BORROW-5: a borrower says all anew to an owner that was lost, and what waits for that goes on") {
  Borrower worker;
  worker.adopt(kTheirs, kOwner, true);
  worker.acknowledge(kOwner);
  worker.adopt(kAlsoTheirs, kOwner);
  worker.end(kThird.process);
  worker.mail.expect<BorrowObjects>(kOwner.process);
  worker.lose(kOwner.process);
  const auto again = worker.mail.expect<BorrowObjects>(kOwner.process);
  CHECK(again.all);
  CHECK(again.objects == std::vector<ObjectId>{kTheirs, kAlsoTheirs});
  worker.expect_nothing_else();
  SUBCASE("it answers") { worker.say(kOwner.process, ObjectsBorrowed{again.request}); }
  SUBCASE("it is gone") { worker.lose(kOwner.process); }
  SUBCASE("its node died") { worker.say(kHead, NodeDied{kOwner.node, daemon_of(3), "it is silent"}); }
  worker.mail.expect<TaskDone>(kThird.process);
  worker.mail.drop_all();
}

TEST_CASE("BORROW-5: a worker asks a lost receiver what it has taken, who answers for each") {
  Borrower worker;
  const ObjectId made = worker.put();
  const TaskId task = worker.end(kOwner.process, {ref(made, contact_of(kDriver))});
  worker.mail.expect<DoneWithRefs>(kOwner.process);
  worker.drop(made);
  worker.lose(kOwner.process);
  CHECK(worker.mail.expect<RecountRefs>(kOwner.process).passed == std::vector{PassedValue{task, 0}});
  CHECK(worker.has(made));
  SUBCASE("it never came") { worker.say(kOwner.process, RefsTaken{{task, 0}, kOwner.node, {}}); }
  SUBCASE("it is gone") { worker.lose(kOwner.process); }
  CHECK(worker.is_clear());

  Borrower receiver;
  receiver.say(kThird.process, RecountRefs{{{task, 0}}});
  CHECK(receiver.mail.expect<BorrowObjects>(kThird.process).all);
  receiver.say(kThird.process, ObjectsBorrowed{1});
  CHECK(receiver.mail.expect<RefsTaken>(kThird.process).value == PassedValue{task, 0});
}

TEST_CASE("BORROW-6: a borrower on a node that died has nothing any more") {
  Borrower owner;
  const ObjectId object = owner.put();
  owner.lend(object, kThird);
  owner.drop(object);
  owner.say(kHead, NodeDied{NodeId(3), daemon_of(3), "it is silent"});
  CHECK(owner.has(object));
  owner.say(kHead, NodeDied{kThird.node, daemon_of(4), "it is silent"});
  CHECK(owner.is_clear());
}

TEST_CASE("an actor's creator keeps what the actor is made of until it is up, or dead if it may be restarted") {
  for (const std::int32_t restarts : {0, 1}) {
    Borrower creator;
    bool kept = true;
    CallArgument argument;
    argument.value = std::make_shared<const std::string>("1");
    argument.keep = std::shared_ptr<const void>(&kept, [&kept](const void*) { kept = false; });
    std::vector<CallArgument> arguments;
    arguments.push_back(std::move(argument));
    const ActorSpec spec = actor_spec(9, cpus(1), restarts);
    creator.core.create_actor(spec, std::move(arguments), creator.out);
    creator.take();
    creator.mail.expect<CreateActor>(kHead);
    CHECK(kept);
    ActorUpdate update;
    update.actor = spec.actor;
    update.incarnation = 1;
    update.state = ActorState::kAlive;
    update.worker = kThird;
    creator.say(kHead, update);
    CHECK(kept == (restarts > 0));
    update.state = ActorState::kDead;
    creator.say(kHead, update);
    CHECK_FALSE(kept);
  }
}

}  // namespace Atoll
