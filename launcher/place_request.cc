#include "launcher/place_request.h"

#include <set>

#include "launcher/json_input.h"

namespace Atoll {
namespace {

using nlohmann::json;

constexpr std::uint64_t kMaxMemory = std::uint64_t{1} << 53;  // numbers are exact up to there
constexpr std::uint64_t kMaxTasks = 1'000'000;
constexpr std::size_t kMaxAllBundles = 1'000'000;

Status invalid(const std::string& words) { return Status(Code::kInvalidArgument, words); }

std::string at(const std::string& path, std::size_t i) { return path + "[" + std::to_string(i) + "]"; }

// cpu, gpu, memory and count; every other key is a custom resource.
Status read_amounts(const json& value, const std::string& path, std::uint64_t most, Resources& amounts,
                    std::uint64_t& count) {
  const auto object = JsonObject::of(value, path);
  if (!object.ok()) return object.status();
  const auto counted = object->whole("count", 1, most, 1);
  if (!counted.ok()) return counted.status();
  count = *counted;
  const auto memory = object->whole("memory", 0, kMaxMemory, 0);
  if (!memory.ok()) return memory.status();
  amounts.memory = *memory;
  for (const auto& [key, entry] : value.items()) {
    if (key == "count" || key == "memory" || entry.is_null()) continue;
    const auto amount = to_amount(entry, object->path_of(key));
    if (!amount.ok()) return amount.status();
    (key == "cpu" ? amounts.cpu : key == "gpu" ? amounts.gpu : amounts.custom[key]) = *amount;
  }
  return check_request(amounts).prefixed(path);
}

Status read_bundles(const JsonObject& object, std::vector<Resources>& bundles) {
  const auto list = object.array("bundles");
  if (!list.ok()) return list.status();
  for (std::size_t i = 0; i < (*list)->size(); ++i) {
    Resources amounts;
    std::uint64_t count = 0;
    const std::string path = at(object.path_of("bundles"), i);
    ATOLL_RETURN_IF_ERROR(read_amounts((**list)[i], path, kMaxBundles, amounts, count));
    if (bundles.size() + count > kMaxBundles)
      return invalid(path + ": a group has at most " + std::to_string(kMaxBundles) + " bundles");
    bundles.insert(bundles.end(), count, amounts);
  }
  return Status();
}

Status read_labels(const JsonObject& object, LabelSelector& labels) {
  const json* value = object.find("labels");
  if (value == nullptr) return Status();
  const auto entries = JsonObject::of(*value, object.path_of("labels"));
  if (!entries.ok()) return entries.status();
  for (const auto& [name, entry] : value->items()) {
    const auto text = to_text(entry, entries->path_of(name));
    if (!text.ok()) return text.status();
    labels[name] = *text;
  }
  return Status();
}

// A segment that names no level is one of fabric domains: what it was made for.
Status read_levels(const JsonObject& object, GroupRequest& request) {
  const auto strategy = object.text("strategy", to_string(Strategy::kPack));
  if (!strategy.ok()) return strategy.status();
  const auto parsed = parse_strategy(*strategy);
  if (!parsed.ok()) return parsed.status().prefixed(object.path());
  request.strategy = *parsed;
  const auto segment = object.whole("segment", 0, 0xffffffff, 0);
  if (!segment.ok()) return segment.status();
  request.segment = static_cast<std::uint32_t>(*segment);
  const auto within = object.text("within", to_string(*segment > 0 ? Level::kFabric : Level::kCluster));
  if (!within.ok()) return within.status();
  const auto level = parse_level(*within);
  if (!level.ok()) return level.status().prefixed(object.path());
  request.within = *level;
  return Status();
}

Status read_group(const json& value, const std::string& path, PlanRequest::Group& group) {
  const auto object = JsonObject::of(value, path);
  if (!object.ok()) return object.status();
  ATOLL_RETURN_IF_ERROR(object->allow_only({"name", "strategy", "within", "segment", "bundles", "labels"}));
  const auto name = object->text("name", "");
  if (!name.ok()) return name.status();
  group.name = *name;
  ATOLL_RETURN_IF_ERROR(read_levels(*object, group.request));
  ATOLL_RETURN_IF_ERROR(read_bundles(*object, group.request.bundles));
  ATOLL_RETURN_IF_ERROR(read_labels(*object, group.request.labels));
  return check_group(group.request).prefixed(path);
}

Status read_tasks(const JsonObject& file, std::vector<Resources>& tasks) {
  const auto list = file.array("tasks");
  if (!list.ok()) return list.status();
  for (std::size_t i = 0; i < (*list)->size(); ++i) {
    Resources amounts;
    std::uint64_t count = 0;
    ATOLL_RETURN_IF_ERROR(read_amounts((**list)[i], at("tasks", i), kMaxTasks, amounts, count));
    if (tasks.size() + count > kMaxTasks) return invalid("more than " + std::to_string(kMaxTasks) + " tasks");
    tasks.insert(tasks.end(), count, amounts);
  }
  return Status();
}

}  // namespace

Result<PlanRequest> read_request(std::string_view text) {
  const auto value = parse_json(text);
  if (!value.ok()) return value.status();
  const auto file = JsonObject::of(*value, "");
  if (!file.ok()) return file.status();
  ATOLL_RETURN_IF_ERROR(file->allow_only({"groups", "tasks"}));
  const auto groups = file->array("groups");
  if (!groups.ok()) return groups.status();
  PlanRequest request;
  std::set<std::string> names;
  std::size_t bundles = 0;
  for (std::size_t i = 0; i < (*groups)->size(); ++i) {
    PlanRequest::Group group;
    ATOLL_RETURN_IF_ERROR(read_group((**groups)[i], at("groups", i), group));
    if (!group.name.empty() && !names.insert(group.name).second)
      return invalid(at("groups", i) + ": another group is called " + group.name);
    bundles += group.request.bundles.size();
    if (bundles > kMaxAllBundles) return invalid("more than " + std::to_string(kMaxAllBundles) + " bundles in all");
    request.groups.push_back(std::move(group));
  }
  ATOLL_RETURN_IF_ERROR(read_tasks(*file, request.tasks));
  return request;
}

}  // namespace Atoll
