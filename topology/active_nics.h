#pragma once

#include <string>

#include "topology/machine.h"

namespace Atoll {

// Takes those NICs out of a live machine whose first port is not active, as `folder`/NAME/ports/1/state tells: who is
// confined to such a one reaches nobody. NICs that are not there (Slingshot's) stay.
void drop_inactive_nics(Machine& machine, const std::string& folder = "/sys/class/infiniband");

}  // namespace Atoll
