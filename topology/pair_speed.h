#pragma once

#include <string>

#include "topology/machine.h"

namespace Atoll {

// GB/s in one direction over `lanes` lanes between GPUs of these models: the slower model's lane counts.
double pair_gbps(LinkKind kind, const std::string& model, const std::string& other, int lanes);

}  // namespace Atoll
