#pragma once

#include <cstdint>
#include <string>

#include "runtime/client/running_task.h"
#include "runtime/wire/messages.h"

#include <atoll/registry.h>

namespace Atoll {

// The method by which an actor is told to leave, after all calls before it.
inline constexpr const char* kLeave = "~";

// Runs one piece of work: user code, its errors turned into ErrorInfo. Calls of an
// actor may run in several threads once it is constructed.
class Executor {
 public:
  explicit Executor(std::string node) : node_(std::move(node)) {}

  // What to answer to the sender.
  Message run(const Message& message, RunningTask& running);

  // The actor's object ends.
  void destroy_actor() { actor_.reset(); }
  const ActorSpec& actor() const { return spec_; }
  std::uint32_t incarnation() const { return incarnation_; }

 private:
  TaskDone run_task(const PushTask& task, RunningTask& running);
  TaskDone run_call(const CallActor& call, RunningTask& running);
  InitActorDone construct(const InitActor& init, RunningTask& running);
  ErrorInfo unknown(const std::string& function, const std::string& what) const;
  ErrorInfo cancelled_error(const std::string& function, const std::string& words) const;
  template <typename Call>
  TaskDone timed(RunningTask& running, const std::string& function, Call call);

  std::string node_;
  ActorSpec spec_;
  std::uint32_t incarnation_ = 1;
  internal::Object actor_;
};

}  // namespace Atoll
