// Large values (include/atoll/backend.h): into a node's object memory, and out of it.

#include "runtime/client/api_objects.h"

#include <atoll/error.h>

#include "runtime/client/api_support.h"
#include "runtime/client/api_waits.h"
#include "runtime/client/connect.h"
#include "runtime/client/errors.h"
#include "runtime/client/process.h"
#include "runtime/client/running_task.h"
#include "runtime/wire/location.h"

namespace Atoll {
namespace {

void throw_if_no_room(const Status& status) {
  if (status.code() == Code::kResourceExhausted) throw OutOfMemoryError(status.message(), origin_here());
  if (status.code() == Code::kDiskFull) throw OutOfDiskError(status.message(), origin_here());
}

// Throws for all but bytes that are gone.
void throw_unless_lost(const Status& status) {
  throw_if_cancelled();
  if (status.code() == Code::kTimedOut) throw TimeoutError(status.message());
  throw_if_no_room(status);
  if (status.code() != Code::kNotFound)
    throw ObjectLostError("the object's bytes cannot be read: " + status.message(), origin_here());
}

void report_loss(ClientRuntime& runtime, ObjectId object, const Value& lost, const std::string& why) {
  const Result<Location> location = decode_location(*lost);
  throw_if_failed(location.status());
  runtime.post([object, copy = location->id(), why](Time now, ClientCore& core, ClientOutbox& out) {
    core.lose(now, object, copy, why, out);
  });
}

// What the object is instead of the value that is lost.
Value value_after(ClientRuntime& runtime, ObjectId object, const Value& lost, internal::Deadline deadline) {
  const auto settled = wait_in_task(
      deadline, [&](internal::Deadline until) { return runtime.table().wait_again(object, lost, until); },
      [](const auto& result) { return result.has_value(); });
  if (!settled) throw TimeoutError("the object was lost and is being made again, and the time allowed has passed");
  if (settled->error) throw_error(*settled->error);
  return settled->value;
}

std::string write_copy(ClientRuntime& runtime, ObjectId object, ProcessId owner, const internal::Encoded& value) {
  Result<std::string> location = runtime.copies().write(object, owner, value);
  if (location.ok()) return std::move(*location);
  throw_if_cancelled();
  throw_if_no_room(location.status());
  throw OutOfMemoryError(location.status().message(), origin_here());
}

}  // namespace

std::optional<internal::Bytes> bytes_unless_lost(ClientRuntime& runtime, ObjectId object, const Value& value,
                                                 internal::Deadline deadline) {
  if (value == nullptr) return internal::Bytes();
  if (!internal::is_location(*value)) return internal::Bytes(*value, value);
  Result<internal::Bytes> bytes = runtime.copies().read(*value, object.process == runtime.self().process, deadline);
  if (bytes.ok()) return std::move(*bytes);
  throw_unless_lost(bytes.status());
  report_loss(runtime, object, value, bytes.status().message());
  return std::nullopt;
}

internal::Bytes bytes_of(ClientRuntime& runtime, ObjectId object, const Value& given, internal::Deadline deadline) {
  for (Value value = given;; value = value_after(runtime, object, value, deadline))
    if (std::optional<internal::Bytes> bytes = bytes_unless_lost(runtime, object, value, deadline)) return std::move(*bytes);
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

Bytes fetch_argument(std::string_view text) {
  Result<Bytes> bytes = current_runtime().copies().read(text, false, std::nullopt);
  if (bytes.ok()) return std::move(*bytes);
  throw_unless_lost(bytes.status());
  // A task is better given back than waiting here: it may hold what its argument needs to be made again.
  if (const RunningTask* task = running_task(); task != nullptr && task->lends) throw LostArgument{std::string(text), bytes.status().message()};
  const Result<Location> location = decode_location(text);
  if (!location.ok() || location->owner.is_none())
    throw ObjectLostError("an argument is lost: " + bytes.status().message(), origin_here());
  const auto owner = std::make_shared<const std::string>(encode_contact(location->owner));
  return get_object(std::make_shared<const ObjectHandle>(key_of(location->object), owner), std::nullopt);
}

}  // namespace internal
}  // namespace Atoll
