// atoll status: how a cluster is.

#include <iostream>
#include <memory>

#include "launcher/command.h"
#include "launcher/commands.h"
#include "launcher/say.h"
#include "launcher/status_text.h"
#include "runtime/client/query.h"
#include "runtime/session/session.h"
#include "runtime/session/session_folder.h"
namespace Atoll {
namespace {

struct StatusCommand {
  std::string name;
  double wait = -1;
  double timeout = 5;
  bool json = false;
};

Duration to_duration(double value) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(value));
}

// A name is a folder beside the others of this job.
Environment with_name(Environment environment, const std::string& name) {
  if (name.empty()) return environment;
  const std::string prefix = session_job(environment) + "-";
  environment["ATOLL_SESSION"] = sessions_path(environment) + "/" + (name.starts_with(prefix) ? name : prefix + name);
  return environment;
}

// In a job that was promised a cluster one waits for it.
double default_wait(const Environment& environment) { return is_promised_cluster(environment) ? 60 : 0; }

Result<StatusReport> ask(const StatusCommand& command) {
  const Environment environment = with_name(current_environment(), command.name);
  const double wait = command.wait >= 0 ? command.wait : default_wait(environment);
  Result<Session> session =
      wait > 0 ? wait_for_session(environment, now() + to_duration(wait)) : find_session(environment);
  if (!session.ok()) return session.status();
  return query_status(*session, to_duration(command.timeout));
}

int execute(const StatusCommand& command) {
  const Result<StatusReport> report = ask(command);
  if (!report.ok()) {
    say_error(report.status().message());
    return report.status().code() == Code::kInvalidArgument ? kExitUsage : kExitFailure;
  }
  std::cout << (command.json ? status_to_json(*report) : status_to_text(*report)) << std::flush;
  return kExitOk;
}

}  // namespace

void add_status(CLI::App& app, CommandLine& line) {
  auto command = std::make_shared<StatusCommand>();
  Command status(app, "status", "Show the nodes of a cluster, what they have and what uses it");
  status.add("--name", command->name, "which cluster (default: ATOLL_SESSION, or the only one of this job)");
  status.add("--json", command->json, "print JSON; see atoll-status(1)");
  status.add("--wait", command->wait,
             "seconds to wait for a cluster that is coming up (default 0; 60 in a job with --atoll)")
      .not_below_zero();
  status.add("--timeout", command->timeout, "seconds to wait for the head's answer (default 5)").above_zero();
  status.run([command, &line] { line.exit_code = execute(*command); });
}

}  // namespace Atoll
