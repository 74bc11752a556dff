#include "runtime/client/executor.h"

#include <unistd.h>

#include <utility>

#include <atoll/actor.h>
#include <atoll/error.h>

#include "runtime/base/clock.h"
#include "runtime/client/errors.h"
#include "runtime/client/registry.h"

namespace Atoll {
namespace {

ActorView& actor_view() {
  static ActorView view;
  return view;
}
// Before the constructor, when there is one thread of the user's.
void set_actor_view(ActorView view) { actor_view() = std::move(view); }

}  // namespace

ActorView this_actor() { return actor_view(); }

Message Executor::run(const Message& message, RunningTask& running) {
  const RunningScope scope(running);
  if (const auto* task = std::get_if<PushTask>(&message)) return run_task(*task, running);
  if (const auto* call = std::get_if<CallActor>(&message)) return run_call(*call, running);
  return construct(std::get<InitActor>(message), running);
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
TaskDone Executor::timed(RunningTask& running, const std::string& function, Call call) {
  TaskDone done;
  done.task = running.task;
  running.function = function;
  const Time start = now();
  try {
    done.value = call();
  } catch (const CancelledError& error) {
    done.error = running.cancelled ? cancelled_error(function, error.words()) : current_error(function, node_);
  } catch (...) {
    done.error = current_error(function, node_);
  }
  done.run_ns = static_cast<std::uint64_t>((now() - start).count());
  return done;
}

ErrorInfo Executor::cancelled_error(const std::string& function, const std::string& words) const {
  ErrorInfo error = unknown(function, words);
  error.kind = ErrorKind::kCancelled;
  return error;
}

TaskDone Executor::run_task(const PushTask& task, RunningTask& running) {
  const internal::FunctionCall function = find_function(task.function);
  if (function != nullptr)
    return timed(running, task.function, [&] { return function(task.arguments); });
  return {task.task, "", unknown(task.function, "the worker's program has no task '" + task.function + "'"), 0};
}

InitActorDone Executor::construct(const InitActor& init, RunningTask& running) {
  spec_ = init.spec;
  incarnation_ = init.incarnation;
  set_actor_view({true, spec_.class_name, spec_.name, spec_.name_space, static_cast<int>(incarnation_) - 1});
  const internal::Constructor constructor = find_class(spec_.class_name);
  if (constructor == nullptr)
    return {spec_.actor, unknown(spec_.class_name, "the worker's program has no actor class '" + spec_.class_name + "'")};
  const TaskDone done = timed(running, spec_.class_name, [&] {
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

TaskDone Executor::run_call(const CallActor& call, RunningTask& running) {
  const std::string function = spec_.class_name + "::" + call.method;
  if (actor_ == nullptr || call.actor != spec_.actor) {
    ErrorInfo error = unknown(function, "this process is not the actor " + to_string(call.actor));
    error.kind = ErrorKind::kActorUnavailable;
    return {call.task, "", error, 0};
  }
  if (call.method == kLeave) {
    running.leaves = true;
    return {call.task, "", std::nullopt, 0};
  }
  const internal::MethodCall method = find_method(spec_.class_name, call.method);
  if (method == nullptr)
    return {call.task, "", unknown(function, "the actor's class has no method '" + call.method + "'"), 0};
  return timed(running, function, [&] { return method(actor_.get(), call.arguments); });
}

}  // namespace Atoll
