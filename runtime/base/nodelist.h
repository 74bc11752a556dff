#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/status.h"

namespace Atoll {

// The node names that Slurm writes as "n[1-3,7],gpu[001-010],a[1-2]b[3-4]", in Slurm's order: that of the ranks of a
// step with one task a node. A later bracket runs faster. kInvalidArgument says what is malformed; more than kMaxNodes
// is.
inline constexpr std::size_t kMaxNodes = 1'000'000;
Result<std::vector<std::string>> expand_nodelist(std::string_view list);

// The names as Slurm writes them, "n[1-3,7],login", in the order of names and numbers; a name stands once. Each has at
// most one bracket, of the digits it ends with. expand_nodelist() gives them back.
std::string fold_nodelist(std::vector<std::string> names);

// For people: "n1, n2, n3 and 5 more".
std::string join_names(const std::vector<std::string>& names, std::size_t most = 8);

}  // namespace Atoll
