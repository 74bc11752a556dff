#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/topo_pick.h"
#include "runtime/base/environment.h"
#include "topology/machine.h"

namespace Atoll {

// What lines are drawn with on a terminal.
enum class Glyphs { kAscii, kUnicode };

// By the locale: kUnicode if LC_ALL, else LC_CTYPE, else LANG (the first that is set) names UTF-8.
Glyphs glyphs_of(const Environment& environment);

// What `atoll topo` prints for people: a table of the GPUs, a drawing of the NUMA nodes, the islands, the matrix of
// links, the pick if there is one, warnings last. No line but a warning is wider than kTopoWidth columns. Foreign text
// cannot move the cursor.
inline constexpr std::size_t kTopoWidth = 100;
std::string topo_to_text(const Machine& machine, const std::optional<TopoPick>& pick, Glyphs glyphs);

}  // namespace Atoll
