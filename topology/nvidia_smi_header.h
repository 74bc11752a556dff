#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/status.h"
#include "topology/nvidia_smi_lines.h"

namespace Atoll {

enum class SmiTitle : std::uint8_t { kCpuAffinity, kNumaAffinity, kGpuNuma };

// The first line of a matrix.
struct SmiHeader {
  struct Title {
    SmiTitle title;
    std::size_t column;  // of its first letter, from 0
  };
  std::vector<std::string> devices;  // in the order of the columns
  std::vector<Title> titles;         // those behind the devices, in order
  bool tabs = false;                 // the line holds tabs: columns of titles mean nothing
};

// None if the line is no such header. Devices may be glued together, "GPU0GPU1mlx5_0".
std::optional<SmiHeader> read_smi_header(std::string_view line);

// Whether the word is a cell of a matrix: X, SYS, NV4, OK and the like.
bool is_smi_cell(std::string_view word);

}  // namespace Atoll
