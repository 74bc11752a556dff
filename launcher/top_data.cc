#include "launcher/top_data.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace Atoll {
namespace {

// A row by its keys. What is not known is 0 or "".
class Row {
 public:
  Row(const StateTable& table, const StateRow& row) : table_(table), row_(row) {}

  double number(const char* key) const { return cell(key).kind == CellKind::kNumber ? cell(key).number : 0; }
  bool knows(const char* key) const { return cell(key).kind != CellKind::kNone; }
  std::string text(const char* key) const { return cell(key).text; }
  std::vector<std::string> list(const char* key) const { return cell(key).list; }

 private:
  const StateCell& cell(const std::string& key) const {
    static const StateCell kNone;
    const auto column = std::ranges::find(table_.columns, key, &StateColumn::key);
    const auto place = static_cast<std::size_t>(column - table_.columns.begin());
    return place < row_.cells.size() ? row_.cells[place] : kNone;
  }

  const StateTable& table_;
  const StateRow& row_;
};

TopNode node_of(const Row& row) {
  TopNode node;
  node.name = row.text("node");
  node.state = row.text("state");
  node.cpu = row.number("cpu");
  node.gpu = row.number("gpu");
  node.memory = row.number("memory");
  if (!node.alive()) return node;
  node.cpu_held = node.cpu - row.number("cpu_free");
  node.gpu_held = node.gpu - row.number("gpu_free");
  node.arena = row.number("object_memory");
  node.arena_used = row.number("object_memory_used");
  node.workers = row.number("workers");
  node.actors = row.number("actors");
  node.leases = row.number("leases");
  node.waiting = row.number("waiting") + row.number("objects_waiting");
  return node;
}

struct ActorWords {
  std::string words;
  double restarts = 0;
};

// By id: "actor Counter tally".
std::map<std::string, ActorWords> actors_of(const StateTable& table) {
  std::map<std::string, ActorWords> actors;
  for (const StateRow& each : table.rows) {
    const Row row(table, each);
    const std::string name = row.text("name");
    actors[row.text("id")] = {"actor " + row.text("class") + (name.empty() ? "" : " " + name), row.number("restarts")};
  }
  return actors;
}

std::map<std::string, double> cpu_seconds_of(const StateTable& workers) {
  std::map<std::string, double> seconds;
  for (const StateRow& each : workers.rows) {
    const Row row(workers, each);
    if (row.knows("cpu_seconds")) seconds[row.text("id")] = row.number("cpu_seconds");
  }
  return seconds;
}

TopProcess process_of(const Row& row, const std::map<std::string, ActorWords>& actors) {
  TopProcess process;
  process.id = row.text("id");
  process.node = row.text("node");
  if (row.knows("pid")) process.pid = std::to_string(static_cast<std::uint64_t>(row.number("pid")));
  process.state = row.text("state");
  process.work = row.text("work");
  process.memory = row.number("memory");
  process.is_actor = row.knows("actor");
  for (const std::string& gpu : row.list("gpus")) process.gpus += (process.gpus.empty() ? "" : ",") + gpu;
  if (const auto actor = actors.find(row.text("actor")); process.is_actor && actor != actors.end()) {
    process.work = actor->second.words;
    process.restarts = actor->second.restarts;
  }
  return process;
}

// Rounded to what a clock of 100 ticks a second can tell.
double hundredths(double value) { return std::round(value * 100) / 100; }

// What is whole is written so.
nlohmann::ordered_json number(double value) {
  if (value == std::floor(value) && std::abs(value) < 9e15) return static_cast<std::int64_t>(value);
  return value;
}

nlohmann::ordered_json json_of(const TopNode& node) {
  return {{"node", node.name},
          {"state", node.state},
          {"cpu", number(node.cpu)},
          {"cpu_held", number(node.cpu_held)},
          {"cpu_used", number(hundredths(node.cpu_used))},
          {"gpu", number(node.gpu)},
          {"gpu_held", number(node.gpu_held)},
          {"memory", number(node.memory)},
          {"memory_used", number(node.memory_used)},
          {"object_memory", number(node.arena)},
          {"object_memory_used", number(node.arena_used)},
          {"workers", number(node.workers)},
          {"actors", number(node.actors)},
          {"leases", number(node.leases)},
          {"waiting", number(node.waiting)}};
}

nlohmann::ordered_json json_of(const TopProcess& process) {
  return {{"id", process.id},
          {"node", process.node},
          {"pid", process.pid.empty() ? 0 : std::stoull(process.pid)},
          {"state", process.state},
          {"work", process.work},
          {"cpu_used", number(hundredths(process.cpu_used))},
          {"memory", number(process.memory)},
          {"gpus", process.gpus},
          {"restarts", number(process.restarts)}};
}

}  // namespace

std::vector<ListOptions> top_questions() {
  const auto all = [](const char* kind, const char* columns) {
    ListOptions options;
    options.kind = kind;
    options.columns = columns;
    options.limit = static_cast<int>(kMostRows);
    return options;
  };
  return {all("nodes", "node,state,cpu,cpu_free,gpu,gpu_free,memory,memory_free,workers,actors,leases,waiting,object_memory,"
                       "object_memory_used,objects_waiting"),
          all("workers", "id,node,pid,state,work,seconds,memory,cpu_seconds,gpus,actor"), all("actors", "id,name,class,restarts"),
          all("requests", "count")};
}

TopData make_top(const std::string& cluster, const TopLook& now, const TopLook* before) {
  TopData data;
  data.cluster = cluster;
  for (const StateRow& row : now.nodes.rows) data.nodes.push_back(node_of({now.nodes, row}));
  const std::map<std::string, ActorWords> actors = actors_of(now.actors);
  const double passed = before == nullptr ? 0 : now.taken - before->taken;
  const auto earlier = passed > 0 ? cpu_seconds_of(before->workers) : std::map<std::string, double>();
  for (const StateRow& each : now.workers.rows) {
    const Row row(now.workers, each);
    TopProcess process = process_of(row, actors);
    const double had = row.number("cpu_seconds"), age = row.number("seconds");
    if (const auto then = earlier.find(process.id); then != earlier.end())
      process.cpu_used = std::max(0.0, had - then->second) / passed;
    else if (age > 0)
      process.cpu_used = had / age;
    const auto node = std::ranges::find(data.nodes, process.node, &TopNode::name);
    if (node != data.nodes.end()) {
      node->cpu_used += process.cpu_used;
      node->memory_used += process.memory;
    }
    data.processes.push_back(std::move(process));
  }
  for (const StateRow& row : now.requests.rows) data.requests += Row(now.requests, row).number("count");
  data.warnings = now.workers.warnings;
  return data;
}

std::string top_to_json(const TopData& data) {
  nlohmann::ordered_json out = {{"cluster", data.cluster}, {"requests", number(data.requests)}};
  out["nodes"] = nlohmann::ordered_json::array();
  out["processes"] = nlohmann::ordered_json::array();
  for (const TopNode& node : data.nodes) out["nodes"].push_back(json_of(node));
  for (const TopProcess& process : data.processes) out["processes"].push_back(json_of(process));
  out["warnings"] = data.warnings;
  return out.dump(2) + "\n";
}

}  // namespace Atoll
