#pragma once

#include <optional>
#include <string>

namespace Atoll {

// What the file holds; nothing if it cannot be opened or read to its end: it is a folder, or a file of /proc whose
// process ended meanwhile. (A std::istreambuf_iterator throws then.)
std::optional<std::string> read_file(const std::string& path);

}  // namespace Atoll
