#pragma once

#include "runtime/client/client_core.h"
#include "tests/support/builders.h"
#include "tests/support/mail.h"

namespace Atoll::testing {

inline const Contact kHome = contact_of(daemon_of(0), NodeId(0));
inline const Contact kAway = contact_of(daemon_of(1), NodeId(1));

// A client whose head, daemons and workers are the test.
struct Client {
  Client() : core({contact_of(kDriver), contact_of(kHead), kDriver}, out) {
    core.set_home(kHome);
    take();
  }
  void take() {
    completions.insert(completions.end(), out.completions.begin(), out.completions.end());
    forgotten.insert(forgotten.end(), out.forgotten_actors.begin(), out.forgotten_actors.end());
    mail.take(out);
    out.clear();
  }
  void say(ProcessId from, const Message& message) {
    core.on_message(now, from, message, out);
    take();
  }
  void lose(ProcessId peer) {
    core.on_lost(now, peer, Status(Code::kUnavailable, "connection reset"), out);
    take();
  }
  void pass(Duration duration) {
    now += duration;
    core.on_tick(now, out);
    take();
  }
  TaskId submit(std::int32_t retries = 0, std::vector<CallArgument> arguments = {}, WorkerShape shape = {cpus(1)}) {
    const TaskId task{kDriver, ++sequence};
    core.submit(now, {task, "f", std::move(arguments), std::move(shape), retries}, out);
    take();
    return task;
  }
  TaskId call(ActorId actor) {
    const TaskId task{kDriver, ++sequence};
    core.call_actor(now, {task, actor, "add", {}}, out);
    take();
    return task;
  }
  LeaseGrant grant(const Contact& daemon, std::uint64_t request, std::uint64_t number = 1) {
    const LeaseGrant granted{request, {daemon.process, number}, contact_of(ProcessId(0x9000 + number), daemon.node)};
    say(daemon.process, granted);
    return granted;
  }
  // A worker of `daemon` with the one task that was asked for.
  LeaseGrant run(const Contact& daemon = kHome, std::uint64_t number = 1) {
    const LeaseGrant granted = grant(daemon, mail.expect<LeaseRequest>(daemon.process).request, number);
    mail.expect<PushTask>(granted.worker.process);
    return granted;
  }
  void done(ProcessId worker, TaskId task, const std::string& value = "42") { say(worker, TaskDone{task, value, {}, 1'000'000'000}); }

  Completion expect_completion(TaskId task) {
    REQUIRE_FALSE(completions.empty());
    Completion first = completions.front();
    completions.erase(completions.begin());
    CHECK(first.object == result_of(task));
    return first;
  }
  ErrorInfo expect_error(TaskId task, ErrorKind kind) {
    const Completion completion = expect_completion(task);
    REQUIRE(completion.error);
    CHECK(completion.error->kind == kind);
    return *completion.error;
  }
  void expect_nothing_else() {
    mail.expect_nothing_else();
    CHECK(completions.empty());
  }

  Time now = Time() + std::chrono::seconds(1);
  ClientOutbox out;
  Mail mail;
  std::vector<Completion> completions;
  std::vector<ActorId> forgotten;
  std::uint64_t sequence = 0;
  ClientCore core;
};

}  // namespace Atoll::testing
