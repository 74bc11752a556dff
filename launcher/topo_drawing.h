#pragma once

#include <string>
#include <vector>

#include "launcher/topo_text.h"
#include "topology/islands.h"

namespace Atoll {

// The two drawings of `atoll topo`, for a terminal of kTopoWidth columns.

// NUMA nodes as boxes side by side, in them a small box for each GPU, with its number above the letter of its island
// and a "*" if it is in `picked`, and the names of the NICs.
std::string draw_numa(const Machine& machine, const std::vector<Island>& islands, const std::vector<int>& picked,
                      Glyphs glyphs);

// Who is joined to whom, and by how many lanes; "s" before the number through a switch. Where all GPUs do not fit in a
// line: each island on its own that is not uniform; where that does not either, a sentence.
std::string draw_links(const Machine& machine, const std::vector<Island>& islands, Glyphs glyphs);

}  // namespace Atoll
