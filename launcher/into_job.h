#pragma once

#include <string>
#include <vector>

#include "launcher/commands.h"
#include "runtime/base/environment.h"
#include "runtime/base/status.h"

namespace Atoll {

// How a command is run on the first node of another job: a task of a step that takes nothing from the job's others.
struct IntoJob {
  std::vector<std::string> argv;
  Environment environment;
};

// Pure. `words` are the command's own, with --job among them; `columns` of the terminal, 0 if there is none;
// `on_terminal`: the command draws on it and reads its keys.
// kInvalidArgument when `job` is no job's id, kUnavailable without an srun.
Result<IntoJob> plan_into_job(const std::string& job, const std::vector<std::string>& words,
                              const Environment& environment, const std::string& srun, const std::string& atoll,
                              int columns, bool on_terminal = false);

// Whether `job` is another than the one that this environment is in.
bool is_elsewhere(const std::string& job, const Environment& environment);

// Becomes that command. Returns the exit code if it cannot.
int run_into_job(const std::string& job, const CommandLine& line, bool on_terminal = false);

}  // namespace Atoll
