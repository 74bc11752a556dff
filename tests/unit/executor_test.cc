#include "runtime/client/executor.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <coroutine>
#include <memory>

#include <atoll/atoll.h>

#include "runtime/client/errors.h"
#include "runtime/client/registry.h"

namespace {

struct Point {
  int x = 0, y = 0;
  ATOLL_FIELDS(x, y)
};

int plus(int a, int b) { return a + b; }
ATOLL_TASK(plus);
std::string describe(const Point& point, const std::string& name) {
  return name + std::to_string(point.x) + std::to_string(point.y);
}
ATOLL_TASK(describe);
void shout(const std::string& words) { throw std::domain_error(words); }
ATOLL_TASK(shout);
void throw_a_number() { throw 42; }
ATOLL_TASK(throw_a_number);
struct ShelfError : std::out_of_range {
  using std::out_of_range::out_of_range;
};
// What get() throws of another task's error.
void let_pass(int kind) {
  Atoll::ErrorInfo inner;
  inner.kind = static_cast<Atoll::ErrorKind>(kind);
  inner.message = "shelf 7 is empty";
  inner.type = "ShelfError";
  inner.bases = {"std::out_of_range"};
  inner.function = "inner";
  inner.node = "n9";
  inner.pid = 4711;
  Atoll::throw_error(inner);
}
ATOLL_TASK(let_pass);
void throw_shelf() { throw ShelfError("shelf 7 is empty"); }
ATOLL_TASK(throw_shelf);
int unregistered(int n) { return n; }

struct Counter {
  int n;
  explicit Counter(int start) : n(start) {
    if (start < 0) throw std::invalid_argument("a counter starts at 0 or more");
  }
  int add(int more) { return n += more; }
  int total() const { return n; }
};
ATOLL_ACTOR(Counter(int), &Counter::add, &Counter::total);

// A coroutine that waits until the test goes on with it.
std::coroutine_handle<> waits;
struct UntilTold {
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> coroutine) const { waits = coroutine; }
  void await_resume() const {}
};
struct Sleeper {
  int n;
  explicit Sleeper(int start) : n(start) {}
  Atoll::Async<int> add(const int& more) {
    co_await UntilTold();
    if (more < 0) throw std::invalid_argument("a counter only grows");
    if (more == 0) throw Atoll::CancelledError("as you wish");
    co_return n += more;
  }
  Atoll::Async<int> at_once() { co_return n; }
  int total() { return n; }
};
ATOLL_ACTOR(Sleeper(int), &Sleeper::add, &Sleeper::at_once, &Sleeper::total);

using Atoll::ErrorKind;
using Atoll::internal::encode_value;

Atoll::Message run(Atoll::Executor& executor, const Atoll::Message& message) {
  Atoll::RunningTask running;
  return executor.run(message, running);
}

Atoll::TaskDone run_task(Atoll::Executor& executor, const std::string& function, std::vector<std::string> arguments) {
  return std::get<Atoll::TaskDone>(run(executor, Atoll::PushTask{{}, function, std::move(arguments)}));
}

const Atoll::ActorId kActor{Atoll::ProcessId(1), 7};

std::optional<Atoll::ErrorInfo> construct(Atoll::Executor& executor, const std::string& name, int start) {
  Atoll::ActorSpec spec;
  spec.actor = kActor;
  spec.class_name = name;
  spec.arguments = {encode_value(start)};
  return std::get<Atoll::InitActorDone>(run(executor, Atoll::InitActor{spec})).error;
}

Atoll::TaskDone call(Atoll::Executor& executor, const std::string& method, std::vector<std::string> arguments) {
  return std::get<Atoll::TaskDone>(run(executor, Atoll::CallActor{{}, kActor, method, std::move(arguments)}));
}

}  // namespace

TEST_CASE("a task is found by name and its result comes back encoded") {
  Atoll::Executor executor("n1");
  const Atoll::TaskDone done = run_task(executor, "plus", {encode_value(2), encode_value(3)});
  CHECK(!done.error);
  CHECK(Atoll::internal::decode_value<int>(done.value) == 5);
}

TEST_CASE("structs of the user's own are arguments by their fields") {
  Atoll::Executor executor("n1");
  const Atoll::TaskDone done = run_task(executor, "describe", {encode_value(Point{1, 2}), encode_value(std::string("p"))});
  CHECK(Atoll::internal::decode_value<std::string>(done.value) == "p12");
}

