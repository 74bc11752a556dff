#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "launcher/state_table.h"

namespace Atoll {

// The keys of nodes that summarize_nodes() reads.
extern const char* const kSummaryColumns;

// Of a table of nodes with these columns:
// {"nodes":{"alive","joining","dead"},"cpu":{"total","free"},"gpu","memory","object_memory","workers","actors","waiting",
// "used":[…]}. `used` has of each node, in the table's order, how much of its GPUs (or CPUs, where it has none) is
// given out, in percent; null of one that is not alive.
nlohmann::ordered_json summarize_nodes(const StateTable& nodes);

}  // namespace Atoll
