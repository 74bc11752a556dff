#include "runtime/wire/location.h"
#include "tests/support/client_fixture.h"

// Objects whose copies are lost with a node: what a client says to have them made again, and what becomes of those who wait.
namespace Atoll {
namespace {

using namespace testing;

const Contact kThird = contact_of(daemon_of(2), NodeId(2));
const ProcessId kReader{0xea1};

std::string copy_at(const Contact& keeper, std::uint64_t copy) { return encode_location({keeper, copy, 1'000'000}); }
std::uint64_t copy_of(const std::string& value) { return decode_location(value).value().copy; }

struct Owner : Client {
  // A worker at home that stays, for tasks of one CPU.
  Owner() {
    const TaskId task = submit();
    worker = run().worker.process;
    done(worker, task);
    completions.clear();
  }
  CallArgument result(TaskId task) const { return {nullptr, result_of(task), {}, nullptr}; }
  // The worker runs the task and makes this copy; its value, from now on.
  void make(TaskId task, const Contact& keeper, std::uint64_t copy) {
    CHECK(mail.expect<PushTask>(worker).task == task);
    done(worker, task, copy_at(keeper, copy));
    CHECK(mail.expect<OwnCopies>(keeper.process).copies == std::vector{copy});
  }
  TaskId make_new(std::int32_t retries, std::uint64_t copy, std::vector<CallArgument> arguments = {}) {
    const TaskId task = submit(retries, std::move(arguments));
    make(task, kAway, copy);
    expect_completion(task);
    return task;
  }
  // A task is offered to where its argument lies, and gets a worker there.
  ProcessId grant_away() { return grant(kAway, mail.expect<LeaseRequest>(kAway.process).request, 5).worker.process; }
  void lose_copy(ObjectId object, const Contact& keeper, std::uint64_t copy) {
    core.lose(now, object, {keeper.process, copy}, "node n1 died: it has been silent", out);
    take();
  }
  void drop(TaskId task) {
    core.drop(now, result_of(task), out);
    take();
  }
  void expect_copy(TaskId task, std::uint64_t copy) {
    const Completion completion = expect_completion(task);
    REQUIRE(completion.value != nullptr);
    CHECK(copy_of(*completion.value) == copy);
    CHECK(completion.again);
  }
  void expect_dropped(const Contact& keeper, std::uint64_t copy) {
    CHECK(mail.expect<DropCopies>(keeper.process).copies == std::vector{copy});
  }
  void expect_lost(TaskId task, const std::string& words) {
    const ErrorInfo error = expect_error(task, ErrorKind::kObjectLost);
    CHECK_MESSAGE(error.message.find(words) != std::string::npos, error.message);
    CHECK_MESSAGE(error.message.find("node n1 died") != std::string::npos, error.message);
    expect_nothing_else();
  }
  void node_dies() { say(kHead, NodeDied{NodeId(1), kAway.process, "node n1 died: it has been silent"}); }

