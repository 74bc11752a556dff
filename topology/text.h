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
//   nic mlx5_0 numa 0 pci 0000:18:00.0
//   link 0 1 nvlink lanes 2              GPUs 0 and 1 are joined by two NVLinks; or xgmi
//   switch 0-5,7 lanes 18 gbps 370.8     every two of these GPUs are joined through NVSwitch
//   fabric 5f3a….1                       the cluster's UUID, a point, the clique; "unusable" may follow
//
// One thing a line, in any order: its kind and number (or name), then pairs of a key and a value, each key at most
// once. A link or a switch needs "lanes" (of each GPU, 1 to 1024), nothing else is required; "gbps" is GB/s in one
// direction with all lanes together, by default that of the slower GPU's model (link_speed.h). Memory is in MiB. A
// model of several words is written with underscores. A NUMA node or a GPU that a line refers to must be declared
// somewhere; a NIC that only GPUs name is one of unknown place. Two GPUs are joined at most once. At most 1024 GPUs.
//
// The result is synthetic, its CPUs are those of its NUMA nodes together, and so is its memory. kInvalidArgument says
// "line N: what was expected". At most 1 MiB of text.
Result<Machine> parse_machine(std::string_view text);

// The text that parses to the same machine, if that is synthetic, its memory is whole MiB, and its strings hold no
// white space or # (and the names of NICs no commas), in whose place the text has underscores. Warnings are not
// part of the text.
std::string print_machine(const Machine& machine);

}  // namespace Atoll
