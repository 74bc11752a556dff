#pragma once

#include <string>

#include "runtime/base/status.h"

namespace Atoll {

// What tells one build of a program from another: the build id that the linker
// wrote into the ELF file, in hexadecimal, else the SHA-256 of the whole file.
Result<std::string> build_id_of(const std::string& path);

}  // namespace Atoll
