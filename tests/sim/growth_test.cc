#include <doctest/doctest.h>
#include <malloc.h>

#include <iostream>

#include "tests/support/client_fixture.h"

// How much a caller keeps of what it has submitted, and that it keeps nothing when that is over.
namespace Atoll {
namespace {

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

using namespace testing;

constexpr std::uint64_t kMillion = 1'000'000;
constexpr std::uint64_t kActors = 100'000;
constexpr std::size_t kTables = std::size_t{4} << 20;  // bytes of tables that keep their size when they are empty
constexpr std::size_t kNoise = std::size_t{64} << 10;

std::size_t in_use() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

// A caller whose workers and actors answer whatever they are sent.
struct Caller {
  Caller() : core({contact_of(kDriver), contact_of(kHead), kDriver}, out) {
    core.set_home(kHome);
    out.clear();
  }
  // Answers everything that is sent; what is still to be said when nothing is sent any more is dropped.
  void answer_all() {
    while (!out.letters.empty()) {
      ClientOutbox sent;
      std::swap(sent, out);
      for (const Outbox::Letter& letter : sent.letters) {
        if (const auto* push = std::get_if<PushTask>(&letter.message))
          core.on_message(now, letter.to, TaskDone{push->task, "42", {}, 1'000'000'000}, out);
        if (const auto* ask = std::get_if<LeaseRequest>(&letter.message)) asked.push_back(ask->request);
        if (const auto* call = std::get_if<CallActor>(&letter.message))
          core.on_message(now, letter.to, TaskDone{call->task, "42", {}, 1'000'000'000}, out);
      }
      settled += sent.completions.size();
    }
    settled += out.completions.size();
    out = ClientOutbox();
  }

  Time now = Time() + std::chrono::seconds(1);
  ClientOutbox out;
  ClientCore core;
  std::uint64_t settled = 0;
  std::vector<std::uint64_t> asked;  // for a worker each
};

// Submits the tasks of a round; what is in use then.
std::size_t queue_million(Caller& caller, std::uint64_t round) {
  for (std::uint64_t i = 1; i <= kMillion; ++i) {
    caller.core.submit(caller.now, {{kDriver, round * kMillion + i}, "simulate", {}, {cpus(1)}, 3}, caller.out);
    for (const Outbox::Letter& letter : caller.out.letters)
      if (const auto* asked = std::get_if<LeaseRequest>(&letter.message)) caller.asked.push_back(asked->request);
    caller.out.clear();
  }
  return in_use();
}

// Has them run by the workers that were asked for, drops their results, and lets the leases end.
void finish_million(Caller& caller, std::uint64_t round) {
  while (!caller.asked.empty()) {
    for (const std::uint64_t request : std::exchange(caller.asked, {})) {
      const Contact worker = contact_of(ProcessId(kMillion + request), kHome.node);
      caller.core.on_message(caller.now, kHome.process, LeaseGrant{request, {kHome.process, request}, worker}, caller.out);
    }
    caller.answer_all();
  }
  CHECK(caller.settled == round * kMillion);
  for (std::uint64_t i = 1; i <= kMillion; ++i)
    caller.core.drop(caller.now, result_of({kDriver, round * kMillion + i}), caller.out);
  caller.now += std::chrono::seconds(1);
  caller.core.on_tick(caller.now, caller.out);
  caller.answer_all();
}

// Creates actors, calls each once and drops what it says; what is in use then.
std::size_t call_actors(Caller& caller, std::uint64_t round) {
  for (std::uint64_t i = 1; i <= kActors; ++i) {
    const ActorSpec spec = actor_spec(round * kMillion + i, cpus(1));
    const TaskId call{kDriver, round * kMillion + kActors + i};
    caller.core.create_actor(spec, {}, caller.out);
    const Contact worker = contact_of(ProcessId(round * kMillion + i));
    caller.core.on_message(caller.now, kHead, ActorUpdate{spec.actor, "", ActorState::kAlive, 1, worker, {}}, caller.out);
    caller.core.call_actor(caller.now, {call, spec.actor, "step", {}}, caller.out);
    caller.answer_all();
    caller.core.drop(caller.now, result_of(call), caller.out);
  }
  CHECK(caller.settled == round * kActors);
  return in_use();
}

void end_actors(Caller& caller, std::uint64_t round) {
  for (std::uint64_t i = 1; i <= kActors; ++i) {
    const ActorUpdate dead{{kDriver, round * kMillion + i}, "", ActorState::kDead, 1, {}, error_info(ErrorKind::kActorDied, "it was killed")};
    caller.core.on_message(caller.now, kHead, dead, caller.out);
    caller.answer_all();
  }
}

#endif

}  // namespace

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("sim_scale: a caller keeps at most 500 bytes of each of a million queued tasks, and grows no more with the next") {
  Caller caller;
  const std::size_t before = in_use();
  const std::size_t queued = queue_million(caller, 1) - before;
  std::cout << "a caller keeps " << queued / kMillion << " bytes of a queued task\n";
  CHECK(queued <= 500 * kMillion);
  finish_million(caller, 1);
  const std::size_t left = in_use();
  std::cout << "and " << (left - before) / 1024 << " KiB when all are done\n";
  CHECK(left <= before + kTables);
  queue_million(caller, 2);
  finish_million(caller, 2);
  CHECK(in_use() <= left + kNoise);
}

TEST_CASE("sim_scale: a caller that called a hundred thousand actors, now dead, grows no more with the next") {
  Caller caller;
  const std::size_t before = in_use();
  std::cout << "a caller keeps " << (call_actors(caller, 1) - before) / kActors << " bytes of an actor that it called\n";
  end_actors(caller, 1);
  const std::size_t left = in_use();
  std::cout << "and " << (left - before) / 1024 << " KiB when all are dead\n";
  CHECK(left <= before + kRememberedDead * 2'000 + kTables);
  call_actors(caller, 2);
  end_actors(caller, 2);
  CHECK(in_use() <= left + kNoise);
}
#endif

}  // namespace Atoll
