#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "runtime/base/fixed.h"

namespace Atoll {

// Packs `fractions`, each above 0 and below 1, into devices with `free` parts:
// the device of each, or none. Best fit, biggest first; where that fails, by
// dynamic programming, which is exact while the number of states, the product of
// (fractions of a size + 1), is at most `most_states` (0: best fit alone).
std::optional<std::vector<int>> pack_fractions(const std::vector<Fixed>& free, const std::vector<Fixed>& fractions,
                                               std::size_t most_states);

}  // namespace Atoll
