#pragma once

#include <optional>
#include <string>

#include "launcher/topo_pick.h"
#include "topology/machine.h"

namespace Atoll {

// The machine as one SVG file that needs no other: NUMA nodes as boxes, in them GPUs coloured by island and NICs;
// direct links as curves, the wider the more lanes; a switch as a hub of the GPUs behind it; picked GPUs with a heavy
// border and their place in the ring. Of more than kMostSvgLinks links the first are drawn, and a line says so. Foreign
// text is escaped.
inline constexpr std::size_t kMostSvgLinks = 4000;
std::string topo_to_svg(const Machine& machine, const std::optional<TopoPick>& pick);

}  // namespace Atoll
