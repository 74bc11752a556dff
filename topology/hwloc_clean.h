#pragma once

#include <string>
#include <string_view>

#include "runtime/base/status.h"

namespace Atoll {

// hwloc XML written anew with what we use of it: objects, their infos, and the matrices of NVLink and XGMI bandwidths.
// hwloc trusts its files, and a bad one ends the process; so what it gets is only what was checked here:
//
// CLEAN-1: one Machine at the root, at most 100,000 objects, 64 deep, each of a known type where such may be, in the
// order
//   of their processors. One is a NUMA node that is the one of its set; format 1 may know none at all.
// CLEAN-2: what is no device has its four sets (without NUMA nodes two), finite, of at most 65,536 members, the cpuset
//   within its parent's, and both within the complete ones.
// CLEAN-3: a processor is the one of its set; no two processors, NUMA nodes or gp_index are the same.
// CLEAN-4: numbers are numbers, and PCI's attributes have PCI's form.
// CLEAN-5: a matrix has as many known objects and as many numbers as it says, and at most 1,100 objects.
//
// kInvalidArgument says which rule is broken. Document types and entities are not looked at, and not in the result.
Result<std::string> clean_hwloc_xml(std::string_view xml);

}  // namespace Atoll
