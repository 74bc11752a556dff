#pragma once

#include <string>
#include <vector>

#include "topology/nvidia_smi_header.h"
#include "topology/nvidia_smi_lines.h"

namespace Atoll {

// What one row of a matrix says, as printed.
struct SmiRow {
  int line = 0;
  std::string device;              // "GPU0", "NIC0", "mlx5_0"
  std::vector<std::string> cells;  // by the header's columns; "" where nothing is known; may end early
  std::string cpu_affinity, numa_affinity, gpu_numa;  // "" where nothing is printed
};

// Takes a row below `header` apart. Tabs, where there are any, say which cell is empty; without them an affinity that
// is missing is told by where the others stand. The last cell of a cut line is not believed.
SmiRow read_smi_row(const SmiLine& line, const SmiHeader& header);

}  // namespace Atoll
