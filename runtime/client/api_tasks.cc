// Tasks of the public interface (include/atoll/task.h).

#include <atoll/error.h>
#include <atoll/task.h>

#include "runtime/client/api_support.h"
#include "runtime/client/connect.h"
#include "runtime/client/process.h"
#include "runtime/client/running_task.h"
#include "runtime/client/timeline_marks.h"

namespace Atoll {
namespace {

std::shared_ptr<const TaskExtras> extras_of(const internal::TaskOptions& options) {
  if (options.name.empty() && !options.retries_errors) return nullptr;
  return std::make_shared<const TaskExtras>(TaskExtras{options.name, options.retries_errors, options.retried});
}

// How deep what the calling thread submits is. Throws NestingError.
std::uint32_t depth_of(const std::string& function, const RunningTask* within) {
  if (within == nullptr) return 0;
  if (within->depth + 1 <= kMaxNesting) return within->depth + 1;
  throw NestingError("task '" + function + "' would be nested in " + std::to_string(within->depth + 1) +
                         " others that wait for each other, and " + std::to_string(kMaxNesting) +
                         " is the limit: is this a recursion without an end?",
                     origin_here());
}

}  // namespace

namespace internal {

Handle submit_task(const std::string& function, std::vector<Argument> arguments, const TaskOptions& options) {
  ClientRuntime& runtime = current_runtime();
  RunningTask* within = running_task();
  TaskSpec spec;
  spec.depth = depth_of(function, within);
  if (within != nullptr) spec.parent = within->task;
  spec.shape = {resources_of(options.needs), id_of<GroupId>(options.place.group), options.place.bundle,
                strategy_of(options.place)};
  spec.task = {runtime.self().process, runtime.next_sequence()};
  const SubmitMark mark(runtime, spec.task, function, within);
  spec.sample = mark.sample();
  spec.function = function;
  spec.retries = options.retries;
  if (options.is_stream) check_ahead(options.ahead);
  spec.ahead = static_cast<std::uint32_t>(options.ahead);
  spec.extras = extras_of(options);
  spec.arguments = call_arguments(runtime, std::move(arguments));
  Handle result = own_object(runtime, spec.task.sequence);
  if (options.is_stream) runtime.streams().open(spec.task);
  runtime.post([spec = std::move(spec)](Time now, ClientCore& core, ClientOutbox& out) {
    core.submit(now, spec, out);
  });
  return result;
}

void cancel_object(const Handle& object, bool force, bool recursive) {
  ClientRuntime& runtime = current_runtime();
  ensure_known(runtime, object);
  const Result<Contact> owner = decode_contact(object->owner());
  throw_if_failed(owner.status());
  const CancelObject request{id_of<ObjectId>(object->key()), force, recursive};
  runtime.post([request, owner = *owner](Time now, ClientCore& core, ClientOutbox& out) {
    core.cancel(now, request, owner, out);
  });
}

}  // namespace internal

TaskView this_task() {
  const RunningTask* task = running_task();
  if (task == nullptr) return {};
  return {true, task->function, static_cast<int>(task->depth)};
}

bool TaskView::is_cancelled() const {
  const RunningTask* task = running_task();
  return task != nullptr && task->cancelled;
}

}  // namespace Atoll
