#include "runtime/client/worker.h"

#include <atomic>
#include <cstdio>
#include <thread>

#include "runtime/base/log.h"
#include "runtime/client/executor.h"

namespace Atoll {
namespace {

// An actor that leaves has this long to end its object.
constexpr auto kLeaveLimit = std::chrono::seconds(30);
// Its callers have this long to hear the last answers: the head tells them of its end on another way.
constexpr auto kHearLimit = std::chrono::seconds(5);

// A worker process's own threads: one for tasks, as many as an actor's calls may have.
class WorkerLoop {
 public:
  WorkerLoop(ClientRuntime& runtime, WorkQueue& queue, const std::string& node, ProcessId daemon)
      : runtime_(runtime), queue_(queue), executor_(node), daemon_(daemon) {}

  // One thread's work.
  [[noreturn]] void run() {
    while (true) {
      RunningTask running;
      ++idle_;
      const WorkQueue::Item item = queue_.take(running);
      if (--idle_ == 0) add_thread();  // there is always one for the next call, as far as there may be
      Message answer = executor_.run(item.message, running);
      if (std::holds_alternative<InitActorDone>(answer)) may_have_ = executor_.actor().concurrency;
      queue_.finish(running);
      // What the user printed belongs to the task that ends here.
      std::fflush(stdout);
      say(item.from, std::move(answer));
      if (running.leaves) leave(running);
    }
  }

 private:
  void say(ProcessId to, Message message) {
    runtime_.post([to, message = std::move(message)](Time, ClientCore&, ClientOutbox& out) { out.send(to, message); });
  }

  void add_thread() {
    std::uint32_t have = threads_;
    while (have < may_have_)
      if (threads_.compare_exchange_weak(have, have + 1)) return std::thread([this] { run(); }).detach();
  }

  // The daemon ends the process when it has heard of it.
  [[noreturn]] void leave(const RunningTask& last) {
    if (left_.exchange(true)) std::this_thread::sleep_until(std::chrono::steady_clock::time_point::max());
    const ActorLeaves leaves{executor_.actor().actor};
    std::thread([this, leaves] {
      std::this_thread::sleep_for(kLeaveLimit);
      log::warn("the actor has not ended its object within 30 s");
      say(daemon_, leaves);
    }).detach();
    queue_.close(last, "the actor has left");
    executor_.destroy_actor();
    std::fflush(stdout);
    queue_.wait_until_heard(kHearLimit);
    say(daemon_, leaves);
    std::this_thread::sleep_until(std::chrono::steady_clock::time_point::max());
    std::_Exit(0);
  }

  ClientRuntime& runtime_;
  WorkQueue& queue_;
  Executor executor_;
  ProcessId daemon_;
  std::atomic<std::uint32_t> threads_{1};
  std::atomic<std::uint32_t> may_have_{1};
  std::atomic<int> idle_{0};
  std::atomic<bool> left_{false};
};

}  // namespace

void run_worker(ClientRuntime& runtime, WorkQueue& queue, const std::string& node, ProcessId daemon) {
  WorkerLoop(runtime, queue, node, daemon).run();
}

}  // namespace Atoll
