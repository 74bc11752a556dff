// atoll explain: why something in a cluster is as it is.

#include <iostream>
#include <memory>

#include "launcher/commands.h"
#include "launcher/explain_json.h"
#include "launcher/find_cluster.h"
#include "launcher/into_job.h"
#include "launcher/say.h"
#include "launcher/subcommand.h"

namespace Atoll {
namespace {

struct ExplainCommand {
  ClusterChoice choice;
  std::string id;
  bool json = false;
};

using Found = ExplainSearch::Found;

int fail(const Status& status) {
  say_error(status.message());
  return status.code() == Code::kInvalidArgument ? kExitUsage : kExitFailure;
}

void print_text(const std::vector<Found>& found) {
  for (const Found& each : found)
    for (const std::string& sentence : sentences_of(each)) std::cout << sentence << "\n";
  std::cout << std::flush;
}

int execute(const ExplainCommand& command, const CommandLine& line) {
  if (is_elsewhere(command.choice.job, current_environment())) return run_into_job(command.choice.job, line);
  Result<Session> session = find_cluster(command.choice);
  if (!session.ok()) return fail(session.status());
  const Duration timeout = to_duration(command.choice.timeout);
  Result<std::unique_ptr<StateClient>> client = StateClient::open(*session, timeout);
  if (!client.ok()) return fail(client.status());
  ExplainSearch search(**client, timeout);
  const Result<std::vector<Found>> found = search.find(command.id);
  for (const std::string& warning : search.warnings()) say_warning(warning);
  if (!found.ok()) return fail(found.status());
  if (const Status status = check_found(command.id, *found); !status.ok()) return fail(status);
  if (command.json)
    std::cout << found_to_json(*found, search.warnings(), 2) << std::flush;
  else
    print_text(*found);
  return kExitOk;
}

}  // namespace

void add_explain(CLI::App& app, CommandLine& line) {
  auto command = std::make_shared<ExplainCommand>();
  Subcommand explain(app, "explain", "Say why a node, worker, actor, task, object or group is as it is, and what to try");
  explain.add("id", command->id, "as atoll list prints it, or a node's, an actor's or a group's name").required();
  explain.add("--json", command->json, "print JSON; see atoll-explain(1)");
  command->choice.add_to(explain);
  explain.run([command, &line] { line.exit_code = execute(*command, line); });
}

}  // namespace Atoll
