#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "runtime/base/clock.h"
#include "runtime/client/running_task.h"
#include "runtime/timeline/recorder.h"
#include "runtime/wire/messages.h"

#include <atoll/registry.h>

namespace Atoll {

// Runs one piece of work: user code, its errors turned into ErrorInfo. Calls of an
// actor may run in several threads once it is constructed.
class Executor {
 public:
  // What runs goes to `timeline`, if there is one, which outlives this.
  explicit Executor(std::string node, TimelineRecorder* timeline = nullptr) : node_(std::move(node)), timeline_(timeline) {}

  // What to answer to the sender, when it has ended.
  Message run(const Message& message, RunningTask& running);
  // The same, but for an actor's methods that are coroutines: then nothing is
  // returned, and `later` is called with the answer, perhaps before that. Whoever
  // goes on with the coroutine does so in a RunningScope. `running` has an owner.
  using Later = std::function<void(Message)>;
  std::optional<Message> begin(const Message& message, RunningTask& running, Later later);

  // The actor's object ends.
  void destroy_actor() { actor_.reset(); }
  const ActorSpec& actor() const { return spec_; }
  std::uint32_t incarnation() const { return incarnation_; }
  // The actor's coroutines share one thread.
  bool interleaves() const { return interleaves_; }

 private:
  Message run_task(const PushTask& task, RunningTask& running);
  TaskDone run_call(const CallActor& call, RunningTask& running);
  InitActorDone construct(const InitActor& init, RunningTask& running);
  bool is_for_me(const CallActor& call) const { return actor_ != nullptr && call.actor == spec_.actor; }
  // Null if the call cannot be run.
  const internal::Method* method_of(const CallActor& call) const;
  // Why it cannot.
  ErrorInfo refusal(const CallActor& call) const;
  ErrorInfo unknown(const std::string& function, const std::string& what) const;
  ErrorInfo cancelled_error(const std::string& function, const std::string& words) const;
  // What came of a piece of work that began at `start` and ends with `call`.
  template <typename Call>
  TaskDone outcome(TimelineKind kind, const RunningTask& running, Time start, Call call) const;

  std::string node_;
  TimelineRecorder* timeline_;
  ActorSpec spec_;
  std::uint32_t incarnation_ = 1;
  bool interleaves_ = false;
  internal::Object actor_;
};

}  // namespace Atoll
