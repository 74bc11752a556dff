// atoll list: what is in a cluster.

#include <unistd.h>

#include <iostream>
#include <memory>
#include <thread>

#include "launcher/commands.h"
#include "launcher/find_cluster.h"
#include "launcher/into_job.h"
#include "launcher/look.h"
#include "launcher/say.h"
#include "launcher/subcommand.h"
#include "launcher/terminal.h"

namespace Atoll {
namespace {

struct ListCommand {
  ClusterChoice choice;
  ListOptions options;
  std::string watch;  // seconds
  bool watches = false;
};

constexpr double kWatchEach = 2;

Result<double> watch_interval(const ListCommand& command) {
  if (command.watch.empty()) return kWatchEach;
  char* end = nullptr;
  const double interval = std::strtod(command.watch.c_str(), &end);
  if (*end == '\0' && interval >= 0.1 && interval <= 86400) return interval;
  return Status(Code::kInvalidArgument, "--watch=" + command.watch + " is no number of seconds from 0.1 to 86400");
}

int fail(const Status& status) {
  say_error(status.message());
  return status.code() == Code::kInvalidArgument ? kExitUsage : kExitFailure;
}

Status show(StateClient& client, const ListCommand& command, const ListRequest& request) {
  Result<StateTable> table = look(client, request, to_duration(command.choice.timeout));
  if (!table.ok()) return table.status();
  const bool anew = command.watches && !command.options.json && terminal_columns() > 0;
  std::cout << (anew ? "\033[H\033[J" : "")
            << (command.options.json ? table_to_json(*table, command.watches ? -1 : 2)
                                     : table_to_text(*table, static_cast<std::size_t>(table_width()), request.chosen))
            << std::flush;
  for (const std::string& warning : table->warnings) say_warning(warning);
  return Status();
}

int execute(const ListCommand& command, const CommandLine& line) {
  const Result<ListRequest> request = make_list_request(command.options);
  if (!request.ok()) return fail(request.status());
  const Result<double> interval = watch_interval(command);
  if (!interval.ok()) return fail(interval.status());
  if (is_elsewhere(command.choice.job, current_environment())) return run_into_job(command.choice.job, line);
  Result<Session> session = find_cluster(command.choice);
  if (!session.ok()) return fail(session.status());
  const Duration timeout = to_duration(command.choice.timeout);
  Result<std::unique_ptr<StateClient>> client = StateClient::open(*session, timeout);
  if (!client.ok()) return fail(client.status());
  while (true) {
    if (const Status shown = show(**client, command, *request); !shown.ok()) return fail(shown);
    if (!command.watches || !std::cout) return std::cout ? kExitOk : kExitFailure;
    std::this_thread::sleep_for(to_duration(*interval));
    if (const Status found = (*client)->find_peers(timeout); !found.ok()) return fail(found);
  }
}

std::string kinds() {
  std::string names;
  for (const StateKindInfo& info : state_kinds()) names += (names.empty() ? "" : ", ") + std::string(info.name);
  return names;
}

}  // namespace

void add_list(CLI::App& app, CommandLine& line) {
  auto command = std::make_shared<ListCommand>();
  Subcommand list(app, "list", "List the nodes, workers, actors, tasks, objects or groups of a cluster");
  list.add("kind", command->options.kind, "what: " + kinds()).required();
  list.add("--filter", command->options.filters,
           "only those with key=value, or !=, <, <=, >, >=, ~ (contains); again for more");
  list.add("--sort", command->options.sort, "order by a key; --sort=-key: the largest first");
  list.add("--limit", command->options.limit, "how many (default 100)");
  list.add("--columns", command->options.columns, "keys to show, with commas; atoll-list(1) has them all");
  list.add("--json", command->options.json, "print JSON with all keys; see atoll-list(1)");
  const CommandOption watch =
      list.add_bare("--watch", command->watch, "print again every 2 seconds, or --watch=SECONDS");
  command->choice.add_to(list);
  list.run([command, watch, &line] {
    command->watches = watch.given();
    line.exit_code = execute(*command, line);
  });
}

}  // namespace Atoll
