#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/status.h"

namespace Atoll {

// The switches (topology/tree) or the block (topology/block) above each node, from the top to the node's own. Nodes that
// Slurm does not place are not in it.
using SlurmTopology = std::map<std::string, std::vector<std::string>>;

// What `scontrol show topology` prints: lines of "SwitchName=… Level=… Nodes=… Switches=…", or "BlockName=… Nodes=…". Lines
// and words of other kinds are passed over, as is a node list that cannot be read. Of nested blocks the smallest is last.
SlurmTopology parse_slurm_topology(std::string_view text);

// Asks Slurm once, for at most `limit`. Empty where there is no topology, no scontrol, or no answer.
SlurmTopology ask_slurm_topology(Duration limit);

}  // namespace Atoll
