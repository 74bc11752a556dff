#pragma once

#include <optional>
#include <string>

#include "launcher/topo_pick.h"
#include "topology/machine.h"

namespace Atoll {

// The JSON of atoll-topo(1), one object and a line end. Bytes that are not UTF-8 are replaced.
std::string topo_to_json(const Machine& machine, const std::optional<TopoPick>& pick);

}  // namespace Atoll
