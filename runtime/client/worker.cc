#include "runtime/client/worker.h"

#include <unistd.h>

#include <cstdio>

#include "runtime/base/log.h"
#include "runtime/client/errors.h"
#include "runtime/client/registry.h"

namespace Atoll {

void WorkQueue::on_other_message(ProcessId from, Message message) {
  const bool is_work = std::holds_alternative<PushTask>(message) || std::holds_alternative<CallActor>(message) ||
                       std::holds_alternative<InitActor>(message);
  if (!is_work) return;
  const std::lock_guard lock(mutex_);
  items_.push_back({from, std::move(message)});
}

void WorkQueue::on_peer_lost(ProcessId peer, const Status& why) {
  if (peer != daemon_) return;
  log::debug("the node daemon is gone: {}", why.message());
  std::_Exit(0);  // user code may be running; there is nobody left to work for
}

WorkQueue::Item WorkQueue::take(ClientRuntime& runtime) {
  const auto any = [this] {
    const std::lock_guard lock(mutex_);
    return !items_.empty();
  };
  runtime.wait(any, std::nullopt);
  const std::lock_guard lock(mutex_);
  Item item = std::move(items_.front());
  items_.pop_front();
  return item;
}

Message Executor::run(const Message& message) {
  if (const auto* task = std::get_if<PushTask>(&message)) return run_task(*task);
  if (const auto* call = std::get_if<CallActor>(&message)) return run_call(*call);
  return construct(std::get<InitActor>(message));
}

ErrorInfo Executor::unknown(const std::string& function, const std::string& what) const {
  ErrorInfo error;
  error.kind = ErrorKind::kUnknownFunction;
  error.function = function;
  error.message = what;
  error.node = node_;
  error.pid = static_cast<std::uint64_t>(::getpid());
  return error;
}

template <typename Call>
TaskDone Executor::timed(TaskId task, const std::string& function, Call call) {
  TaskDone done;
  done.task = task;
  const Time start = now();
  try {
    done.value = call();
  } catch (...) {
    done.error = current_error(function);
    done.error->node = node_;
  }
  done.run_ns = static_cast<std::uint64_t>((now() - start).count());
  return done;
}

TaskDone Executor::run_task(const PushTask& task) {
  const internal::FunctionCall function = find_function(task.function);
  if (function != nullptr)
    return timed(task.task, task.function, [&] { return function(task.arguments); });
  return {task.task, "", unknown(task.function, "the worker's program has no task '" + task.function + "'"), 0};
}

InitActorDone Executor::construct(const InitActor& init) {
  spec_ = init.spec;
  const internal::Constructor constructor = find_class(spec_.class_name);
  if (constructor == nullptr)
    return {spec_.actor, unknown(spec_.class_name, "the worker's program has no actor class '" + spec_.class_name + "'")};
  const TaskDone done = timed(TaskId(), spec_.class_name, [&] {
    actor_ = constructor(spec_.arguments);
    return std::string();
  });
  InitActorDone answer{spec_.actor, done.error};
  if (answer.error) {
    answer.error->message = "its constructor threw " + answer.error->type + ": " + answer.error->message;
    answer.error->kind = ErrorKind::kActorDied;
  }
  return answer;
}

TaskDone Executor::run_call(const CallActor& call) {
  const std::string function = spec_.class_name + "::" + call.method;
  if (actor_ == nullptr || call.actor != spec_.actor) {
    ErrorInfo error = unknown(function, "this process is not the actor " + to_string(call.actor));
    error.kind = ErrorKind::kActorUnavailable;
    return {call.task, "", error, 0};
  }
  const internal::MethodCall method = find_method(spec_.class_name, call.method);
  if (method == nullptr)
    return {call.task, "", unknown(function, "the actor's class has no method '" + call.method + "'"), 0};
  return timed(call.task, function, [&] { return method(actor_.get(), call.arguments); });
}

void run_worker(ClientRuntime& runtime, WorkQueue& queue, const std::string& node) {
  Executor executor(node);
  while (true) {
    const WorkQueue::Item item = queue.take(runtime);
    Message answer = executor.run(item.message);
    // What the user printed belongs to the task that ends here.
    std::fflush(stdout);
    runtime.post([to = item.from, answer = std::move(answer)](Time, ClientCore&, ClientOutbox& out) {
      out.send(to, answer);
    });
  }
}

}  // namespace Atoll
