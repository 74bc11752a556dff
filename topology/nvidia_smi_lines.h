#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/status.h"

namespace Atoll {

// A line of what nvidia-smi printed, without colours and line end.
struct SmiLine {
  int number = 0;  // from 1
  std::string text;
  bool cut = false;  // the text ends here without a line end
};

// The lines that are not blank. Terminal escapes ("ESC[4m", and "[4m" where the ESC was lost) are taken out; so are the
// task numbers of srun -l ("0: "). Lines may end in LF, CR LF or CR.
// kInvalidArgument for more than 500,000 of them.
Result<std::vector<SmiLine>> read_smi_lines(std::string_view text);

// "line N: why", kInvalidArgument.
Status smi_error(const SmiLine& line, const std::string& why);

}  // namespace Atoll
