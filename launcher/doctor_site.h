#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/doctor_checks.h"
#include "runtime/base/clock.h"
#include "runtime/base/environment.h"

namespace Atoll {

// Which nodes `atoll doctor --site` is to ask.
struct SiteRequest {
  std::string nodelist, partition;  // "" for all
  Duration patience = std::chrono::seconds(60);
};

// The answers of a site's nodes. Of those that were not asked or gave none, what is the matter.
struct SiteAnswers {
  std::vector<NodeFacts> nodes;
  std::vector<Finding> findings;
};

// Asks each node through srun: in a job its own nodes, else those that Slurm would give to a job now; a node that is
// down, drained or full is named. Every node runs this executable, from the same path. Changes nothing and drains
// nothing. Fails when no node can be asked at all.
Result<SiteAnswers> ask_site(const SiteRequest& request, const Environment& environment);

// Nodes by what Slurm says of them: "idle", "mixed", … of `sinfo --Node --format="%N %T %R"`; each with its first
// partition.
struct NodeState {
  std::string node, state, partition;
  friend bool operator==(const NodeState&, const NodeState&) = default;
};
std::vector<NodeState> parse_node_states(std::string_view text);

// The facts of a node as lines of its own name, "atoll-facts n1 2/3 …": srun mixes what its tasks print, but keeps
// lines shorter than 1 KiB together (seen with Slurm 22.05).
std::string facts_to_lines(const NodeFacts& facts);
// The facts in what an srun of many printed, by node; those of which a line is missing are left out.
std::vector<NodeFacts> find_facts(std::string_view text);

}  // namespace Atoll
