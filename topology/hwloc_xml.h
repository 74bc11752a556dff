#pragma once

#include <string_view>

#include "runtime/base/status.h"
#include "topology/machine.h"

namespace Atoll {

// The machine that a file of lstopo describes: hwloc XML of format 1 or 2, whichever hwloc reads. GPUs, links and NICs
// are as hwloc_gpus.h, hwloc_links.h and hwloc_nics.h find them; NUMA nodes as in hwloc_places.h. The name is the
// root's HostName. The machine is synthetic: nothing of this node is in it, and HWLOC_XMLFILE does not matter.
//
// kInvalidArgument with one sentence for what is no such file (hwloc_clean.h has the rules), for what is longer than
// kMaxHwlocBytes, and for XML that could reach beyond the text: an encoding that hides characters (XML-1), entities, or
// a document type other than the plain one that hwloc writes (XML-2).
inline constexpr std::size_t kMaxHwlocBytes = 16 << 20;
Result<Machine> parse_hwloc(std::string_view xml);

}  // namespace Atoll
