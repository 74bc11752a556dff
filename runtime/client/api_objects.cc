// Large values (include/atoll/backend.h): into a node's object memory, and out of it.

#include "runtime/client/api_objects.h"

#include <atoll/error.h>

#include "runtime/client/api_support.h"
#include "runtime/client/process.h"
#include "runtime/client/running_task.h"

namespace Atoll {
namespace {

void throw_if_no_room(const Status& status) {
  if (status.code() == Code::kResourceExhausted) throw OutOfMemoryError(status.message(), origin_here());
  if (status.code() == Code::kDiskFull) throw OutOfDiskError(status.message(), origin_here());
}

internal::Bytes read_copy(ClientRuntime& runtime, std::string_view location, bool is_own, internal::Deadline deadline) {
  Result<internal::Bytes> bytes = runtime.copies().read(location, is_own, deadline);
  if (bytes.ok()) return std::move(*bytes);
  throw_if_cancelled();
  if (bytes.status().code() == Code::kTimedOut) throw TimeoutError(bytes.status().message());
  throw_if_no_room(bytes.status());
  throw ObjectLostError("the object's bytes are gone: " + bytes.status().message(), origin_here());
}

std::string write_copy(ClientRuntime& runtime, ObjectId object, ProcessId owner, const internal::Encoded& value) {
  Result<std::string> location = runtime.copies().write(object, owner, value);
  if (location.ok()) return std::move(*location);
  throw_if_cancelled();
  throw_if_no_room(location.status());
  throw OutOfMemoryError(location.status().message(), origin_here());
}

}  // namespace

internal::Bytes bytes_of(ClientRuntime& runtime, ObjectId object, const Value& value, internal::Deadline deadline) {
  if (value == nullptr) return {};
  if (!internal::is_location(*value)) return internal::Bytes(*value, value);
  return read_copy(runtime, *value, object.process == runtime.self().process, deadline);
}

namespace internal {

bool is_worth_putting(const Encoded& value) {
  return value.size() >= kLargeBytes && current_runtime().copies().available();
}

Handle put_object(Encoded value) {
  ClientRuntime& runtime = current_runtime();
  const std::vector<Handle> kept = value.refs();
  std::vector<InsideRef> inside = inside_refs(runtime, kept);
  if (!is_worth_putting(value))
    return put_value(runtime, std::make_shared<const std::string>(std::move(value).flat()), std::move(inside));
  const std::uint64_t sequence = runtime.next_sequence();
  const ProcessId self = runtime.self().process;
  std::string location = write_copy(runtime, {self, sequence}, self, value);
  return put_value(runtime, std::make_shared<const std::string>(std::move(location)), std::move(inside), sequence);
}

std::string store_result(Encoded value) {
  RunningTask* task = running_task();
  if (task != nullptr) task->inside = value.refs();
  if (task == nullptr || !has_runtime() || !is_worth_putting(value)) return std::move(value).flat();
  return write_copy(current_runtime(), result_of(task->task), task->caller, value);
}

Bytes fetch_argument(std::string_view location) { return read_copy(current_runtime(), location, false, std::nullopt); }

}  // namespace internal
}  // namespace Atoll
