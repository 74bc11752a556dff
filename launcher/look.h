#pragma once

#include "launcher/state_table.h"
#include "runtime/client/state_client.h"

namespace Atoll {

// How long those besides the head may take to answer.
inline constexpr Duration kLookPatience = std::chrono::seconds(1);

// Asks all who know. Who does not answer is among the warnings; kUnavailable if that is the head, whom alone there is
// to ask.
Result<StateTable> look(StateClient& client, ListRequest request, Duration head_timeout);

}  // namespace Atoll
