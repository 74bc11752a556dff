#pragma once

#include <map>
#include <string>

namespace Atoll {

// A process environment as a value, so that what reads it can be tested.
using Environment = std::map<std::string, std::string>;

// A copy of this process's environment. Of a name that occurs twice the first counts, as for getenv.
Environment current_environment();

// The value of `name`, or "" when it is unset or empty.
const std::string& lookup(const Environment& environment, const std::string& name);

// The non-negative whole number in `name`; -1 when it is unset, empty or anything else.
long lookup_number(const Environment& environment, const std::string& name);

}  // namespace Atoll
