// atoll status: how a cluster is.

#include <iostream>
#include <memory>

#include "launcher/commands.h"
#include "launcher/find_cluster.h"
#include "launcher/into_job.h"
#include "launcher/say.h"
#include "launcher/status_text.h"
#include "launcher/subcommand.h"
#include "runtime/client/query.h"

namespace Atoll {
namespace {

struct StatusCommand {
  ClusterChoice choice;
  bool json = false;
};

Result<StatusReport> ask(const StatusCommand& command) {
  Result<Session> session = find_cluster(command.choice);
  if (!session.ok()) return session.status();
  return query_status(*session, to_duration(command.choice.timeout));
}

int execute(const StatusCommand& command, const CommandLine& line) {
  if (is_elsewhere(command.choice.job, current_environment())) return run_into_job(command.choice.job, line);
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
  Subcommand status(app, "status", "Show the nodes of a cluster, what they have and what uses it");
  command->choice.add_to(status);
  status.add("--json", command->json, "print JSON; see atoll-status(1)");
  status.run([command, &line] { line.exit_code = execute(*command, line); });
}

}  // namespace Atoll
