#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "topology/gpu_graph.h"

namespace Atoll {

// Where a node stands, and how its GPUs are joined. Constant while the node is in the cluster.
struct NodePlace {
  // By the positions of NodeResources::gpus; null: no links are known, every GPU is an island. Nodes alike share one.
  std::shared_ptr<const GpuGraph> graph = nullptr;
  std::string fabric = "";                 // "UUID.CLIQUE" of a usable fabric domain; "": none, the node is its own
  std::vector<std::string> switches = {};  // Slurm's, from the top to the leaf (or the blocks); may be empty
  std::map<std::string, std::string> labels = {};
};

}  // namespace Atoll
