#pragma once

#include <optional>
#include <string>

#include <atoll/backend.h>

#include "runtime/client/client_runtime.h"

namespace Atoll {

// The bytes of an object whose value is there; waits for them if they are in a node's object memory, and until it is made
// again if they are lost. Throws what became of the object then, ObjectLostError, TimeoutError, CancelledError.
internal::Bytes bytes_of(ClientRuntime& runtime, ObjectId object, const Value& value, internal::Deadline deadline);

// The same, but if they are lost their owner is told, nothing is returned, and bytes_of() waits for what comes of it.
std::optional<internal::Bytes> bytes_unless_lost(ClientRuntime& runtime, ObjectId object, const Value& value,
                                                 internal::Deadline deadline);

// Thrown by internal::fetch_argument() in a task, which then is not begun.
struct LostArgument {
  std::string location;
  std::string why;
};

}  // namespace Atoll
