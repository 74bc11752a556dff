#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topology/islands.h"
#include "topology/machine.h"

namespace Atoll {

// What both drawings of a machine, on the terminal and as SVG, are made of.

// A NUMA node with what hangs on it.
struct NumaBox {
  std::optional<int> numa;  // none: what is on an unknown one
  CpuList cpus;
  std::vector<GpuInfo> gpus;
  std::vector<Nic> nics;
};

// The NUMA nodes that hold GPUs or NICs by ascending index, the unknown one last.
std::vector<NumaBox> numa_boxes(const Machine& machine);

// "NUMA 0, 48 CPUs"; "NUMA unknown".
std::string title_of(const NumaBox& box);

// A, B … Z, AA, AB ….
std::string island_name(std::size_t number);

// The number of the island that holds the GPU; it is in one.
std::size_t island_of(const std::vector<Island>& islands, int gpu);

// "18 lanes through a switch, 450 GB/s"; with a range where they differ; "" without links.
std::string links_in_words(const Machine& machine, const Island& island);

// "450 GB/s", "20.6 GB/s".
std::string speed_in_words(double gbps);

// Foreign text as printable ASCII of at most `most` characters: others become "?", what is cut off "...".
std::string printable(std::string_view text, std::size_t most = 1000);

// Joined by ", "; "-" for none.
std::string joined_names(const std::vector<std::string>& names);

}  // namespace Atoll
