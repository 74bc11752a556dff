#pragma once

#include "runtime/wire/messages.h"

namespace Atoll {

// As they are listed: "alive", "rescheduling", "worker died".
const char* to_string(NodeState state);
const char* to_string(ActorState state);
const char* to_string(GroupState state);
const char* to_string(ErrorKind kind);

}  // namespace Atoll
