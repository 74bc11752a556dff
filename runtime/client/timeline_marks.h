#pragma once

#include <string>

#include "runtime/client/client_runtime.h"
#include "runtime/client/running_task.h"

namespace Atoll {

// What threads of a driver or a worker leave on the timeline. Where nothing was chosen this costs a comparison.

// How long a submission or a call takes, and who makes it.
class SubmitMark {
 public:
  // `name` outlives it.
  SubmitMark(ClientRuntime& runtime, TaskId task, const std::string& name, RunningTask* within);
  ~SubmitMark();
  SubmitMark(const SubmitMark&) = delete;
  SubmitMark& operator=(const SubmitMark&) = delete;

  std::uint8_t sample() const { return sample_; }  // for the task

 private:
  ClientRuntime& runtime_;
  TaskId task_;
  const std::string& name_;
  const RunningTask* within_;
  std::uint8_t sample_;
  Time begin_{};
};

// The calling thread waits in IoTurns while this lives, or finds that it need not.
class WaitMark {
 public:
  // For `object`, one of `amount`.
  WaitMark(ClientRuntime& runtime, TimelineKind kind, const char* name, ObjectId object, std::uint64_t amount = 1);
  ~WaitMark();
  WaitMark(const WaitMark&) = delete;
  WaitMark& operator=(const WaitMark&) = delete;

 private:
  ClientRuntime& runtime_;
  TimelineKind kind_;
  const char* name_;
  ObjectId object_;
  std::uint64_t amount_;
  std::uint8_t sample_;
};

// A piece of work that the calling thread ran, or a coroutine on it.
void mark_run(TimelineRecorder& recorder, const RunningTask& running, TimelineKind kind, Time begin, Time end,
              TimelineOutcome outcome);

// One that was submitted some time ago, by whichever thread, and took long.
void mark_long_task(TimelineRecorder& recorder, Time now, const LongTask& task);

// Chooses for a task that `within`, if any, submits. The first kChosenWith go with it, so that what belongs together is
// seen together; of more each is chosen by itself, so that who submits a million is not all or nothing.
std::uint8_t choose_sample(const TimelineRecorder& recorder, std::uint64_t sequence, RunningTask* within);
inline constexpr std::uint32_t kChosenWith = 16;

}  // namespace Atoll
