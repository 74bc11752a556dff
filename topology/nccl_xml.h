#pragma once

#include <string_view>

#include "runtime/base/status.h"
#include "topology/machine.h"

namespace Atoll {

// The machine that a topology file of NCCL (NCCL_TOPO_DUMP_FILE) or RCCL describes, or a template for one. GPUs are
// numbered by their `dev`; the NUMA node is the `numaid` of the <cpu> around them.
//
// Links. <nvlink> or <xgmi> of a GPU whose target is another GPU of the file is direct; lanes that the two do not both
// claim are not counted. A target of class 0x068000 is a switch, and so is one that the file does not show and whose
// bus id is of f only, as NCCL writes it for a switch that it cannot see. All switches are one fabric, as for NCCL: it
// joins every two GPUs on it by the fewer of their lanes. Class 0x068001 is a CPU, no link. Everything else is left out
// with a warning. GB/s by link_speed.h.
//
// NICs. The nearest are those below the deepest element of the PCI tree that a GPU is below as well, not across CPUs.
// Plain network interfaces (port 0, no guid), which NCCL uses through sockets, are not counted.
//
// kInvalidArgument, "line N: …", for what is no such XML, is nested deeper than 64 elements or has more than
// kMaxSourceGpus GPUs. Entities and document types mean nothing here.
Result<Machine> parse_nccl(std::string_view xml);

}  // namespace Atoll
