#include "launcher/into_job.h"

#include <unistd.h>

#include <cerrno>

#include "launcher/say.h"
#include "launcher/site.h"
#include "launcher/terminal.h"

namespace Atoll {
namespace {

std::vector<std::string> without_job(const std::vector<std::string>& words) {
  std::vector<std::string> left;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--job")
      ++i;
    else if (!words[i].starts_with("--job="))
      left.push_back(words[i]);
  }
  return left;
}

// Of where we are nothing is to reach the step but how to find the controller.
bool is_kept(const std::string& name) {
  if (name == "SLURM_CONF" || name == "SLURM_JWT" || name == "SLURM_CLUSTERS") return true;
  for (const char* prefix : {"SLURM_", "SLURMD_", "SRUN_", "PMI", "OMPI_", "ATOLL_SESSION", "ATOLL_JOB", "ATOLL_SPEC"})
    if (name.starts_with(prefix)) return false;
  return true;
}

}  // namespace

bool is_elsewhere(const std::string& job, const Environment& environment) {
  return !job.empty() && job != lookup(environment, "SLURM_JOB_ID");
}

Result<IntoJob> plan_into_job(const std::string& job, const std::vector<std::string>& words,
                              const Environment& environment, const std::string& srun, const std::string& atoll,
                              int columns, bool on_terminal) {
  if (job.empty() || job.find_first_not_of("0123456789_+") != std::string::npos)
    return Status(Code::kInvalidArgument,
                  "--job=" + job + " is no job's id, such as 4711 or 4711_3; squeue --me lists yours");
  if (srun.empty())
    return Status(Code::kUnavailable, "there is no srun on this host, by which job " + job +
                                          " could be asked; add Slurm's "
                                          "commands to PATH, or run this on a node of the job");
  IntoJob plan;
  // Each is said, since the site or the environment may have another default.
  plan.argv = {srun,
               "--jobid=" + job,
               "--overlap",
               "--quiet",
               "-N",
               "1",
               "-n",
               "1",
               "--ntasks-per-node=1",
               "--relative=0",
               "--cpu-bind=none",
               "--gpu-bind=none",
               "--mpi=none",
               "--export=ALL"};
  if (on_terminal)
    plan.argv.push_back("--pty");
  else
    plan.argv.insert(plan.argv.end(), {"--input=none", "--unbuffered"});
  plan.argv.insert(plan.argv.end(), {"-J", "atoll-look", atoll});
  for (std::string& word : without_job(words)) plan.argv.push_back(std::move(word));
  for (const auto& [name, value] : environment)
    if (is_kept(name)) plan.environment[name] = value;
  if (columns > 0) plan.environment["COLUMNS"] = std::to_string(columns);
  return plan;
}

int run_into_job(const std::string& job, const CommandLine& line, bool on_terminal) {
  const Environment environment = current_environment();
  const std::string srun = find_program("srun", lookup(environment, "PATH"));
  const Result<IntoJob> plan = plan_into_job(job, line.words, environment, srun, own_path(), on_terminal ? 0 : terminal_columns(), on_terminal);
  if (!plan.ok()) {
    say_error(plan.status().message());
    return plan.status().code() == Code::kInvalidArgument ? kExitUsage : kExitFailure;
  }
  std::vector<std::string> settings;
  for (const auto& [name, value] : plan->environment) settings.push_back(name + "=" + value);
  std::vector<char*> argv, envp;
  for (const std::string& word : plan->argv) argv.push_back(const_cast<char*>(word.c_str()));
  for (const std::string& setting : settings) envp.push_back(const_cast<char*>(setting.c_str()));
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  ::execve(argv[0], argv.data(), envp.data());
  say_error(errno_status(plan->argv[0], errno).message());
  return kExitFailure;
}

}  // namespace Atoll
