#include "launcher/log_search.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "launcher/look.h"

namespace Atoll {

Result<std::set<std::string>> LogSearch::values(StateKind kind, const std::string& filter, const std::string& column) {
  ListOptions options;
  options.kind = info_of(kind).name;
  options.filters = {filter};
  options.columns = column;
  options.limit = static_cast<int>(kMostRows);
  Result<ListRequest> request = make_list_request(options);
  if (!request.ok()) return request.status();
  Result<StateTable> table = look(client_, *request, patience_);
  if (!table.ok()) return table.status();
  std::set<std::string> found;
  for (const StateRow& row : table->rows) found.insert(row.cells.at(0).text);
  return found;
}

Status LogSearch::look_up(const std::vector<std::string>& typed) {
  words_.clear();
  for (const std::string& each : typed) {
    LogWord word{each, {}, {}};
    for (const char* key : {"name", "class"}) {
      Result<std::set<std::string>> actors = values(StateKind::kActors, std::string(key) + "=" + each, "id");
      if (!actors.ok()) return actors.status();
      word.actors.merge(*actors);
    }
    if (each.find('-') != std::string::npos && each.find_first_not_of("0123456789abcdef-") == std::string::npos) {
      Result<std::set<std::string>> processes = values(StateKind::kTasks, "id=" + each, "process");
      if (!processes.ok()) return processes.status();
      word.processes = std::move(*processes);
      word.processes.erase("");
    }
    words_.push_back(std::move(word));
  }
  return Status();
}

Result<LogSearch::Found> LogSearch::find(bool may_come) {
  StateClient::Logs all = client_.list_logs(patience_);
  Found found;
  for (const std::string& who : all.silent)
    found.remarks.push_back(who + " does not answer: the logs that it keeps are missing");
  found.remarks.insert(found.remarks.end(), all.remarks.begin(), all.remarks.end());
  if (words_.empty()) {
    found.logs = std::move(all.logs);
    return found;
  }
  std::set<std::size_t> places;
  for (const LogWord& word : words_) {
    const std::vector<std::size_t> meant = logs_of(word, all.logs);
    if (meant.empty() && !may_come)
      return Status(Code::kNotFound, "no log is kept of \"" + word.typed +
                                         "\": it has printed nothing, its log is gone, or it never was; "
                                         "atoll logs --list shows what there is");
    places.insert(meant.begin(), meant.end());
  }
  for (const std::size_t place : places) found.logs.push_back(std::move(all.logs[place]));
  return found;
}

nlohmann::ordered_json log_to_json(const StateClient::Log& log) {
  const LogRecord& record = log.record;
  return {{"node", log.node},
          {"pid", record.pid},
          {"id", to_string(record.process)},
          {"name", record.name},
          {"actor", record.actor.is_none() ? "" : to_string(record.actor)},
          {"bytes", record.end},
          {"kept", record.end - record.begin},
          {"ended", record.ended}};
}

}  // namespace Atoll
