#include "launcher/status_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "runtime/base/nodelist.h"
#include "runtime/base/words.h"
#include "runtime/scheduler/group.h"
#include "runtime/state/cells.h"

namespace Atoll {
namespace {

using nlohmann::ordered_json;
using Row = std::vector<std::string>;

const char* word_of(NodeState state) {
  switch (state) {
    case NodeState::kJoining:
      return "joining";
    case NodeState::kAlive:
      return "alive";
    case NodeState::kDead:
      return "dead";
  }
  return "unknown";
}

const char* word_of(ActorState state) {
  switch (state) {
    case ActorState::kPending:
      return "pending";
    case ActorState::kStarting:
      return "starting";
    case ActorState::kAlive:
      return "alive";
    case ActorState::kRestarting:
      return "restarting";
    case ActorState::kDead:
      return "dead";
  }
  return "unknown";
}

const char* word_of(GroupState state) {
  switch (state) {
    case GroupState::kPending:
      return "pending";
    case GroupState::kCreated:
      return "created";
    case GroupState::kRescheduling:
      return "rescheduling";
    case GroupState::kInfeasible:
      return "infeasible";
    case GroupState::kRemoved:
      return "removed";
  }
  return "unknown";
}

std::string strategy_of(const GroupStatus& group) {
  return group.strategy > std::uint8_t(Strategy::kStrictSpread) ? "?" : to_string(Strategy(group.strategy));
}

std::string count(std::size_t number, const std::string& noun) {
  return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

std::string used_of(Fixed free, Fixed total) { return (total - free).to_string() + "/" + total.to_string(); }

std::string memory_of(const NodeStatus& node) {
  const std::uint64_t total = node.info.total.memory, free = std::min(node.usage.free.memory, total);
  return format_bytes(total - free) + " / " + format_bytes(total);
}

std::size_t alive_nodes(const StatusReport& report) {
  return static_cast<std::size_t>(std::count_if(report.nodes.begin(), report.nodes.end(), [](const NodeStatus& node) {
    return node.state == NodeState::kAlive;
  }));
}

std::string headline(const StatusReport& report) {
  return "cluster " + report.cluster + ": " + std::to_string(alive_nodes(report)) + " of " +
         count(report.expected_nodes, "node") + " alive, up " + format_seconds(report.uptime) + "; head on " +
         report.head_node + ", process " + std::to_string(report.head_pid) + "; " + count(report.drivers, "driver") +
         ", " + count(report.pending_leases, "request") + " waiting\n\n";
}

// What a dead node had is gone: its numbers would mislead.
Row row_of(const NodeStatus& node) {
  const std::string& name = node.info.name;
  if (node.state == NodeState::kDead) return {name, "dead", "-", "-", "-", "-", "-"};
  return {name,
          word_of(node.state),
          used_of(node.usage.free.cpu, node.info.total.cpu),
          used_of(node.usage.free.gpu, node.info.total.gpu),
          memory_of(node),
          std::to_string(node.usage.workers),
          std::to_string(node.usage.actors)};
}

std::string nodes_table(const StatusReport& report) {
  std::vector<Row> rows = {{"node", "state", "cpu used", "gpu used", "memory used", "workers", "actors"}};
  for (const NodeStatus& node : report.nodes) rows.push_back(row_of(node));
  return format_table(rows);
}

std::string node_name(const StatusReport& report, NodeId id) {
  for (const NodeStatus& node : report.nodes)
    if (node.node == id) return node.info.name;
  return "-";
}

std::string actors_table(const StatusReport& report) {
  if (report.actors.empty()) return "";
  std::vector<Row> rows = {{"actor", "name", "class", "state", "node", "start"}};
  for (const ActorStatus& actor : report.actors)
    rows.push_back({to_string(actor.actor), actor.name.empty() ? "-" : actor.name, actor.class_name,
                    word_of(actor.state), node_name(report, actor.node), std::to_string(actor.incarnation)});
  return "\n" + format_table(rows);
}

std::string groups_table(const StatusReport& report) {
  if (report.groups.empty()) return "";
  std::vector<Row> rows = {{"group", "name", "strategy", "state", "bundles", "nodes"}};
  for (const GroupStatus& group : report.groups) {
    std::vector<std::string> nodes;
    for (const NodeId node : group.nodes) nodes.push_back(node_name(report, node));
    rows.push_back({to_string(group.group), group.name.empty() ? "-" : group.name, strategy_of(group),
                    word_of(group.state), std::to_string(group.bundles), nodes.empty() ? "-" : join_names(nodes)});
  }
  return "\n" + format_table(rows);
}

std::string remarks(const StatusReport& report) {
  std::string text;
  for (const NodeStatus& node : report.nodes) {
    if (node.state == NodeState::kDead)
      text += "node " + node.info.name + " died " + format_seconds(node.changed_ago) + " ago: " + node.cause + "\n";
    for (const std::string& warning : node.info.warnings) text += "node " + node.info.name + ": " + warning + "\n";
  }
  for (const GroupStatus& group : report.groups)
    if (!group.why.empty()) text += "group " + to_string(group.group) + " is " + word_of(group.state) + ": " + group.why + "\n";
  for (const DeathNote& death : report.deaths)
    text += death.what + " ended " + format_seconds(death.ago) + " ago: " + death.cause + "\n";
  return text.empty() ? "" : "\n" + text;
}

ordered_json amounts(double total, double free) { return {{"total", total}, {"free", free}}; }

ordered_json gpus_json(const NodeStatus& node) {
  ordered_json gpus = ordered_json::array();
  for (std::size_t i = 0; i < node.info.gpus.size(); ++i) {
    const GpuRecord& gpu = node.info.gpus[i];
    ordered_json entry = {{"index", gpu.index}, {"uuid", gpu.uuid}, {"model", gpu.model}};
    entry["numa"] = gpu.numa < 0 ? ordered_json(nullptr) : ordered_json(gpu.numa);
    entry["free"] = i < node.usage.gpu_free.size() ? node.usage.gpu_free[i].to_double() : 0.0;
    gpus.push_back(std::move(entry));
  }
  return gpus;
}

ordered_json custom_json(const NodeStatus& node) {
  ordered_json custom = ordered_json::object();
  for (const auto& [name, total] : node.info.total.custom) {
    const auto free = node.usage.free.custom.find(name);
    custom[name] = amounts(total.to_double(), free == node.usage.free.custom.end() ? 0 : free->second.to_double());
  }
  return custom;
}

ordered_json node_json(const NodeStatus& node) {
  const Resources &total = node.info.total, &free = node.usage.free;
  ordered_json entry = {{"rank", static_cast<std::uint32_t>(node.node)},
                        {"name", node.info.name},
                        {"state", word_of(node.state)},
                        {"seconds", node.changed_ago},
                        {"pid", node.info.pid},
                        {"cpu", amounts(total.cpu.to_double(), free.cpu.to_double())},
                        {"gpu", amounts(total.gpu.to_double(), free.gpu.to_double())}};
  entry["memory"] = {{"total", total.memory}, {"free", free.memory}};
  entry["custom"] = custom_json(node);
  entry["gpus"] = gpus_json(node);
  entry["workers"] = node.usage.workers;
  entry["actors"] = node.usage.actors;
  entry["cause"] = node.state == NodeState::kDead ? ordered_json(node.cause) : ordered_json(nullptr);
  entry["warnings"] = node.info.warnings;
  return entry;
}

ordered_json actor_json(const StatusReport& report, const ActorStatus& actor) {
  const std::string node = node_name(report, actor.node);
  return {{"id", to_string(actor.actor)},
          {"name", actor.name},
          {"class", actor.class_name},
          {"state", word_of(actor.state)},
          {"node", node == "-" ? ordered_json(nullptr) : ordered_json(node)},
          {"starts", actor.incarnation},
          {"cause", actor.cause}};
}

ordered_json totals_json(const ClusterTotals& totals) {
  return {{"tasks", totals.work.tasks},
          {"calls", totals.work.calls},
          {"failed", totals.work.failed},
          {"retries", totals.work.retries},
          {"wait_seconds", totals.work.waits.seconds},
          {"wait_median", totals.work.waits.median()},
          {"actors", totals.actors},
          {"actor_restarts", totals.actor_restarts},
          {"workers_died", totals.workers_died},
          {"nodes_died", totals.nodes_died},
          {"cpu_seconds", totals.cpu_seconds},
          {"cpu_seconds_held", totals.cpu_seconds_held},
          {"gpu_seconds", totals.gpu_seconds},
          {"gpu_seconds_held", totals.gpu_seconds_held},
          {"memory_peak", totals.memory_peak},
          {"object_memory_peak", totals.object_memory_peak}};
}

ordered_json group_json(const StatusReport& report, const GroupStatus& group) {
  ordered_json entry = {{"id", to_string(group.group)},   {"name", group.name},       {"strategy", strategy_of(group)},
                        {"state", word_of(group.state)}, {"bundles", group.bundles}, {"nodes", ordered_json::array()}};
  for (const NodeId node : group.nodes) entry["nodes"].push_back(node_name(report, node));
  entry["why"] = group.why;
  return entry;
}

}  // namespace

std::string format_table(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += row[i];
      if (i + 1 < row.size()) text += std::string(widths[i] + 2 - row[i].size(), ' ');
    }
    text += "\n";
  }
  return text;
}

