#pragma once

#include <string_view>

#include "runtime/base/status.h"
#include "topology/machine.h"

namespace Atoll {

// Whether any line of the text looks like something that parse_nvidia_smi() reads.
bool looks_like_nvidia_smi(std::string_view text);

// The machine that a text of nvidia-smi describes: `topo -m`, `topo -p2p`, `-L`, `-q`, or several of them one after the
// other, with command lines or anything else between. Links come from `topo -m` only; without it there are none, and a
// warning. Names, UUIDs and PCI addresses come from -L and -q, the fabric from -q. kInvalidArgument, "line N: …".
Result<Machine> parse_nvidia_smi(std::string_view text);

}  // namespace Atoll
