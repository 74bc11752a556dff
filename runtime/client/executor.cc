#include "runtime/client/executor.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include <atoll/actor.h>
#include <atoll/error.h>

#include "runtime/client/api_objects.h"
#include "runtime/client/errors.h"
#include "runtime/client/registry.h"
#include "runtime/client/timeline_marks.h"

namespace Atoll {
namespace {

ActorView& actor_view() {
  static ActorView view;
  return view;
}
// Before the constructor, when there is one thread of the user's.
void set_actor_view(ActorView view) { actor_view() = std::move(view); }

TimelineOutcome outcome_of(const TaskDone& done) {
  if (!done.error) return TimelineOutcome::kOk;
  return done.error->kind == ErrorKind::kCancelled ? TimelineOutcome::kCancelled : TimelineOutcome::kFailed;
}

}  // namespace

ActorView this_actor() { return actor_view(); }

Message Executor::run(const Message& message, RunningTask& running) {
  const RunningScope scope(running);
  if (const auto* task = std::get_if<PushTask>(&message)) return run_task(*task, running);
  if (const auto* call = std::get_if<CallActor>(&message)) return run_call(*call, running);
  return construct(std::get<InitActor>(message), running);
}

std::optional<Message> Executor::begin(const Message& message, RunningTask& running, Later later) {
  const auto* call = std::get_if<CallActor>(&message);
  const internal::Method* method = call == nullptr ? nullptr : method_of(*call);
  if (method == nullptr || method->start == nullptr) return run(message, running);
  const RunningScope scope(running);
  running.function = spec_.class_name + "::" + call->method;
  method->start(actor_.get(), call->arguments,
                [this, start = now(), task = running.shared_from_this(), later = std::move(later)](std::string value,
                                                                                                 std::exception_ptr error) {
                  later(outcome(TimelineKind::kCall, *task, start, [&] {
                    if (error != nullptr) std::rethrow_exception(error);
                    return std::move(value);
                  }));
                });
  return std::nullopt;
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
TaskDone Executor::outcome(TimelineKind kind, const RunningTask& running, Time start, Call call) const {
  TaskDone done;
  done.task = running.task;
  try {
    done.value = call();
  } catch (const CancelledError& error) {
    done.error = running.cancelled ? cancelled_error(running.function, error.words()) : current_error(running.function, node_);
  } catch (...) {
    done.error = current_error(running.function, node_);
  }
  const Time end = now();
  done.run_ns = static_cast<std::uint64_t>((end - start).count());
  if (timeline_ != nullptr && running.begun) mark_run(*timeline_, running, kind, start, end, outcome_of(done));
  return done;
}

ErrorInfo Executor::cancelled_error(const std::string& function, const std::string& words) const {
  ErrorInfo error = unknown(function, words);
  error.kind = ErrorKind::kCancelled;
  return error;
}

Message Executor::run_task(const PushTask& task, RunningTask& running) {
  const internal::FunctionCall function = find_function(task.function);
  running.function = task.function;
  if (function == nullptr)
    return TaskDone{task.task, "", unknown(task.function, "the worker's program has no task '" + task.function + "'"), 0};
  std::optional<LostArgument> lost;
  TaskDone done = outcome(TimelineKind::kTask, running, now(), [&] {
    try {
      return function(task.arguments);
    } catch (LostArgument& argument) {
      lost = std::move(argument);
      running.begun = false;
      return std::string();
    }
  });
  if (lost) return ArgumentLost{task.task, lost->location, lost->why};
  return done;
}

InitActorDone Executor::construct(const InitActor& init, RunningTask& running) {
  spec_ = init.spec;
  incarnation_ = init.incarnation;
  set_actor_view({true, spec_.class_name, spec_.name, spec_.name_space, static_cast<int>(incarnation_) - 1});
  const internal::Constructor constructor = find_class(spec_.class_name);
  if (constructor == nullptr)
    return {spec_.actor, unknown(spec_.class_name, "the worker's program has no actor class '" + spec_.class_name + "'")};
  interleaves_ = has_coroutines(spec_.class_name);
  running.function = spec_.class_name;
  const TaskDone done = outcome(TimelineKind::kConstruct, running, now(), [&] {
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

const internal::Method* Executor::method_of(const CallActor& call) const {
  const bool has_group = call.group.empty() || std::ranges::count(spec_.groups, call.group, &ConcurrencyGroup::name) > 0;
  return is_for_me(call) && has_group ? find_method(spec_.class_name, call.method) : nullptr;
}

ErrorInfo Executor::refusal(const CallActor& call) const {
  ErrorInfo error = unknown(spec_.class_name + "::" + call.method, "");
  if (!is_for_me(call)) {
    error.kind = ErrorKind::kActorUnavailable;
    error.message = "this process is not the actor " + to_string(call.actor);
  } else if (find_method(spec_.class_name, call.method) == nullptr) {
    error.message = "the actor's class has no method '" + call.method + "'";
  } else {
    std::string names;
    for (const ConcurrencyGroup& group : spec_.groups) names += (names.empty() ? "; it has " : ", ") + group.name;
    error.kind = ErrorKind::kBadArguments;
    error.message = "the actor has no concurrency group '" + call.group + "'" + names;
  }
  return error;
}

TaskDone Executor::run_call(const CallActor& call, RunningTask& running) {
  if (call.method == kLeave && is_for_me(call)) {
    running.leaves = true;
    return {call.task, "", std::nullopt, 0};
  }
  const internal::Method* method = method_of(call);
  if (method == nullptr) return {call.task, "", refusal(call), 0};
  running.function = spec_.class_name + "::" + call.method;
  return outcome(TimelineKind::kCall, running, now(), [&] { return method->call(actor_.get(), call.arguments); });
}

}  // namespace Atoll
