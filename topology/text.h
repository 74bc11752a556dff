#pragma once

#include <string>
#include <string_view>

#include "runtime/base/status.h"
#include "topology/machine.h"

namespace Atoll {

// Atoll's own small text form of a Machine, for tests and for nodes that only pretend (the box):
//
//   # words until the end of the line are a comment
//   machine dgx-h100
//   numa 0 cpus 0-3 memory 2048
//   gpu 0 numa 0 uuid GPU-… pci 0000:1b:00.0 model H100
//   gpu 1 uuid GPU-… nics mlx5_0,mlx5_1
//
// One thing a line, in any order: its kind and number (or name), then pairs of a key and a value, each key at most once
// and none required. Memory is in MiB. A model of several words is written with underscores. A GPU may name only a NUMA
// node that the text declares somewhere.
//
// The result is synthetic, its CPUs are those of its NUMA nodes together, and so is its memory. kInvalidArgument says
// "line N: what was expected". At most 1 MiB of text.
Result<Machine> parse_machine(std::string_view text);

// The text that parses to the same machine, if that is synthetic and its strings hold no white space.
std::string print_machine(const Machine& machine);

// Reads and parses a file; errors name it.
Result<Machine> load_machine(const std::string& path);

}  // namespace Atoll
