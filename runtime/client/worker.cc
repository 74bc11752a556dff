#include "runtime/client/worker.h"

#include <atomic>
#include <cstdio>
#include <memory>
#include <optional>
#include <thread>

#include <atoll/actor.h>

#include "runtime/base/log.h"
#include "runtime/client/executor.h"

namespace Atoll {
namespace {

// An actor that leaves has this long to end its object.
constexpr auto kLeaveLimit = std::chrono::seconds(30);
// Its callers have this long to hear the last answers: the head tells them of its end on another way.
constexpr auto kHearLimit = std::chrono::seconds(5);

// A worker process's own threads: one for tasks, and for an actor with coroutines; as many as its calls may have for
// other actors.
class WorkerLoop {
 public:
  WorkerLoop(ClientRuntime& runtime, WorkQueue& queue, const std::string& node, ProcessId daemon)
      : runtime_(runtime), queue_(queue), executor_(node, &runtime.timeline()), daemon_(daemon) {}

  // One thread's work.
  [[noreturn]] void run() {
    while (true) {
      RunningTask running;
      ++idle_;
      const Message message = queue_.take(running);
      if (--idle_ == 0) add_thread();  // there is always one for the next call, as far as there may be
      Message answer = executor_.run(message, running);
      const bool is_actor = std::holds_alternative<InitActorDone>(answer);
      if (is_actor) allow_calls();
      queue_.end(running, std::move(answer));
      if (running.leaves) leave();
      if (is_actor && executor_.interleaves()) run_coroutines();
    }
  }

 private:
  void allow_calls() {
    const ActorSpec& actor = executor_.actor();
    runtime_.timeline().set_role("actor " + actor.class_name + (actor.name.empty() ? "" : " '" + actor.name + "'"));
    const std::uint32_t otherwise = executor_.interleaves() ? kCoroutinesAtOnce : 1;
    queue_.limit(actor.concurrency > 0 ? actor.concurrency : otherwise, actor.groups);
    if (!executor_.interleaves()) may_have_ = queue_.most_at_once();
  }

  void add_thread() {
    std::size_t have = threads_;
    while (have < may_have_)
      if (threads_.compare_exchange_weak(have, have + 1)) return std::thread([this] { run(); }).detach();
  }

  // The one thread of an actor with coroutines: goes on with those that can, and begins calls meanwhile.
  [[noreturn]] void run_coroutines() {
    auto running = std::make_shared<RunningTask>();
    while (true) {
      Message message;
      if (const std::shared_ptr<Suspension> suspension = queue_.take_or_resume(*running, message)) {
        resume(*suspension);
      } else {
        begin_call(message, running);
        running = std::make_shared<RunningTask>();
      }
      if (left_) leave_now();
    }
  }
  void begin_call(const Message& message, const std::shared_ptr<RunningTask>& running) {
    const auto later = [this, running](Message answer) { end_call(*running, std::move(answer)); };
    if (std::optional<Message> answer = executor_.begin(message, *running, later)) end_call(*running, std::move(*answer));
  }
  void resume(const Suspension& suspension) {
    const RunningScope scope(*suspension.task);
    suspension.coroutine.resume();
  }
  void end_call(RunningTask& running, Message answer) {
    queue_.end(running, std::move(answer));
    if (running.leaves) left_ = true;
  }

  [[noreturn]] void leave() {
    if (left_.exchange(true)) std::this_thread::sleep_until(std::chrono::steady_clock::time_point::max());
    leave_now();
  }
  // The daemon ends the process when it has heard of it.
  [[noreturn]] void leave_now() {
    const ActorLeaves leaves{executor_.actor().actor};
    std::thread([this, leaves] {
      std::this_thread::sleep_for(kLeaveLimit);
      log::warn("the actor has not ended its object within 30 s");
      say(daemon_, leaves);
    }).detach();
    queue_.close("the actor has left");
    while (const std::shared_ptr<Suspension> suspension = queue_.resume_or_rest()) resume(*suspension);
    executor_.destroy_actor();
    std::fflush(stdout);
    queue_.wait_until_heard(kHearLimit);
    say(daemon_, leaves);
    std::this_thread::sleep_until(std::chrono::steady_clock::time_point::max());
    std::_Exit(0);
  }

  void say(ProcessId to, Message message) {
    runtime_.post([to, message = std::move(message)](Time, ClientCore&, ClientOutbox& out) { out.send(to, message); });
  }

  ClientRuntime& runtime_;
  WorkQueue& queue_;
  Executor executor_;
  ProcessId daemon_;
  std::atomic<std::size_t> threads_{1};
  std::atomic<std::size_t> may_have_{1};
  std::atomic<int> idle_{0};
  std::atomic<bool> left_{false};
};

}  // namespace

void run_worker(ClientRuntime& runtime, WorkQueue& queue, const std::string& node, ProcessId daemon) {
  WorkerLoop(runtime, queue, node, daemon).run();
}

}  // namespace Atoll
