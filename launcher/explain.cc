// atoll explain: why something in a cluster is as it is.

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "launcher/command.h"
#include "launcher/commands.h"
#include "launcher/explain_search.h"
#include "launcher/find_cluster.h"
#include "launcher/into_job.h"
#include "launcher/say.h"
#include "runtime/base/nodelist.h"

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

Status check(const std::string& typed, const std::vector<Found>& found) {
  if (found.empty())
    return Status(Code::kNotFound, "nothing is known of \"" + typed +
                                       "\": it ended long ago, or never was; atoll list prints what there is");
  std::vector<std::string> ids;
  for (const Found& each : found)
    if (each.id != found.front().id) ids.push_back(each.id);
  if (ids.empty()) return Status();
  ids.insert(ids.begin(), found.front().id);
  return Status(Code::kInvalidArgument, "\"" + typed + "\" may be any of " + join_names(ids) + "; say more of it");
}

std::vector<std::string> sentences_of(const Found& found) {
  return found.is_ref ? explain_ref(found.id, found.facts) : explain(found.thing, found.facts);
}

std::string kind_of(const Found& found) { return found.is_ref ? "refs" : info_of(found.thing.kind).name; }

void print_text(const std::vector<Found>& found) {
  for (const Found& each : found)
    for (const std::string& sentence : sentences_of(each)) std::cout << sentence << "\n";
  std::cout << std::flush;
}

void print_json(const std::vector<Found>& found, const std::vector<std::string>& warnings) {
  using nlohmann::ordered_json;
  ordered_json object = {{"found", ordered_json::array()}};
  for (const Found& each : found) {
    StateTable table;
    StateRow row;
    for (const StateColumn& column : info_of(each.thing.kind).columns) {
      table.columns.push_back(&column);
      const auto cell = each.thing.cells.find(column.key);
      row.cells.push_back(cell == each.thing.cells.end() ? StateCell() : cell->second);
    }
    ordered_json entry;
    row_to_json(table, row, entry);
    object["found"].push_back({{"kind", kind_of(each)},
                               {"id", each.id},
                               {"text", sentences_of(each)},
                               {"row", each.is_ref ? ordered_json(nullptr) : entry}});
  }
  object["warnings"] = warnings;
  std::cout << object.dump(2, ' ', false, ordered_json::error_handler_t::replace) << "\n" << std::flush;
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
  if (const Status status = check(command.id, *found); !status.ok()) return fail(status);
  if (command.json)
    print_json(*found, search.warnings());
  else
    print_text(*found);
  return kExitOk;
}

}  // namespace

void add_explain(CLI::App& app, CommandLine& line) {
  auto command = std::make_shared<ExplainCommand>();
  Command explain(app, "explain", "Say why a node, worker, actor, task, object or group is as it is, and what to try");
  explain.add("id", command->id, "as atoll list prints it, or a node's, an actor's or a group's name").required();
  explain.add("--json", command->json, "print JSON; see atoll-explain(1)");
  command->choice.add_to(explain);
  explain.run([command, &line] { line.exit_code = execute(*command, line); });
}

}  // namespace Atoll