TEST_CASE("what a task throws comes back with its type, words, function, node and process") {
  Atoll::Executor executor("n1");
  const Atoll::TaskDone done = run_task(executor, "shout", {encode_value(std::string("too loud"))});
  REQUIRE(done.error);
  CHECK(done.error->kind == ErrorKind::kTaskFailed);
  CHECK(done.error->type == "std::domain_error");
  CHECK(done.error->message == "too loud");
  CHECK(done.error->function == "shout");
  CHECK(done.error->node == "n1");
  CHECK(done.error->pid != 0);
}

TEST_CASE("a task may throw what is no std::exception") {
  Atoll::Executor executor("n1");
  const Atoll::TaskDone done = run_task(executor, "throw_a_number", {});
  REQUIRE(done.error);
  CHECK(done.error->type == "int");
}

TEST_CASE("an error that a task lets pass ends it as it came, from where it came, whatever its kind") {
  Atoll::Executor executor("n1");
  for (const ErrorKind kind : {ErrorKind::kTaskFailed, ErrorKind::kWorkerDied, ErrorKind::kActorDied, ErrorKind::kInfeasible,
                               ErrorKind::kObjectLost, ErrorKind::kNestedTooDeep, ErrorKind::kCancelled, ErrorKind::kTooManyCalls}) {
    CAPTURE(static_cast<int>(kind));
    const auto done = run_task(executor, "let_pass", {encode_value(static_cast<int>(kind))});
    REQUIRE(done.error);
    CHECK(done.error->kind == kind);
    CHECK(done.error->message == "shelf 7 is empty");
    CHECK(done.error->function == "inner");
    CHECK(done.error->node == "n9");
    CHECK(done.error->pid == 4711);
    if (kind == ErrorKind::kTaskFailed) CHECK(done.error->type == "ShelfError");
  }
}

TEST_CASE("an error says what it derives from, and a caller can ask") {
  Atoll::Executor executor("n1");
  const auto done = run_task(executor, "throw_shelf", {});
  REQUIRE(done.error);
  for (const char* base : {"std::out_of_range", "std::logic_error", "std::exception"})
    CHECK(std::ranges::count(done.error->bases, base) == 1);
  try {
    Atoll::throw_error(*done.error);
  } catch (const Atoll::TaskError& error) {
    CHECK(error.is<ShelfError>());
    CHECK(error.is<std::logic_error>());
    CHECK_FALSE(error.is<std::runtime_error>());
  }
}

TEST_CASE("arguments that do not decode are the caller's error, not the task's") {
  Atoll::Executor executor("n1");
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{encode_value(1)}, {encode_value(1), encode_value(std::string("two"))}, {"", ""}}) {
    const Atoll::TaskDone done = run_task(executor, "plus", arguments);
    REQUIRE(done.error);
    CHECK(done.error->kind == ErrorKind::kBadArguments);
  }
}

TEST_CASE("a function, class or method that the program does not have is named") {
  Atoll::Executor executor("n1");
  const Atoll::TaskDone done = run_task(executor, "minus", {});
  REQUIRE(done.error);
  CHECK(done.error->kind == ErrorKind::kUnknownFunction);
  CHECK(done.error->message == "the worker's program has no task 'minus'");
  CHECK(construct(executor, "Abacus", 1)->kind == ErrorKind::kUnknownFunction);
  CHECK(!construct(executor, "Counter", 1));
  CHECK(call(executor, "subtract", {}).error->kind == ErrorKind::kUnknownFunction);
}

TEST_CASE("an actor keeps its state from call to call") {
  Atoll::Executor executor("n1");
  CHECK(!construct(executor, "Counter", 10));
  CHECK(!call(executor, "add", {encode_value(5)}).error);
  CHECK(Atoll::internal::decode_value<int>(call(executor, "total", {}).value) == 15);
}

TEST_CASE("a constructor that throws makes a dead actor, with its words") {
  Atoll::Executor executor("n1");
  const std::optional<Atoll::ErrorInfo> error = construct(executor, "Counter", -1);
  REQUIRE(error);
  CHECK(error->kind == ErrorKind::kActorDied);
  CHECK(error->message == "its constructor threw std::invalid_argument: a counter starts at 0 or more");
}

TEST_CASE("a call for another actor than the one that lives here does not run") {
  Atoll::Executor executor("n1");
  CHECK(call(executor, "total", {}).error->kind == ErrorKind::kActorUnavailable);
}

namespace {

// Calls of an actor with coroutines, and what came of those that have ended.
struct Interleaved {
  Atoll::Executor executor{"n1"};
  std::vector<Atoll::TaskDone> ended;

