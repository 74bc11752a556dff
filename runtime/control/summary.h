#pragma once

#include <string>

#include "runtime/base/clock.h"
#include "runtime/wire/totals.h"

namespace Atoll {

// What a cluster did in its `life`, for a person at its end: two lines that begin with "atoll: ".
std::string summary_of(const ClusterTotals& totals, Duration life);

}  // namespace Atoll
