// What `atoll place` prints.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "launcher/place_plan.h"
#include "launcher/status_text.h"

namespace Atoll {
namespace {

using nlohmann::ordered_json;

const char* word_of(GroupVerdict verdict) {
  switch (verdict) {
    case GroupVerdict::kPlaced:
      return "CREATED";
    case GroupVerdict::kPending:
      return "PENDING";
    case GroupVerdict::kInfeasible:
      return "INFEASIBLE";
  }
  return "unknown";
}

ordered_json or_null(const std::optional<int>& value) { return value ? ordered_json(*value) : ordered_json(nullptr); }

ordered_json group_json(const PlacePlan& plan, const PlacePlan::Group& group) {
  ordered_json bundles = ordered_json::array();
  for (std::size_t i = 0; i < group.bundles.size(); ++i) {
    const PlacePlan::Bundle& bundle = group.bundles[i];
    bundles.push_back({{"index", i},
                       {"node", plan.names[bundle.node]},
                       {"gpus", bundle.gpus},
                       {"island", or_null(bundle.island)},
                       {"numa", or_null(bundle.numa)}});
  }
  return {{"name", group.name},
          {"state", word_of(group.verdict)},
          {"bundles", std::move(bundles)},
          {"explain", group.explain}};
}

ordered_json free_json(const NodeResources& free) {
  ordered_json gpus = ordered_json::array(), custom = ordered_json::object();
  for (const Fixed part : free.gpus) gpus.push_back(part.to_double());
  for (const auto& [name, amount] : free.amounts.custom) custom[name] = amount.to_double();
  return {{"cpu", free.amounts.cpu.to_double()},
          {"gpu", free.amounts.gpu.to_double()},
          {"memory", free.amounts.memory},
          {"gpus", std::move(gpus)},
          {"custom", std::move(custom)}};
}

std::string list_of(const std::vector<int>& numbers) {
  std::string text;
  for (const int number : numbers) text += (text.empty() ? "" : ",") + std::to_string(number);
  return text.empty() ? "-" : text;
}

std::string or_dash(const std::optional<int>& value) { return value ? std::to_string(*value) : "-"; }

std::string title_of(const PlacePlan& plan, std::size_t i) {
  return "group " + (plan.groups[i].name.empty() ? std::to_string(i) : plan.groups[i].name);
}

std::string tasks_text(const PlacePlan& plan) {
  if (plan.tasks.empty()) return "";
  std::vector<std::vector<std::string>> rows = {{"task", "node"}};
  for (std::size_t i = 0; i < plan.tasks.size(); ++i)
    rows.push_back({std::to_string(i), plan.tasks[i] ? plan.names[*plan.tasks[i]] : "-"});
  return format_table(rows);
}

}  // namespace

std::string plan_to_json(const PlacePlan& plan, bool stats) {
  ordered_json object = {{"groups", ordered_json::array()}, {"tasks", ordered_json::array()}};
  for (const PlacePlan::Group& group : plan.groups) object["groups"].push_back(group_json(plan, group));
  for (const auto& node : plan.tasks)
    object["tasks"].push_back(node ? ordered_json(plan.names[*node]) : ordered_json(nullptr));
  // built aside: an ordered object is searched through for every key that is asked for by name
  ordered_json::object_t free;
  free.reserve(plan.names.size());
  for (std::size_t i = 0; i < plan.names.size(); ++i)
    static_cast<std::vector<ordered_json::object_t::value_type>&>(free).emplace_back(plan.names[i],
                                                                                     free_json(plan.free[i]));
  object["free"] = std::move(free);
  if (stats) {
    object["stats"]["group_us"] = ordered_json::array();
    for (const PlacePlan::Group& group : plan.groups) object["stats"]["group_us"].push_back(group.seconds * 1e6);
  }
  return object.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string plan_to_text(const PlacePlan& plan) {
  std::string text;
  for (std::size_t i = 0; i < plan.groups.size(); ++i) {
    const PlacePlan::Group& group = plan.groups[i];
    text += title_of(plan, i) + ": " + word_of(group.verdict) + ": " + group.explain + "\n";
    if (group.bundles.empty()) continue;
    std::vector<std::vector<std::string>> rows = {{"  bundle", "node", "gpus", "island", "numa"}};
    for (std::size_t j = 0; j < group.bundles.size(); ++j) {
      const PlacePlan::Bundle& bundle = group.bundles[j];
      rows.push_back({"  " + std::to_string(j), plan.names[bundle.node], list_of(bundle.gpus), or_dash(bundle.island),
                      or_dash(bundle.numa)});
    }
    text += format_table(rows);
  }
  return text + tasks_text(plan);
}

std::string plan_stats(const PlacePlan& plan) {
  std::string text;
  for (std::size_t i = 0; i < plan.groups.size(); ++i) {
    char line[64];
    std::snprintf(line, sizeof line, ": decided in %.1f us\n", plan.groups[i].seconds * 1e6);
    text += title_of(plan, i) + line;
  }
  return text;
}

}  // namespace Atoll