  ProcessId worker = ProcessId::kNone;
};

}  // namespace

TEST_CASE("LINEAGE-3: a lost result is made again once, however many miss it, and each is answered once") {
  Owner client;
  const TaskId task = client.make_new(3, 8);
  client.lose_copy(result_of(task), kAway, 8);
  client.expect_dropped(kAway, 8);  // somebody cannot read it, but it may be there
  CHECK(client.mail.expect<PushTask>(client.worker).task == task);
  client.lose_copy(result_of(task), kAway, 8);
  client.say(kReader, CopyLost{result_of(task), kAway.process, 8, "the connection to its node is lost"});
  client.expect_nothing_else();
  client.done(client.worker, task, copy_at(kHome, 9));
  CHECK(client.mail.expect<OwnCopies>(kHome.process).copies == std::vector<std::uint64_t>{9});
  CHECK(copy_of(client.mail.expect<ObjectReady>(kReader).value) == 9);
  client.expect_copy(task, 9);
  client.expect_nothing_else();
  client.say(kReader, CopyLost{result_of(task), kAway.process, 8, "late"});
  CHECK(copy_of(client.mail.expect<ObjectReady>(kReader).value) == 9);
  client.lose_copy(result_of(task), kAway, 8);
  client.expect_nothing_else();
}

TEST_CASE("LINEAGE-5: making it again counts against the retries, and then the error says what to do") {
  Owner client;
  const TaskId task = client.make_new(1, 8);
  client.lose_copy(result_of(task), kAway, 8);
  client.expect_dropped(kAway, 8);
  client.make(task, kAway, 9);
  client.expect_copy(task, 9);
  client.lose_copy(result_of(task), kAway, 9);
  client.expect_dropped(kAway, 9);
  client.expect_lost(task, "its task has run as often as its retries() allow");
  client.lose_copy(result_of(task), kAway, 9);
  client.expect_nothing_else();
  CHECK(client.core.objects().lineage().size() == 0);
}

TEST_CASE("LINEAGE-4: what no task may make again is an error at once that says why") {
  Owner client;
  TaskId task;
  std::string words;
  SUBCASE("without retries") {
    task = client.make_new(0, 8);
    words = "give it retries()";
  }
  SUBCASE("what was put") {
    task = {kDriver, ++client.sequence};
    client.core.put(client.now, result_of(task), std::make_shared<const std::string>(copy_at(kAway, 8)), client.out);
    client.take();
    client.mail.expect<OwnCopies>(kAway.process);
    client.completions.clear();
    words = "it was put";
  }
  SUBCASE("an actor's result") {
    const ActorId actor{kDriver, 1'000};
    const ProcessId process{0xa001};
    client.core.create_actor(actor_spec(1'000, cpus(1)), {}, client.out);
    client.say(kHead, ActorUpdate{actor, "", ActorState::kAlive, 1, contact_of(process), {}});
    client.mail.drop_all();
    task = client.call(actor);
    client.mail.drop_all();
    client.done(process, task, copy_at(kAway, 8));
    client.mail.expect<OwnCopies>(kAway.process);
    client.completions.clear();
    words = "an actor's call";
  }
  SUBCASE("a task that was cancelled and ended all the same") {
    task = client.submit(3);
    client.core.cancel(client.now, {result_of(task), false, true}, Contact(), client.out);
    client.take();
    client.mail.expect<CancelTask>(client.worker);
    client.make(task, kAway, 8);
    client.completions.clear();
    words = "was cancelled";
  }
  client.lose_copy(result_of(task), kAway, 8);
  client.expect_dropped(kAway, 8);
  client.expect_lost(task, words);
}

TEST_CASE("TASKS-12: a task whose argument cannot be read waits for it without its worker, and it costs no attempt") {
  Owner client;
  const TaskId first = client.make_new(3, 8), second = client.submit(0, {client.result(first)});
  const ProcessId away = client.grant_away();
  const std::string pushed = client.mail.expect<PushTask>(away).arguments.at(0);
  CHECK(decode_location(pushed)->owner.process == kDriver);
  client.say(away, ArgumentLost{second, pushed, "its owner dropped it, or ended"});
  client.expect_dropped(kAway, 8);
  client.make(first, kHome, 9);
  client.expect_copy(first, 9);
  const PushTask again = client.mail.expect<PushTask>(client.worker);
  CHECK(again.task == second);
  CHECK(copy_of(again.arguments.at(0)) == 9);
  client.done(client.worker, second);
  client.expect_completion(second);
  client.expect_nothing_else();
}

TEST_CASE("LINEAGE-1: what was dropped is made again as well, for what is made of it, and dropped again") {
  Owner client;
  const TaskId first = client.make_new(3, 8), second = client.submit(3, {client.result(first)});
  const ProcessId away = client.grant_away();
  client.mail.expect<PushTask>(away);
  client.drop(first);
  client.done(away, second, copy_at(kAway, 9));
  client.mail.expect<OwnCopies>(kAway.process);
  client.expect_dropped(kAway, 8);  // the recipe keeps no memory of the node
  client.expect_completion(second);
  client.expect_nothing_else();
  CHECK(client.core.objects().lineage().size() == 2);

  client.node_dies();
  client.expect_nothing_else();  // nobody wants it yet
  client.lose_copy(result_of(second), kAway, 9);
  client.make(first, kHome, 10);
  client.expect_copy(first, 10);
  const PushTask again = client.mail.expect<PushTask>(client.worker);
  CHECK(again.task == second);
  CHECK(copy_of(again.arguments.at(0)) == 10);
  client.done(client.worker, second, copy_at(kHome, 11));
  client.mail.expect<OwnCopies>(kHome.process);
  client.expect_dropped(kHome, 10);
  client.expect_copy(second, 11);
  client.expect_nothing_else();
  client.drop(second);
  client.expect_dropped(kHome, 11);
  CHECK(client.core.objects().lineage().size() == 0);
}

TEST_CASE("LINEAGE-6: what is kept for an argument that stands in a recipe by value is kept as long as that") {
  Owner client;
  const TaskId small = client.submit(0);
  CHECK(client.mail.expect<PushTask>(client.worker).task == small);
  client.done(client.worker, small, "a value with a Ref inside");
  client.expect_completion(small);
  const auto kept = [](int number) { return std::make_shared<const int>(number); };
  std::shared_ptr<const int> for_value = kept(1), for_object = kept(2), for_copy = kept(3);
  const std::weak_ptr<const int> value = for_value, object = for_object, copy = for_copy;
  const TaskId large = client.make_new(0, 7);
  const TaskId task = client.submit(3, {{std::make_shared<const std::string>("likewise"), {}, {}, std::move(for_value)},
                                        {nullptr, result_of(small), {}, std::move(for_object)},
                                        {nullptr, result_of(large), {}, std::move(for_copy)}});
  const ProcessId away = client.grant_away();
  client.mail.expect<PushTask>(away);
  client.done(away, task, copy_at(kAway, 8));
  client.mail.expect<OwnCopies>(kAway.process);
  client.expect_completion(task);
  CHECK_FALSE(value.expired());
  CHECK_FALSE(object.expired());
  CHECK(copy.expired());  // that is an object still, and may have to be made again itself
  client.drop(task);
  client.expect_dropped(kAway, 8);
  CHECK(value.expired());
  CHECK(object.expired());
}

TEST_CASE("LINEAGE-4: when an argument was put and dropped, what was made of it cannot be made again, and says so") {
  Owner client;
  const ObjectId put{kDriver, ++client.sequence};
  client.core.put(client.now, put, std::make_shared<const std::string>(copy_at(kHome, 7)), client.out);
  client.take();
  client.mail.expect<OwnCopies>(kHome.process);
  client.completions.clear();
  const TaskId task = client.make_new(3, 8, {{nullptr, put, {}, nullptr}});
  client.core.drop(client.now, put, client.out);
  client.take();
  client.expect_dropped(kHome, 7);
  client.lose_copy(result_of(task), kAway, 8);
  client.expect_dropped(kAway, 8);
  client.expect_lost(task, "is gone too: it was put and dropped");
}

TEST_CASE("a task that waits to be pushed has the copies of a dead node made again first") {
  Owner client;
  const TaskId first = client.make_new(3, 8), second = client.submit(3, {client.result(first)});
  client.mail.expect<LeaseRequest>(kAway.process);
  client.node_dies();
  client.make(first, kHome, 9);
  client.expect_copy(first, 9);
  CHECK(copy_of(client.mail.expect<PushTask>(client.worker).arguments.at(0)) == 9);
  client.expect_nothing_else();
  const TaskId third = client.submit(3, {client.result(second)});
  client.done(client.worker, second, copy_at(kAway, 10));  // a word from the dead
  client.mail.expect<OwnCopies>(kAway.process);
  client.expect_completion(second);
  client.make(second, kHome, 11);
  client.expect_copy(second, 11);
  CHECK(client.mail.expect<PushTask>(client.worker).task == third);
  client.expect_nothing_else();
}

TEST_CASE("LINEAGE-1: a task whose argument is lost while it runs is remembered with it") {
  Owner client;
  const TaskId first = client.make_new(3, 8), second = client.submit(3, {client.result(first)});
  const ProcessId away = client.grant_away();
  client.mail.expect<PushTask>(away);
  client.lose_copy(result_of(first), kAway, 8);
  client.expect_dropped(kAway, 8);
  CHECK(client.mail.expect<PushTask>(client.worker).task == first);
  client.done(away, second, copy_at(kAway, 9));
  client.mail.expect<OwnCopies>(kAway.process);
  client.expect_completion(second);
  client.expect_nothing_else();
  CHECK(client.core.objects().lineage().size() == 2);
}

TEST_CASE("CALLS-1: calls wait in order for an argument that is made again") {
  Owner client;
  const ActorId actor{kDriver, 1'000};
  const ProcessId process{0xa001};
  client.core.create_actor(actor_spec(1'000, cpus(1)), {}, client.out);
  client.say(kHead, ActorUpdate{actor, "", ActorState::kAlive, 1, contact_of(process), {}});
  client.mail.drop_all();
  const TaskId large = client.make_new(3, 8), call{kDriver, ++client.sequence};
  client.node_dies();
  client.core.call_actor(client.now, {call, actor, "add", {client.result(large)}}, client.out);
  client.take();
  const TaskId next = client.call(actor);
  CHECK(client.mail.expect<PushTask>(client.worker).task == large);
  client.expect_nothing_else();
  client.done(client.worker, large, copy_at(kHome, 9));
  client.mail.expect<OwnCopies>(kHome.process);
  client.expect_copy(large, 9);
  CHECK(client.mail.expect<CallActor>(process).task == call);
  CHECK(client.mail.expect<CallActor>(process).task == next);
  client.expect_nothing_else();
}

TEST_CASE("LINEAGE-4: when the task fails as it is run again, its error says that it was") {
  Owner client;
  const TaskId task = client.make_new(3, 8);
  client.lose_copy(result_of(task), kAway, 8);
  client.expect_dropped(kAway, 8);
  client.mail.expect<PushTask>(client.worker);
  TaskDone threw;
  threw.task = task;
  threw.error = error_info(ErrorKind::kTaskFailed, "it threw");
  client.say(client.worker, threw);
  CHECK(client.expect_error(task, ErrorKind::kTaskFailed).message ==
        "it threw; it was being made again, since its copy was lost: node n1 died: it has been silent");
  client.expect_nothing_else();
  CHECK(client.core.objects().lineage().size() == 0);
}

TEST_CASE("LINEAGE-5: who cancels a result that is made again ends it") {
  Owner client;
  const TaskId task = client.make_new(3, 8);
  client.lose_copy(result_of(task), kAway, 8);
  client.expect_dropped(kAway, 8);
  client.mail.drop_all();
  client.core.cancel(client.now, {result_of(task), false, true}, Contact(), client.out);
  client.take();
  client.mail.expect<CancelTask>(client.worker);
  TaskDone ended;
  ended.task = task;
  ended.error = error_info(ErrorKind::kCancelled, "cancelled");
  client.say(client.worker, ended);
  client.expect_error(task, ErrorKind::kCancelled);
  client.expect_nothing_else();
}

TEST_CASE("a result that is dropped while it is made again is forgotten when it comes") {
  Owner client;
  const TaskId task = client.make_new(3, 8);
  client.lose_copy(result_of(task), kAway, 8);
  client.expect_dropped(kAway, 8);
  client.drop(task);
  client.make(task, kHome, 9);
  client.expect_dropped(kHome, 9);
  client.completions.clear();
  client.expect_nothing_else();
  CHECK(client.core.objects().size() == 1);  // the fixture's first
  CHECK(client.core.objects().lineage().size() == 0);
}

TEST_CASE("LINEAGE-4: who borrowed the object asks its owner, once, and hears what comes of it") {
  Client client;
  const Contact owner = contact_of(ProcessId(0x07e), NodeId(2));
  const ObjectId object{owner.process, 5};
  client.core.borrow(object, owner, client.out);
  client.take();
  client.mail.expect<FetchObject>(owner.process);
  client.say(owner.process, ObjectReady{object, copy_at(kAway, 8), {}});
  client.completions.clear();
  const auto lose = [&](std::uint64_t copy) {
    client.core.lose(client.now, object, {kAway.process, copy}, "node n1 died: it has been silent", client.out);
    client.take();
  };
  lose(8);
  lose(8);
  CHECK(client.mail.expect<CopyLost>(owner.process).copy == 8);
  client.expect_nothing_else();
  SUBCASE("another copy") {
    client.say(owner.process, ObjectReady{object, copy_at(kHome, 9), {}});
    REQUIRE(client.completions.size() == 1);
    CHECK(client.completions[0].again);
    CHECK(copy_of(*client.completions[0].value) == 9);
  }
  SUBCASE("that there is none") {
    client.say(owner.process, ObjectReady{object, "", error_info(ErrorKind::kObjectLost, "it was put")});
    CHECK(client.expect_error(task_of(object), ErrorKind::kObjectLost).message == "it was put");
  }
  SUBCASE("that the owner died") {
    client.say(kHead, NodeDied{NodeId(2), kThird.process, "node n2 died: it has been silent"});
    client.expect_error(task_of(object), ErrorKind::kObjectLost);
  }
  SUBCASE("or the connection to it") {
    client.lose(owner.process);
    client.expect_error(task_of(object), ErrorKind::kObjectLost);
  }
}

TEST_CASE("LINEAGE-4: an owner on a node that died is not asked") {
  Client client;
  const Contact owner = contact_of(ProcessId(0x07e), NodeId(2));
  const ObjectId object{owner.process, 5}, other{owner.process, 6};
  client.core.borrow(object, owner, client.out);
  client.take();
  client.mail.expect<FetchObject>(owner.process);
  client.say(owner.process, ObjectReady{object, copy_at(kAway, 8), {}});
  client.completions.clear();
  client.say(kHead, NodeDied{NodeId(2), kThird.process, "node n2 died: it has been silent"});
  client.core.lose(client.now, object, {kAway.process, 8}, "node n1 died: it has been silent", client.out);
  client.take();
  const std::string words = client.expect_error(task_of(object), ErrorKind::kObjectLost).message;
  CHECK_MESSAGE(words.find("node n2 died") != std::string::npos, words);
  client.core.borrow(other, owner, client.out);
  client.take();
  client.expect_error(task_of(other), ErrorKind::kObjectLost);
  client.expect_nothing_else();
}

TEST_CASE("COPIES-1: a daemon whose node died is asked nothing") {
  Client client;
  client.say(kHead, NodeDied{NodeId(1), kAway.process, "node n1 died: it has been silent"});
  client.core.copies().ask(kAway, 4, HoldCopy{4, 9}, client.out);
  REQUIRE(client.out.copy_answers.size() == 1);
  CHECK(client.out.copy_answers[0].why == "node n1 died: it has been silent");
  client.take();
  client.expect_nothing_else();
}

TEST_CASE("results that are small leave nothing behind, nor does a result that was dropped") {
  Owner client;
  for (int i = 0; i < 10; ++i) {
    const TaskId task = client.submit(3);
    client.mail.expect<PushTask>(client.worker);
    client.done(client.worker, task);
    client.expect_completion(task);
  }
  CHECK(client.core.objects().lineage().size() == 0);
  const TaskId task = client.make_new(3, 8);
  CHECK(client.core.objects().lineage().size() == 1);
  client.drop(task);
  CHECK(client.core.objects().lineage().size() == 0);
}

}  // namespace Atoll
