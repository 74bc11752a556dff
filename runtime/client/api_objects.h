#pragma once

#include <atoll/backend.h>

#include "runtime/client/client_runtime.h"

namespace Atoll {

// The bytes of an object whose value is there; waits for them if they are in a node's object memory. Throws
// ObjectLostError, TimeoutError, CancelledError.
internal::Bytes bytes_of(ClientRuntime& runtime, ObjectId object, const Value& value, internal::Deadline deadline);

}  // namespace Atoll
