#pragma once

#include <vector>

#include "topology/machine.h"

namespace Atoll {

enum class IslandKind : std::uint8_t { kSingle, kNvlink, kNvswitch, kXgmi };

// GPUs of a node that reach each other over NVLink, NVSwitch or XGMI: a connected component of the link graph. A GPU
// without links is an island of one.
struct Island {
  IslandKind kind = IslandKind::kSingle;
  std::vector<int> gpus;  // indices, ascending
  bool clique = true;     // every pair is joined
  bool uniform = true;    // every pair is joined alike: same lanes, same GB/s
  friend bool operator==(const Island&, const Island&) = default;
};

// All islands of the machine, by their lowest GPU.
std::vector<Island> find_islands(const Machine& machine);

// "single", "nvlink", "nvswitch", "xgmi".
const char* to_string(IslandKind kind);

}  // namespace Atoll