std::string format_seconds(double seconds) {
  const std::uint64_t whole = count_of(seconds);
  if (whole < 60) return std::to_string(whole) + " s";
  if (whole < 3600) return std::to_string(whole / 60) + " min";
  return std::to_string(whole / 3600) + " h " + std::to_string(whole % 3600 / 60) + " min";
}

std::string status_to_text(const StatusReport& report) {
  return headline(report) + nodes_table(report) + actors_table(report) + groups_table(report) + remarks(report);
}

std::string status_to_json(const StatusReport& report) {
  ordered_json object = {{"cluster", report.cluster}};
  object["head"] = {{"node", report.head_node}, {"pid", report.head_pid}, {"process", to_string(report.head.process)}};
  object["uptime"] = report.uptime;
  object["expected_nodes"] = report.expected_nodes;
  object["drivers"] = report.drivers;
  object["pending_leases"] = report.pending_leases;
  object["nodes"] = ordered_json::array();
  for (const NodeStatus& node : report.nodes) object["nodes"].push_back(node_json(node));
  object["actors"] = ordered_json::array();
  for (const ActorStatus& actor : report.actors) object["actors"].push_back(actor_json(report, actor));
  object["groups"] = ordered_json::array();
  for (const GroupStatus& group : report.groups) object["groups"].push_back(group_json(report, group));
  object["deaths"] = ordered_json::array();
  for (const DeathNote& death : report.deaths)
    object["deaths"].push_back({{"seconds", death.ago}, {"what", death.what}, {"cause", death.cause}});
  object["totals"] = totals_json(report.totals);
  return object.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace Atoll
