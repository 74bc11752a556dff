#pragma once

#include "runtime/session/session.h"
#include "runtime/wire/messages.h"

namespace Atoll {

// What the head of the session's cluster says of its nodes and actors.
Result<StatusReport> query_status(const Session& session, Duration timeout);

}  // namespace Atoll
