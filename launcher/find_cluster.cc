#include "launcher/find_cluster.h"

#include "runtime/session/session_folder.h"

namespace Atoll {
namespace {

// A name is a folder beside the others of this job.
Environment with_name(Environment environment, const std::string& name) {
  if (name.empty()) return environment;
  const std::string prefix = session_job(environment) + "-";
  environment["ATOLL_SESSION"] = sessions_path(environment) + "/" + (name.starts_with(prefix) ? name : prefix + name);
  return environment;
}

// In a job that was promised a cluster one waits for it.
double default_wait(const Environment& environment) { return is_promised_cluster(environment) ? 60 : 0; }

}  // namespace

Duration to_duration(double value) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(value));
}

void ClusterChoice::add_to(Subcommand& command) {
  command.add("--name", name, "which cluster (default: ATOLL_SESSION, or the only one of this job)");
  command.add("--job", job, "Slurm's id of the job that it is in: asks there, through srun (default: this one)");
  command.add("--wait", wait, "seconds to wait for a cluster that is coming up (default 0; 60 in a job with --atoll)")
      .not_below_zero();
  command.add("--timeout", timeout, "seconds to wait for the head's answer (default 5)").above_zero();
}

Result<Session> find_cluster(const ClusterChoice& choice) {
  const Environment environment = with_name(current_environment(), choice.name);
  const double wait = choice.wait >= 0 ? choice.wait : default_wait(environment);
  return wait > 0 ? wait_for_session(environment, now() + to_duration(wait)) : find_session(environment);
}

}  // namespace Atoll
