#include "tests/support/client_fixture.h"

#include "runtime/wire/location.h"

// Tasks that are cancelled, come back unbegun, or are run again since they threw: what a client says of them.
namespace Atoll {
namespace {

using namespace testing;

struct Owner : Client {
  void cancel(TaskId task, bool force = false, bool recursive = true) {
    core.cancel(now, {result_of(task), force, recursive}, Contact(), out);
    take();
  }
  // Makes tasks of its shape short, so that several are pushed to one worker.
  LeaseGrant short_tasks(int n = 40) {
    TaskId task = submit();
    const LeaseGrant granted = run();
    for (int i = 0; i < n; ++i) {
      say(granted.worker.process, TaskDone{task, "1", {}, 10'000});
      task = submit();
      mail.expect<PushTask>(granted.worker.process);
    }
    say(granted.worker.process, TaskDone{task, "1", {}, 10'000});
    completions.clear();
    return granted;
  }
  TaskId submit_with(TaskExtras extras, std::int32_t retries) {
    TaskSpec spec{{kDriver, ++sequence}, "f", {}, {cpus(1)}, retries};
    spec.extras = std::make_shared<const TaskExtras>(std::move(extras));
    const TaskId task = spec.task;
    core.submit(now, std::move(spec), out);
    take();
    return task;
  }
  void fail(ProcessId worker, TaskId task, const std::string& type, std::vector<std::string> bases = {}) {
    TaskDone threw;
    threw.task = task;
    threw.run_ns = 1'000'000'000;
    threw.error = error_info(ErrorKind::kTaskFailed, "it threw");
    threw.error->type = type;
    threw.error->bases = std::move(bases);
    say(worker, threw);
  }
};

}  // namespace

TEST_CASE("TASKS-7: a task that was cancelled before it was pushed is an error at once, and its worker given back") {
  Owner client;
  const TaskId task = client.submit(3);
  const LeaseRequest request = client.mail.expect<LeaseRequest>(kHome.process);
  client.cancel(task);
  client.expect_error(task, ErrorKind::kCancelled);
  const LeaseGrant grant = client.grant(kHome, request.request);
  CHECK(client.mail.expect<LeaseReturn>(kHome.process).lease == grant.lease);
  client.expect_nothing_else();
  client.cancel(task);
  client.expect_nothing_else();
}

TEST_CASE("TASKS-11: a task is offered first to the node where most bytes of its arguments lie") {
  Owner client;
  const auto lies = [](const Contact& keeper, std::uint64_t bytes) {
    return CallArgument{std::make_shared<const std::string>(encode_location({keeper, 1, bytes})), {}, {}, nullptr};
  };
  const CallArgument small{std::make_shared<const std::string>("1"), {}, {}, nullptr};
  SUBCASE("away") {
    client.submit(3, {lies(kHome, 900'000), lies(kAway, 500'000), small, lies(kAway, 500'000)});
    const LeaseRequest request = client.mail.expect<LeaseRequest>(kAway.process);
    CHECK(request.shape == cpus(1));
    SUBCASE("and anywhere if that has no room") {
      client.say(kAway.process, LeaseRefused{request.request, 1, ""});
      client.mail.expect<PlaceRequest>(kHead);
    }
    SUBCASE("and elsewhere if it is gone") {
      client.lose(kAway.process);
      client.mail.expect<LeaseRequest>(kHome.process);
    }
    SUBCASE("with a worker of its own") {
      client.submit();
      client.mail.expect<LeaseRequest>(kHome.process);
    }
  }
  SUBCASE("at home") {
    client.submit(3, {lies(kHome, 900'000), lies(kAway, 500'000)});
    client.mail.expect<LeaseRequest>(kHome.process);
  }
  SUBCASE("small ones do not count") {
    client.submit(3, {small});
    client.mail.expect<LeaseRequest>(kHome.process);
  }
  SUBCASE("not where it was said where it may run") {
    WorkerShape spread{cpus(1)};
    spread.strategy.spread = true;
    client.submit(3, {lies(kAway, 500'000)}, spread);
    client.mail.expect<PlaceRequest>(kHead);
  }
  client.expect_nothing_else();
}

TEST_CASE("TASKS-7: of several that wait, the one that was cancelled is passed over") {
  Owner client;
  const TaskId first = client.submit(), second = client.submit(), third = client.submit();
  const LeaseRequest request = client.mail.expect<LeaseRequest>(kHome.process);
  client.mail.drop_all();
  client.cancel(second);
  client.expect_error(second, ErrorKind::kCancelled);
  const LeaseGrant grant = client.grant(kHome, request.request);
  CHECK(client.mail.expect<PushTask>(grant.worker.process).task == first);
  client.done(grant.worker.process, first);
  CHECK(client.mail.expect<PushTask>(grant.worker.process).task == third);
  client.expect_completion(first);
  client.expect_nothing_else();
}

TEST_CASE("TASKS-7: a task that waits for an argument can be cancelled, and the argument's coming harms nobody") {
  Owner client;
  const TaskId first = client.submit();
  const LeaseGrant grant = client.run();
  const TaskId second = client.submit(0, {{nullptr, result_of(first), {}, nullptr}});
  client.cancel(second);
  client.expect_error(second, ErrorKind::kCancelled);
  client.done(grant.worker.process, first);
  client.expect_completion(first);
  client.expect_nothing_else();
}

TEST_CASE("a task that runs is told, and what it answers is its result") {
  Owner client;
  const TaskId task = client.submit(3);
  const LeaseGrant grant = client.run();
  client.cancel(task, /*force=*/false, /*recursive=*/true);
  const CancelTask told = client.mail.expect<CancelTask>(grant.worker.process);
  CHECK(told.task == task);
  CHECK(told.recursive);
  client.expect_nothing_else();
  client.done(grant.worker.process, task);
  CHECK(*client.expect_completion(task).value == "42");
  client.expect_nothing_else();
}

TEST_CASE("TASKS-7: a task that was cancelled and whose worker died is not run again") {
  Owner client;
  const TaskId task = client.submit(3);
  const LeaseGrant grant = client.run();
  client.cancel(task);
  client.mail.expect<CancelTask>(grant.worker.process);
  client.say(kHome.process, LeaseLost{grant.lease, "process 1 on n0 killed by signal 9", "n0", 1});
  client.expect_error(task, ErrorKind::kCancelled);
  client.expect_nothing_else();
}

TEST_CASE("TASKS-8: force ends the worker, and those behind are run elsewhere without losing an attempt") {
  Owner client;
  const LeaseGrant grant = client.short_tasks();
  const TaskId running = client.submit(1), behind = client.submit(1);
  CHECK(client.mail.expect<PushTask>(grant.worker.process).task == running);
  CHECK(client.mail.expect<PushTask>(grant.worker.process).task == behind);
  client.cancel(running, /*force=*/true);
  client.mail.expect<CancelTask>(grant.worker.process);
  CHECK(client.mail.expect<LeaseReturn>(kHome.process).broken);
  client.expect_error(running, ErrorKind::kCancelled);
  const LeaseGrant second = client.run(kHome, 2);
  // Its one retry is still there.
  client.say(kHome.process, LeaseLost{second.lease, "killed", "n0", 2});
  const LeaseGrant third = client.run(kHome, 3);
  client.done(third.worker.process, behind);
  client.expect_completion(behind);
  client.expect_nothing_else();
}

TEST_CASE("TASKS-8: force on a task that was pushed behind another waits until it is the first") {
  Owner client;
  const LeaseGrant grant = client.short_tasks();
  const TaskId running = client.submit(1), behind = client.submit(1);
  client.mail.drop_all();
  client.cancel(behind, /*force=*/true);
  client.mail.expect<CancelTask>(grant.worker.process);
  client.expect_nothing_else();
  client.done(grant.worker.process, running);
  client.expect_completion(running);
  CHECK(client.mail.expect<LeaseReturn>(kHome.process).broken);
  client.expect_error(behind, ErrorKind::kCancelled);
  client.expect_nothing_else();
}

TEST_CASE("a task of another process is cancelled through its owner") {
  Owner client;
  const Contact owner = contact_of(ProcessId(0xb001));
  client.core.cancel(client.now, {{owner.process, 5}, true, false}, owner, client.out);
  client.take();
  const CancelObject asked = client.mail.expect<CancelObject>(owner.process);
  CHECK(asked.force);
  CHECK_FALSE(asked.recursive);
  client.expect_nothing_else();

  const TaskId task = client.submit();
  client.mail.drop_all();
  client.say(owner.process, CancelObject{result_of(task), false, true});
  client.expect_error(task, ErrorKind::kCancelled);
}

TEST_CASE("the tasks and calls of a task are cancelled with it, those of others are not") {
  Owner client;
  const TaskId parent{ProcessId(0xb001), 9};
  TaskSpec child{{kDriver, ++client.sequence}, "f", {}, {cpus(1)}};
  child.parent = parent;
  client.core.submit(client.now, child, client.out);
  ActorCallSpec call{{kDriver, ++client.sequence}, {kDriver, 1'000}, "add", {}};
  call.parent = parent;
  client.core.call_actor(client.now, call, client.out);
  client.take();
  const TaskId other = client.submit();
  client.core.cancel_children(client.now, parent, client.out);
  client.take();
  client.expect_error(child.task, ErrorKind::kCancelled);
  client.expect_error(call.task, ErrorKind::kCancelled);
  CHECK(client.completions.empty());
  CHECK(client.core.tasks().unfinished() == 1);
  client.cancel(other);
}

TEST_CASE("TASKS-14: workers are asked for by how much there is for them to do") {
  Owner client;
  SUBCASE("tasks of which nothing is known get one each") {
    for (int i = 0; i < 5; ++i) {
      client.submit();
      CHECK(client.mail.expect<LeaseRequest>(kHome.process).count == 1);
    }
  }
  SUBCASE("twenty-five of tasks that take 10 us share one") {
    const LeaseGrant grant = client.short_tasks(200);
    for (int i = 0; i < 99; ++i) {  // as many as the worker has ahead
      client.submit(1);
      client.mail.expect<PushTask>(grant.worker.process);
    }
    for (int i = 0; i < 70; ++i) client.submit(1);
    for (int i = 0; i < 3; ++i) CHECK(client.mail.expect<LeaseRequest>(kHome.process).count == 1);
  }
  client.expect_nothing_else();
}

TEST_CASE("TASKS-6: what a worker gives back is run elsewhere, in order, and it gets no more before its task has ended") {
  Owner client;
  const LeaseGrant grant = client.short_tasks();
  const TaskId running = client.submit(1), second = client.submit(1), third = client.submit(1);
  client.mail.drop_all();
  client.say(grant.worker.process, TasksReturned{{second, third}});
  const LeaseRequest request = client.mail.expect<LeaseRequest>(kHome.process);
  CHECK(request.count == 2);
  client.expect_nothing_else();
  const LeaseGrant other = client.grant(kHome, request.request, 2);
  CHECK(client.mail.expect<PushTask>(other.worker.process).task == second);
  CHECK(client.mail.expect<PushTask>(other.worker.process).task == third);
  client.mail.drop_all();
  client.done(other.worker.process, second);
  client.done(other.worker.process, third);
  client.done(grant.worker.process, running);
  for (const TaskId task : {second, third, running}) client.expect_completion(task);
  const TaskId next = client.submit();
  CHECK(client.mail.expect<PushTask>(grant.worker.process).task == next);
}

TEST_CASE("TASKS-6: a task that was cancelled while it came back is not run") {
  Owner client;
  const LeaseGrant grant = client.short_tasks();
  client.submit(1);
  const TaskId second = client.submit(1);
  client.cancel(second);
  client.mail.drop_all();
  client.say(grant.worker.process, TasksReturned{{second, TaskId{kDriver, 7'777}}});
  client.expect_error(second, ErrorKind::kCancelled);
  client.expect_nothing_else();
}

TEST_CASE("TASKS-10: what stands behind a task that runs long is asked back once, and nothing is pushed behind it") {
  Owner client;
  const LeaseGrant grant = client.short_tasks();
  const TaskId running = client.submit(1), second = client.submit(1);
  client.mail.drop_all();
  client.pass(kHoldLimit - std::chrono::microseconds(1));
  client.expect_nothing_else();
  client.pass(std::chrono::microseconds(1));
  client.mail.expect<ReturnTasks>(grant.worker.process);
  const TaskId third = client.submit(1);
  const LeaseRequest request = client.mail.expect<LeaseRequest>(kHome.process);
  client.pass(kHoldLimit);
  client.expect_nothing_else();
  client.say(grant.worker.process, TasksReturned{{second}});
  CHECK(client.mail.expect<LeaseRequest>(kHome.process).count == 1);
  const LeaseGrant other = client.grant(kHome, request.request, 2);
  CHECK(client.mail.expect<PushTask>(other.worker.process).task == second);
  client.done(other.worker.process, second);
  CHECK(client.mail.expect<PushTask>(other.worker.process).task == third);
  client.done(grant.worker.process, running);
  for (const TaskId task : {second, running}) client.expect_completion(task);
}

TEST_CASE("TASKS-10: a task that has become the first has its own time") {
  Owner client;
  const LeaseGrant grant = client.short_tasks();
  const TaskId first = client.submit(1);
  client.submit(1);
  client.submit(1);
  client.mail.drop_all();
  client.pass(kHoldLimit - std::chrono::milliseconds(1));
  client.say(grant.worker.process, TaskDone{first, "1", {}, 10'000});
  client.expect_completion(first);
  client.pass(kHoldLimit - std::chrono::milliseconds(1));
  client.expect_nothing_else();
  client.pass(std::chrono::milliseconds(1));
  client.mail.expect<ReturnTasks>(grant.worker.process);
}

TEST_CASE("a task that throws is run again if its caller said so, for the types it named, as often as its retries") {
  struct Row {
    std::vector<std::string> retried;
    std::string type;
    std::vector<std::string> bases;
    int runs;
  };
  const Row rows[] = {
      {{}, "Anything", {}, 3},
      {{"Mine"}, "Mine", {"std::exception"}, 3},
      {{"std::runtime_error"}, "Mine", {"std::runtime_error", "std::exception"}, 3},
      {{"Other", "Mine"}, "Mine", {}, 3},
      {{"Other"}, "Mine", {"std::exception"}, 1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.type);
    Owner client;
    const TaskId task = client.submit_with({"", true, row.retried}, 2);
    const LeaseGrant grant = client.run();
    for (int run = 1; run < row.runs; ++run) {
      client.fail(grant.worker.process, task, row.type, row.bases);
      CHECK(client.mail.expect<PushTask>(grant.worker.process).task == task);
      client.expect_nothing_else();
    }
    client.fail(grant.worker.process, task, row.type, row.bases);
    CHECK(client.expect_error(task, ErrorKind::kTaskFailed).type == row.type);
    client.expect_nothing_else();
  }
}

TEST_CASE("a task that throws is not run again by itself, nor one that was cancelled") {
  Owner client;
  const TaskId plain = client.submit(3);
  const LeaseGrant grant = client.run();
  client.fail(grant.worker.process, plain, "Mine");
  client.expect_error(plain, ErrorKind::kTaskFailed);
  const TaskId task = client.submit_with({"", true, {}}, 3);
  client.mail.expect<PushTask>(grant.worker.process);
  client.cancel(task);
  client.mail.expect<CancelTask>(grant.worker.process);
  client.fail(grant.worker.process, task, "Mine");
  client.expect_error(task, ErrorKind::kTaskFailed);
  client.expect_nothing_else();
}

TEST_CASE("an error says its task's name beside the function") {
  Owner client;
  const TaskId task = client.submit_with({"nightly", false, {}}, 0);
  const LeaseGrant grant = client.run();
  client.fail(grant.worker.process, task, "Mine");
  CHECK(client.expect_error(task, ErrorKind::kTaskFailed).function == "f 'nightly'");
}

TEST_CASE("a task with 10,000 arguments that are to come waits for each of them once") {
  Owner client;
  std::vector<CallArgument> arguments;
  for (int i = 0; i < 10'000; ++i) {
    const ObjectId object{kDriver, 100'000 + static_cast<std::uint64_t>(i)};
    client.core.declare(object);
    arguments.push_back({nullptr, object, {}, nullptr});
  }
  const TaskId task = client.submit(0, arguments);
  for (const CallArgument& argument : arguments) {
    client.mail.expect_nothing_else();
    client.core.settle(client.now, argument.object, std::make_shared<const std::string>("1"), std::nullopt, client.out);
    client.take();
  }
  client.completions.clear();
  client.run();
  CHECK(client.core.tasks().unfinished() == 1);
  client.cancel(task);
}

// --------------------------------------------------------------------- streams

namespace {

struct StreamOwner : Owner {
  TaskId submit_stream(std::int32_t retries = 1) {
    TaskSpec spec{{kDriver, ++sequence}, "count", {}, {cpus(1)}, retries};
    spec.ahead = 8;
    const TaskId task = spec.task;
    core.submit(now, std::move(spec), out);
    take();
    return task;
  }
  LeaseGrant run_stream(std::uint64_t number = 1) {
    const LeaseGrant granted = grant(kHome, mail.expect<LeaseRequest>(kHome.process).request, number);
    CHECK(mail.expect<PushTask>(granted.worker.process).ahead == 8);
    return granted;
  }
  // What came out of one item's arrival.
  std::string item(ProcessId worker, TaskId task, std::uint64_t index) {
    core.on_message(now, worker, StreamItem{task, index, std::to_string(index)}, out);
    std::string came;
    for (const Item& each : out.items) came += *each.value;
    take();
    return came;
  }
  void read(TaskId task, std::uint64_t items, bool closed = false) {
    core.stream_read(now, {task, items, closed}, out);
    take();
  }
};

}  // namespace

TEST_CASE("TASKS-9: the items of a stream come out in order, once, though its task is run again") {
  StreamOwner client;
  const TaskId task = client.submit_stream();
  const LeaseGrant first = client.run_stream(1);
  CHECK(client.item(first.worker.process, task, 0) == "0");
  CHECK(client.item(ProcessId(0xbad), task, 1) == "");
  CHECK(client.item(first.worker.process, task, 1) == "1");
  CHECK(client.item(first.worker.process, task, 1) == "");
  client.read(task, 2);
  CHECK(client.mail.expect<StreamRead>(first.worker.process).items == 2);
  client.say(kHome.process, LeaseLost{first.lease, "killed", "n0", 1});
  const LeaseGrant second = client.run_stream(2);
  CHECK(client.mail.expect<StreamRead>(second.worker.process).items == 2);
  CHECK(client.item(first.worker.process, task, 2) == "");
  CHECK(client.item(second.worker.process, task, 0) == "");
  CHECK(client.item(second.worker.process, task, 1) == "");
  CHECK(client.item(second.worker.process, task, 2) == "2");
  client.done(second.worker.process, task);
  client.expect_completion(task);
  CHECK(client.item(second.worker.process, task, 3) == "");
  client.expect_nothing_else();
}

TEST_CASE("a stream that nobody reads any more is cancelled, and what still comes is dropped") {
  StreamOwner client;
  const TaskId task = client.submit_stream();
  const LeaseGrant grant = client.run_stream();
  client.read(task, 0, /*closed=*/true);
  CHECK(client.mail.expect<StreamRead>(grant.worker.process).closed);
  CHECK(client.mail.expect<CancelTask>(grant.worker.process).task == task);
  CHECK(client.item(grant.worker.process, task, 0) == "");
  client.expect_nothing_else();
}

TEST_CASE("a stream that is closed before its task was pushed never begins") {
  StreamOwner client;
  const TaskId task = client.submit_stream();
  client.mail.drop_all();
  client.read(task, 0, /*closed=*/true);
  client.expect_error(task, ErrorKind::kCancelled);
  client.read(task, 1);
  client.expect_nothing_else();
}

TEST_CASE("a task that is pushed says whether it has retries left") {
  Owner client;
  client.submit(1);
  const LeaseGrant first = client.grant(kHome, client.mail.expect<LeaseRequest>(kHome.process).request);
  CHECK_FALSE(client.mail.expect<PushTask>(first.worker.process).last_try);
  client.say(kHome.process, LeaseLost{first.lease, "process 1 on n0 killed by signal 9", "n0", 1});
  const LeaseGrant second = client.grant(kHome, client.mail.expect<LeaseRequest>(kHome.process).request, 2);
  CHECK(client.mail.expect<PushTask>(second.worker.process).last_try);
  client.expect_nothing_else();
}

}  // namespace Atoll
