// What one can do with a Ref (include/atoll/ref.h) but for waiting, over the client's runtime.

#include <atoll/error.h>
#include <atoll/ref.h>

#include "runtime/client/api_objects.h"
#include "runtime/client/api_support.h"
#include "runtime/client/errors.h"
#include "runtime/client/process.h"
#include "runtime/client/split.h"
#include "runtime/client/work_queue.h"

namespace Atoll::internal {
namespace {

std::vector<ObjectId> ids_of(const std::vector<Handle>& objects) {
  std::vector<ObjectId> ids;
  ids.reserve(objects.size());
  for (const Handle& object : objects) ids.push_back(id_of<ObjectId>(object->key()));
  return ids;
}

ErrorInfo cannot_split(const Status& status) {
  ErrorInfo error;
  error.kind = ErrorKind::kTaskFailed;
  error.type = "std::length_error";
  error.message = status.message();
  return error;
}

using Settled = ObjectTable::Settled;

std::vector<Settled> parts_of(ClientRuntime& runtime, ObjectId id, const Settled& whole, std::size_t count) {
  if (whole.error) return std::vector<Settled>(count, whole);
  internal::Bytes bytes;
  try {
    bytes = bytes_of(runtime, id, whole.value, std::nullopt);
  } catch (...) {
    return std::vector<Settled>(count, Settled{nullptr, current_error("", "")});
  }
  Result<std::vector<std::string>> values = split_array(bytes.view, count);
  if (!values.ok()) return std::vector<Settled>(count, Settled{nullptr, cannot_split(values.status())});
  std::vector<Settled> parts;
  parts.reserve(count);
  for (std::string& value : *values)
    parts.push_back({std::make_shared<const std::string>(std::move(value)), std::nullopt});
  return parts;
}

// The whole has come: so have its parts.
void settle_parts(ObjectId whole, const std::vector<ObjectId>& parts) {
  if (!has_runtime()) return;  // the connection ended first
  ClientRuntime& runtime = current_runtime();
  const std::optional<Settled> settled = runtime.table().wait(whole, std::nullopt);
  std::vector<Settled> values = parts_of(runtime, whole, *settled, parts.size());
  runtime.post([whole, parts, values = std::move(values)](Time now, ClientCore& core, ClientOutbox& out) {
    for (std::size_t i = 0; i < parts.size(); ++i) core.settle_part(now, whole, parts[i], values[i].value, values[i].error, out);
  });
}

}  // namespace

bool is_settled(const Handle& object) {
  ClientRuntime& runtime = current_runtime();
  ensure_known(runtime, object);
  return runtime.table().is_settled(id_of<ObjectId>(object->key()));
}

void when_settled(Handle object, std::function<void()> call, const std::type_info& type) {
  ClientRuntime& runtime = current_runtime();
  ensure_known(runtime, object);
  const ObjectId id = id_of<ObjectId>(object->key());
  runtime.table().when_settled(id, {[keep = std::move(object), call = std::move(call)] { call(); }, &type});
}

void resume_when_settled(Handle object, std::coroutine_handle<> coroutine, const std::type_info& type) {
  RunningTask* task = running_task();
  if (task == nullptr || !task->interleaves) return when_settled(std::move(object), [coroutine] { coroutine.resume(); }, type);
  ClientRuntime& runtime = current_runtime();
  ensure_known(runtime, object);
  const ObjectId id = id_of<ObjectId>(object->key());
  const auto go_on = [keep = std::move(object), queue = task->queue, waits = task->queue->suspend(*task, coroutine)] {
    queue->resume(waits);
  };
  runtime.table().when_settled(id, {go_on, &type, /*in_place=*/true});
}

bool runs_coroutines() {
  const RunningTask* task = running_task();
  return CallbackThread::is_current() || (task != nullptr && task->interleaves);
}

std::vector<Handle> split_object(const Handle& whole, std::size_t count) {
  ClientRuntime& runtime = current_runtime();
  ensure_known(runtime, whole);
  std::vector<Handle> handles;
  handles.reserve(count);
  for (std::size_t i = 0; i < count; ++i) handles.push_back(own_object(runtime, runtime.next_sequence()));
  const std::vector<ObjectId> parts = ids_of(handles);
  runtime.post([parts](Time, ClientCore& core, ClientOutbox&) {
    for (const ObjectId part : parts) core.declare(part);
  });
  when_settled(whole, [id = id_of<ObjectId>(whole->key()), parts] { settle_parts(id, parts); }, typeid(Handle));
  return handles;
}

}  // namespace Atoll::internal