  explicit Interleaved(int start) { REQUIRE(!construct(executor, "Sleeper", start)); }
  std::shared_ptr<Atoll::RunningTask> begin(const std::string& method, std::vector<std::string> arguments) {
    const auto running = std::make_shared<Atoll::RunningTask>();
    const Atoll::CallActor call{{}, kActor, method, std::move(arguments)};
    const auto end = [this](Atoll::Message answer) { ended.push_back(std::get<Atoll::TaskDone>(answer)); };
    if (std::optional<Atoll::Message> answer = executor.begin(call, *running, end)) end(std::move(*answer));
    return running;
  }
};

}  // namespace

TEST_CASE("a method that is a coroutine waits while others run, its arguments kept") {
  Interleaved actor(10);
  CHECK(actor.executor.interleaves());
  actor.begin("add", {encode_value(5)});
  const std::coroutine_handle<> first = waits;
  actor.begin("add", {encode_value(7)});
  const std::coroutine_handle<> second = waits;
  CHECK(actor.ended.empty());
  actor.begin("total", {});
  actor.begin("at_once", {});
  REQUIRE(actor.ended.size() == 2);
  CHECK(actor.ended[0].value == encode_value(10));
  CHECK(actor.ended[1].value == encode_value(10));
  second.resume();
  first.resume();
  REQUIRE(actor.ended.size() == 4);
  CHECK(actor.ended[2].value == encode_value(17));
  CHECK(actor.ended[3].value == encode_value(22));
}

TEST_CASE("what a coroutine throws after it waited, and arguments it cannot read, are the call's errors") {
  Interleaved actor(1);
  actor.begin("add", {encode_value(-1)});
  waits.resume();
  REQUIRE(actor.ended.size() == 1);
  CHECK(actor.ended[0].error->type == "std::invalid_argument");
  CHECK(actor.ended[0].error->function == "Sleeper::add");
  actor.begin("add", {encode_value(std::string("five"))});
  REQUIRE(actor.ended.size() == 2);
  CHECK(actor.ended[1].error->kind == ErrorKind::kBadArguments);
  actor.begin("unheard_of", {});
  CHECK(actor.ended.back().error->kind == ErrorKind::kUnknownFunction);
}

TEST_CASE("a coroutine that ends with CancelledError was cancelled if somebody did") {
  Interleaved actor(1);
  actor.begin("add", {encode_value(0)});
  waits.resume();
  CHECK(actor.ended.back().error->kind == ErrorKind::kTaskFailed);
  const auto running = actor.begin("add", {encode_value(0)});
  running->cancelled = true;
  waits.resume();
  CHECK(actor.ended.back().error->kind == ErrorKind::kCancelled);
}

TEST_CASE("a call in a concurrency group that the actor has not is refused, with those that it has") {
  Atoll::Executor executor("n1");
  Atoll::InitActor init;
  init.spec.actor = kActor;
  init.spec.class_name = "Counter";
  init.spec.arguments = {encode_value(1)};
  init.spec.groups = {{"io", 2, {}}, {"compute", 1, {}}};
  REQUIRE(!std::get<Atoll::InitActorDone>(run(executor, init)).error);
  Atoll::CallActor call{{}, kActor, "total", {}};
  call.group = "io";
  CHECK(!std::get<Atoll::TaskDone>(run(executor, call)).error);
  call.group = "disk";
  const auto done = std::get<Atoll::TaskDone>(run(executor, call));
  CHECK(done.error->kind == ErrorKind::kBadArguments);
  CHECK(done.error->message == "the actor has no concurrency group 'disk'; it has io, compute");
}

TEST_CASE("a function without ATOLL_TASK is refused where it is named") {
  CHECK_THROWS_AS(Atoll::task(unregistered), Atoll::UnknownFunctionError);
}

TEST_CASE("registered names are those of the list, without ampersands and blanks") {
  CHECK(Atoll::internal::split_names("&Counter::add, &Counter::total") ==
        std::vector<std::string>{"Counter::add", "Counter::total"});
  CHECK(Atoll::internal::split_names("").empty());
}

TEST_CASE("an error's sentence names function, node and process as far as they are known") {
  CHECK(std::string(Atoll::Error("it broke", {"count", "n2", 4711}).what()) == "it broke (in count on n2, process 4711)");
  CHECK(std::string(Atoll::Error("it broke").what()) == "it broke");
  CHECK(std::string(Atoll::Error("process 4711 on n2 was killed", {"count", "n2", 4711}).what()) ==
        "process 4711 on n2 was killed (in count)");
}

TEST_CASE("without a cluster every call says how to get one") {
  CHECK_THROWS_AS(Atoll::task(plus).submit(1, 2), Atoll::ClusterLostError);
  CHECK_THROWS_AS(Atoll::put(1), Atoll::ClusterLostError);
}
