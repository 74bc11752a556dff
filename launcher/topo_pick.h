#pragma once

#include <vector>

#include "runtime/base/status.h"
#include "topology/machine.h"

namespace Atoll {

// What --pick answers: pick.h's Pick with the GPUs' indices for their positions.
struct TopoPick {
  std::vector<int> gpus;   // ascending
  std::vector<int> order;  // the same, as a ring
  int islands = 0;
  double total_gbps = 0, bottleneck_gbps = 0;
  friend bool operator==(const TopoPick&, const TopoPick&) = default;
};

// The best `count` GPUs of the machine but those in `busy` (indices). kInvalidArgument for a busy GPU that the machine
// does not have, kResourceExhausted if fewer are free. `count` is at least 1.
Result<TopoPick> pick_of_machine(const Machine& machine, int count, const std::vector<int>& busy);

}  // namespace Atoll
