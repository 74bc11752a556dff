#include "tests/support/client_fixture.h"

// Calls to actors: their order, retries, limits and cancelling, on the caller's side.
namespace Atoll {
namespace {

using namespace testing;

struct Caller : Client {
  explicit Caller(CallPolicy calls = {}) : policy(calls) {
    ActorSpec spec = actor_spec(1'000'000'000, cpus(1), -1);
    spec.calls = policy;
    core.create_actor(spec, {}, out);
    take();
    mail.expect<CreateActor>(kHead);
    update(ActorState::kAlive, 1);
  }
  void update(ActorState state, std::uint32_t incarnation, const std::string& why = "") {
    ActorUpdate told{id, "", state, incarnation, {}, {}};
    told.calls = policy;
    if (state == ActorState::kAlive) told.worker = contact_of(worker(incarnation));
    if (!why.empty()) told.error = error_info(ErrorKind::kActorDied, why);
    say(kHead, told);
  }
  static ProcessId worker(std::uint32_t incarnation) { return ProcessId(0xa000 + incarnation); }
  TaskId call_with(std::optional<std::int32_t> retries, std::vector<CallArgument> arguments = {}) {
    ActorCallSpec spec{{kDriver, ++sequence}, id, "add", std::move(arguments)};
    spec.retries = retries;
    core.call_actor(now, spec, out);
    take();
    return spec.task;
  }
  void expect_calls(std::uint32_t incarnation, const std::vector<TaskId>& tasks) {
    for (const TaskId task : tasks) CHECK(mail.expect<CallActor>(worker(incarnation)).task == task);
    expect_nothing_else();
  }
  void fail(std::uint32_t incarnation, TaskId task) {
    TaskDone threw;
    threw.task = task;
    threw.error = error_info(ErrorKind::kTaskFailed, "it threw");
    say(worker(incarnation), threw);
  }
  void cancel(TaskId task) {
    core.cancel(now, {result_of(task), false, true}, Contact(), out);
    take();
  }
  const ActorId id{kDriver, 1'000'000'000};
  CallPolicy policy;
};

}  // namespace

TEST_CASE("CALLS-1, CALLS-2: calls with retries are sent again in their order, before those made later") {
  Caller caller({2, false, 0});
  const TaskId first = caller.call(caller.id), second = caller.call(caller.id), third = caller.call(caller.id);
  caller.expect_calls(1, {first, second, third});
  caller.done(Caller::worker(1), first);
  caller.expect_completion(first);
  caller.update(ActorState::kRestarting, 1, "killed by signal 9");
  const TaskId later = caller.call(caller.id);
  caller.expect_nothing_else();
  caller.update(ActorState::kAlive, 2);
  caller.expect_calls(2, {second, third, later});
  caller.done(Caller::worker(1), second);  // the old process's word comes too late
  caller.expect_nothing_else();
  for (const TaskId task : {second, third, later}) {
    caller.done(Caller::worker(2), task);
    caller.expect_completion(task);
  }
  CHECK(caller.core.actors().unfinished() == 0);
}

TEST_CASE("CALLS-2: a call is sent again as often as its retries allow; its own go before the actor's") {
  Caller caller({1, false, 0});
  const TaskId usual = caller.call(caller.id), never = caller.call_with(0), often = caller.call_with(-1);
  caller.expect_calls(1, {usual, never, often});
  caller.update(ActorState::kRestarting, 1, "killed");
  caller.expect_error(never, ErrorKind::kActorUnavailable);
  caller.update(ActorState::kAlive, 2);
  caller.expect_calls(2, {usual, often});
  caller.update(ActorState::kRestarting, 2, "killed");
  caller.expect_error(usual, ErrorKind::kActorUnavailable);
  for (std::uint32_t incarnation = 3; incarnation < 9; ++incarnation) {
    caller.update(ActorState::kAlive, incarnation);
    caller.expect_calls(incarnation, {often});
    caller.update(ActorState::kRestarting, incarnation, "killed");
  }
  caller.update(ActorState::kDead, 8, "killed once more");
  CHECK(caller.expect_error(often, ErrorKind::kActorDied).message == "killed once more");
  caller.expect_nothing_else();
}

TEST_CASE("a call that throws is sent again, before those behind it, only if its actor's creator said so") {
  for (const bool retries : {false, true}) {
    CAPTURE(retries);
    Caller caller({1, retries, 0});
    const TaskId task = caller.call(caller.id);
    caller.expect_calls(1, {task});
    caller.fail(1, task);
    if (retries) {
      caller.expect_calls(1, {task});
      caller.fail(1, task);
    }
    caller.expect_error(task, ErrorKind::kTaskFailed);
    caller.expect_nothing_else();
  }
}

TEST_CASE("CALLS-2: with retries, what was sent over a connection that broke is sent again when the head has no news") {
  Caller caller({1, false, 0});
  const TaskId task = caller.call(caller.id);
  caller.expect_calls(1, {task});
  caller.lose(Caller::worker(1));
  caller.pass(kActorVerdictLimit);
  caller.expect_calls(1, {task});
  caller.done(Caller::worker(1), task);
  caller.expect_completion(task);
}

TEST_CASE("CALLS-4: so many calls are under way and no more, in order") {
  Caller caller;
  std::vector<TaskId> tasks;
  for (std::size_t i = 0; i < kMostUnderWay + 10; ++i) tasks.push_back(caller.call(caller.id));
  for (std::size_t i = 0; i < kMostUnderWay; ++i)
    CHECK(caller.mail.expect<CallActor>(Caller::worker(1)).task == tasks[i]);
  caller.expect_nothing_else();
  caller.done(Caller::worker(1), tasks[0]);
  caller.expect_completion(tasks[0]);
  caller.expect_calls(1, {tasks[kMostUnderWay]});
}

TEST_CASE("CALLS-5: a call beyond the actor's limit fails at once, and the next is taken when one has ended") {
  Caller caller({0, false, 2});
  const TaskId first = caller.call(caller.id), second = caller.call(caller.id), third = caller.call(caller.id);
  caller.expect_error(third, ErrorKind::kTooManyCalls);
  caller.expect_calls(1, {first, second});
  caller.done(Caller::worker(1), first);
  caller.expect_completion(first);
  const TaskId fourth = caller.call(caller.id);
  caller.expect_calls(1, {fourth});
  caller.cancel(second);
}

TEST_CASE("CALLS-7: of dead actors the last thousand are known, and the head is asked about an older one") {
  Caller caller;
  const auto dies = [&caller](std::uint64_t number) {
    const ActorId id{kHead, number};
    caller.core.watch_actor(id, caller.out);
    ActorUpdate told{id, "", ActorState::kDead, 1, {}, error_info(ErrorKind::kActorDied, "it exited")};
    caller.say(kHead, told);
    return caller.mail.expect<WatchActor>(kHead).actor;
  };
  const ActorId first = dies(1);
  for (std::uint64_t i = 2; i <= kRememberedDead; ++i) dies(i);
  caller.expect_error(caller.call(first), ErrorKind::kActorDied);  // at once: it is known
  CHECK(caller.forgotten.empty());
  const ActorId last = dies(kRememberedDead + 1);
  CHECK(caller.forgotten == std::vector{first});
  caller.expect_error(caller.call(last), ErrorKind::kActorDied);
  caller.expect_nothing_else();
  const TaskId task = caller.call(first);
  CHECK(caller.mail.expect<WatchActor>(kHead).actor == first);
  caller.say(kHead, ActorUpdate{first, "", ActorState::kDead, 0, {}, error_info(ErrorKind::kActorDied, "no such actor")});
  caller.expect_error(task, ErrorKind::kActorDied);
}

TEST_CASE("a call that was not sent is dropped when it is cancelled, one that was is the actor's to end") {
  Caller caller({-1, false, 0});
  caller.update(ActorState::kRestarting, 1, "killed");
  const TaskId first = caller.call(caller.id), second = caller.call(caller.id);
  caller.cancel(first);
  caller.expect_error(first, ErrorKind::kCancelled);
  caller.update(ActorState::kAlive, 2);
  caller.expect_calls(2, {second});
  caller.cancel(second);
  CHECK(caller.mail.expect<CancelTask>(Caller::worker(2)).task == second);
  caller.update(ActorState::kRestarting, 2, "killed");  // it is not sent again
  caller.expect_error(second, ErrorKind::kActorUnavailable);
  caller.update(ActorState::kAlive, 3);
  caller.expect_nothing_else();
}

TEST_CASE("CALLS-1: a call that waits for an object keeps those behind it waiting, also when it is cancelled") {
  Caller caller;
  const ObjectId object{kDriver, 50'000};
  caller.core.declare(object);
  const TaskId first = caller.call_with({}, {{nullptr, object, {}, nullptr}}), second = caller.call(caller.id);
  caller.expect_nothing_else();
  caller.cancel(first);
  caller.expect_error(first, ErrorKind::kCancelled);
  caller.expect_calls(1, {second});
  caller.core.settle(caller.now, object, std::make_shared<const std::string>("1"), std::nullopt, caller.out);
  caller.take();
  caller.completions.clear();
  caller.expect_nothing_else();
}

TEST_CASE("100,000 calls behind one long call leave nothing behind but that one") {
  Caller caller;
  const TaskId longest = caller.call(caller.id);
  caller.mail.drop_all();
  for (int i = 0; i < 100'000; ++i) {
    const TaskId task = caller.call(caller.id);
    caller.mail.drop_all();
    caller.core.drop(caller.now, result_of(task), caller.out);
    caller.done(Caller::worker(1), task);
    caller.completions.clear();
  }
  CHECK(caller.core.actors().unfinished() == 1);
  CHECK(caller.core.objects().size() == 1);
  caller.done(Caller::worker(1), longest);
  caller.expect_completion(longest);
}

TEST_CASE("an actor that was there already takes the place of the one that was asked for") {
  Client client;
  ActorSpec spec = actor_spec(1, cpus(1), 0, "hits");
  client.core.create_actor(spec, {}, client.out, /*get_if_exists=*/true);
  client.take();
  CHECK(client.mail.expect<CreateActor>(kHead).get_if_exists);
  const ActorId known{ProcessId(0xbeef), 3};
  ActorUpdate told{known, "hits", ActorState::kAlive, 4, contact_of(ProcessId(0xa001)), {}};
  told.instead_of = spec.actor;
  client.say(kHead, told);
  const TaskId task = client.call(known);
  CHECK(client.mail.expect<CallActor>(ProcessId(0xa001)).task == task);
  client.expect_nothing_else();
}

TEST_CASE("CALLS-6: the items of a call's stream come out in order, once, though it is sent again") {
  Caller caller({1, false, 0});
  ActorCallSpec spec{{kDriver, ++caller.sequence}, caller.id, "count", {}};
  spec.ahead = 8;
  const TaskId task = spec.task;
  caller.core.call_actor(caller.now, spec, caller.out);
  caller.take();
  CHECK(caller.mail.expect<CallActor>(Caller::worker(1)).ahead == 8);
  const auto item = [&](std::uint32_t incarnation, std::uint64_t index) {
    caller.core.on_message(caller.now, Caller::worker(incarnation), StreamItem{task, index, std::to_string(index)}, caller.out);
    std::string came;
    for (const Item& each : caller.out.items) came += *each.value;
    caller.take();
    return came;
  };
  CHECK(item(1, 0) == "0");
  CHECK(item(2, 1) == "");
  CHECK(item(1, 1) == "1");
  CHECK(item(1, 1) == "");
  caller.core.stream_read(caller.now, {task, 2, false}, caller.out);
  caller.take();
  CHECK(caller.mail.expect<StreamRead>(Caller::worker(1)).items == 2);
  caller.update(ActorState::kRestarting, 1, "killed");
  caller.update(ActorState::kAlive, 2);
  CHECK(caller.mail.expect<CallActor>(Caller::worker(2)).ahead == 8);
  CHECK(caller.mail.expect<StreamRead>(Caller::worker(2)).items == 2);
  for (const std::uint64_t index : {0, 1}) CHECK(item(2, index) == "");
  CHECK(item(2, 2) == "2");
  caller.done(Caller::worker(2), task);
  caller.expect_completion(task);
  caller.expect_nothing_else();
}

TEST_CASE("CALLS-6: a call whose stream nobody reads any more is told, and cancelled") {
  Caller caller;
  ActorCallSpec spec{{kDriver, ++caller.sequence}, caller.id, "count", {}};
  spec.ahead = 8;
  caller.core.call_actor(caller.now, spec, caller.out);
  caller.take();
  caller.mail.expect<CallActor>(Caller::worker(1));
  caller.core.stream_read(caller.now, {spec.task, 0, true}, caller.out);
  caller.take();
  CHECK(caller.mail.expect<StreamRead>(Caller::worker(1)).closed);
  CHECK(caller.mail.expect<CancelTask>(Caller::worker(1)).task == spec.task);
}

TEST_CASE("a call carries the concurrency group that it names") {
  Caller caller;
  ActorCallSpec spec{{kDriver, ++caller.sequence}, caller.id, "read", {}};
  spec.group = "io";
  caller.core.call_actor(caller.now, spec, caller.out);
  caller.take();
  CHECK(caller.mail.expect<CallActor>(Caller::worker(1)).group == "io");
}

}  // namespace Atoll
