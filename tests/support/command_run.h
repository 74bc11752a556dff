#pragma once

#include <string>
#include <vector>

#include "launcher/commands.h"

namespace Atoll::testing {

struct Ran {
  int exit_code = -1;
  std::string out;
};

// Runs the command that `add` adds, "atoll WORDS", in this process; wrong usage that CLI11 finds is what main makes of it.
Ran run_command(void (*add)(CLI::App& app, CommandLine& line), const std::vector<std::string>& words);

}  // namespace Atoll::testing
