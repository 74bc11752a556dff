#include "runtime/state/columns.h"

#include <algorithm>
#include <array>

namespace Atoll {
namespace {

using enum ColumnType;

constexpr StateColumn kNodeColumns[] = {{"node", kNode},
                                        {"state", kText},
                                        {"seconds", kSeconds},
                                        {"silent", kSeconds},
                                        {"cause", kText},
                                        {"pid", kNumber},
                                        {"process", kId},
                                        {"cpu", kAmount},
                                        {"cpu_free", kAmount},
                                        {"gpu", kAmount},
                                        {"gpu_free", kAmount},
                                        {"memory", kBytes},
                                        {"memory_free", kBytes},
                                        {"workers", kNumber},
                                        {"actors", kNumber},
                                        {"leases", kNumber},
                                        {"waiting", kNumber},
                                        {"leases_granted", kNumber},
                                        {"object_memory", kBytes},
                                        {"object_memory_used", kBytes},
                                        {"object_memory_reached", kBytes},
                                        {"objects", kNumber},
                                        {"objects_waiting", kNumber},
                                        {"bytes_fetched", kBytes},
                                        {"bytes_sent", kBytes},
                                        {"bytes_on_disk", kBytes},
                                        {"bytes_spilled", kBytes},
                                        {"bytes_restored", kBytes},
                                        {"warnings", kList},
                                        {"gpus", kGpus},
                                        {"links", kLinks},
                                        {"fabric", kText},
                                        {"switches", kList}};

constexpr StateColumn kWorkerColumns[] = {
    {"id", kId},      {"node", kNode},       {"pid", kNumber},    {"state", kText},
    {"work", kText},  {"seconds", kSeconds}, {"idle", kSeconds},  {"memory", kBytes},
    {"cpu", kAmount}, {"gpus", kList},       {"actor", kId},      {"owner", kId},
    {"job", kId},     {"group", kId},        {"bundle", kNumber}, {"why", kText},
    {"cpu_seconds", kSeconds}};

constexpr StateColumn kActorColumns[] = {
    {"id", kId},      {"name", kText},       {"name_space", kText}, {"class", kText},
    {"state", kText}, {"seconds", kSeconds}, {"node", kNode},       {"process", kId},
    {"pid", kNumber}, {"starts", kNumber},   {"restarts", kNumber}, {"restarts_allowed", kNumber},
    {"needs", kText}, {"creator", kId},      {"job", kId},          {"detached", kFlag},
    {"group", kId},   {"bundle", kNumber},   {"watchers", kNumber}, {"why", kText}};

constexpr StateColumn kTaskColumns[] = {
    {"id", kId},           {"type", kText},       {"function", kText},       {"name", kText},     {"state", kText},
    {"seconds", kSeconds}, {"running", kSeconds}, {"node", kNode},           {"process", kId},    {"pid", kNumber},
    {"owner", kId},        {"job", kId},          {"parent", kId},           {"actor", kId},      {"needs", kText},
    {"group", kId},        {"bundle", kNumber},   {"retries_left", kNumber}, {"waits_for", kIds}, {"error", kText},
    {"why", kText}};

constexpr StateColumn kObjectColumns[] = {{"id", kId},          {"node", kNode},           {"copy", kNumber},
                                          {"bytes", kBytes},    {"state", kText},          {"owner", kId},
                                          {"maker", kId},       {"holders", kHolders},     {"holds", kNumber},
                                          {"pins", kNumber},    {"dropped", kFlag},        {"readers", kNumber},
                                          {"copiers", kNumber}, {"fetched_from", kDaemon}, {"source_copy", kNumber}};

constexpr StateColumn kGroupColumns[] = {
    {"id", kId},      {"name", kText},      {"strategy", kText}, {"within", kText},  {"segment", kNumber},
    {"state", kText}, {"bundles", kNumber}, {"placed", kNumber}, {"nodes", kList},   {"needs", kText},
    {"creator", kId}, {"job", kId},         {"detached", kFlag}, {"asked", kNumber}, {"why", kText},
    {"places", kPlaces}};

constexpr StateColumn kJobColumns[] = {{"id", kId},          {"state", kText},     {"seconds", kSeconds},
                                       {"host", kText},      {"pid", kNumber},     {"program", kText},
                                       {"directory", kText}, {"build", kText},     {"actors", kNumber},
                                       {"groups", kNumber},  {"requests", kNumber}};

constexpr StateColumn kRequestColumns[] = {{"id", kId},      {"owner", kId},   {"count", kNumber},
                                           {"needs", kText}, {"where", kText}, {"why", kText}};

constexpr StateColumn kRefColumns[] = {
    {"id", kId},       {"process", kId},       {"owner", kId},        {"state", kText},
    {"bytes", kBytes}, {"kept", kText},        {"node", kNode},       {"copy", kNumber},
    {"in_use", kFlag}, {"arguments", kNumber}, {"fetchers", kNumber}, {"borrowers", kIds},
    {"why", kText}};

constexpr std::array<StateKindInfo, 9> kKinds = {{
    {StateKind::kNodes, "nodes", kNodeColumns,
     "node state seconds cpu cpu_free gpu gpu_free memory_free workers actors object_memory_used objects cause "
     "object_memory bytes_spilled bytes_restored bytes_fetched bytes_sent"},
    {StateKind::kWorkers, "workers", kWorkerColumns, "id node pid state work seconds memory cpu gpus idle owner"},
    {StateKind::kActors, "actors", kActorColumns, "id name class state node seconds starts needs why"},
    {StateKind::kTasks, "tasks", kTaskColumns,
     "id function state node seconds owner needs retries_left actor error why"},
    {StateKind::kObjects, "objects", kObjectColumns, "id node bytes state owner holds copiers fetched_from copy"},
    {StateKind::kGroups, "groups", kGroupColumns, "id name strategy state bundles placed nodes why"},
    {StateKind::kJobs, "jobs", kJobColumns, "id state host pid seconds actors groups requests program"},
    {StateKind::kRequests, "requests", kRequestColumns, "id count needs where why"},
    {StateKind::kRefs, "refs", kRefColumns, "id process state bytes kept node in_use arguments fetchers borrowers"},
}};

std::string names_of(const auto& all, auto name) {
  std::string names;
  for (const auto& each : all) names += (names.empty() ? "" : ", ") + std::string(name(each));
  return names;
}

}  // namespace

std::span<const StateKindInfo> state_kinds() { return kKinds; }

const StateKindInfo& info_of(StateKind kind) {
  return kKinds[std::min<std::size_t>(std::size_t(kind), kKinds.size() - 1)];
}

Result<StateKind> parse_state_kind(const std::string& name) {
  for (const StateKindInfo& info : kKinds)
    if (name == info.name) return info.kind;
  return Status(Code::kInvalidArgument, "\"" + name + "\" cannot be listed; what can is " +
                                            names_of(kKinds, [](const StateKindInfo& info) { return info.name; }));
}

const StateColumn* find_column(StateKind kind, const std::string& key) {
  for (const StateColumn& column : info_of(kind).columns)
    if (key == column.key) return &column;
  return nullptr;
}

Result<const StateColumn*> parse_column(StateKind kind, const std::string& key) {
  if (const StateColumn* column = find_column(kind, key)) return column;
  const StateKindInfo& info = info_of(kind);
  return Status(Code::kInvalidArgument,
                std::string(info.name) + " have no \"" + key + "\", but " +
                    names_of(info.columns, [](const StateColumn& column) { return column.key; }));
}

}  // namespace Atoll
