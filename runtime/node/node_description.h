#pragma once

#include <string>
#include <vector>

#include "runtime/base/environment.h"
#include "runtime/wire/node_messages.h"
#include "topology/grant.h"
#include "topology/machine.h"

namespace Atoll {

// What a node tells the head of itself beyond amounts. Pure functions over the machine, the grant and the environment.

GpuRecord record_of(const GpuInfo& gpu);

// Fills in info.wires (by place in grant.gpus), info.numa (those with granted GPUs) and info.fabric (if usable).
void describe_wires(const Machine& machine, const NodeGrant& grant, NodeInfo& info);

// Slurm's switches or blocks above this node, from the top: SLURM_TOPOLOGY_ADDR without the node itself, as
// SLURM_TOPOLOGY_ADDR_PATTERN says ("switch.switch.node", "block.node"). Empty where Slurm has no topology.
// (Source: srun(1), OUTPUT ENVIRONMENT VARIABLES.)
std::vector<std::string> slurm_switches(const Environment& environment);

// The labels that selectors ask for: those of ATOLL_LABELS ("zone=a,tier=fast"), and "node", "gpu" (the model of its
// GPUs, blanks as underscores), "fabric" and "switch" (the leaf), unless ATOLL_LABELS says otherwise. What is malformed
// becomes a warning.
void label(const Environment& environment, NodeInfo& info);

}  // namespace Atoll
