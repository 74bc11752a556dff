#pragma once

#include <string>

namespace Atoll {

// What `atoll --version` prints: the version, and what is built in and what is not.
std::string version_text();

}  // namespace Atoll
