#include "launcher/place_cluster.h"

#include <map>
#include <unordered_set>

#include "launcher/json_input.h"
#include "runtime/scheduler/cluster_view.h"

namespace Atoll {
namespace {

using nlohmann::json;

constexpr std::uint64_t kMaxGpus = 1024;
constexpr std::uint64_t kMaxMemory = std::uint64_t{1} << 53;  // numbers are exact up to there

Status invalid(const std::string& words) { return Status(Code::kInvalidArgument, words); }

class ClusterReader {
 public:
  explicit ClusterReader(const LoadMachine& load) : load_(load) {}

  Result<std::vector<PlannedNode>> read(const json& value) {
    const auto file = JsonObject::of(value, "");
    if (!file.ok()) return file.status();
    ATOLL_RETURN_IF_ERROR(file->allow_only({"nodes"}));
    if (file->find("nodes") == nullptr) return invalid("the file has no nodes");
    const auto list = file->array("nodes");
    if (!list.ok()) return list.status();
    for (std::size_t i = 0; i < (*list)->size(); ++i)
      ATOLL_RETURN_IF_ERROR(add_nodes((**list)[i], "nodes[" + std::to_string(i) + "]"));
    return std::move(nodes_);
  }

 private:
  struct Loaded {
    std::shared_ptr<const Machine> machine;
    std::shared_ptr<const GpuGraph> graph;
  };

  Status add_nodes(const json& value, const std::string& path) {
    const auto object = JsonObject::of(value, path);
    if (!object.ok()) return object.status();
    ATOLL_RETURN_IF_ERROR(object->allow_only(
        {"name", "cpu", "memory", "gpus", "topology", "fabric", "custom", "count", "labels", "switches"}));
    PlannedNode node;
    const auto name = object->text("name", "");
    if (!name.ok()) return name.status();
    if (name->empty()) return invalid(path + " has no name");
    ATOLL_RETURN_IF_ERROR(read_topology(*object, node));
    ATOLL_RETURN_IF_ERROR(read_amounts(*object, node));
    ATOLL_RETURN_IF_ERROR(read_gpus(*object, node));
    ATOLL_RETURN_IF_ERROR(read_place(*object, node));
    const auto count = object->whole("count", 1, ClusterView::kMaxNodes, 1);
    if (!count.ok()) return count.status();
    if (nodes_.size() + *count > ClusterView::kMaxNodes)
      return invalid(path + ": more than " + std::to_string(ClusterView::kMaxNodes) + " nodes");
    for (std::uint64_t i = 0; i < *count; ++i) {
      node.name = *count == 1 ? *name : *name + "-" + std::to_string(i);
      if (!names_.insert(node.name).second) return invalid(path + ": another node is called " + node.name);
      nodes_.push_back(node);
    }
    return Status();
  }

  Status read_topology(const JsonObject& object, PlannedNode& node) {
    const auto file = object.text("topology", "");
    if (!file.ok()) return file.status();
    if (file->empty()) return Status();
    auto known = machines_.find(*file);
    if (known == machines_.end()) {
      const auto machine = load_(*file);
      if (!machine.ok()) return machine.status().prefixed(object.path_of("topology"));
      known = machines_
                  .emplace(*file, Loaded{std::make_shared<Machine>(*machine),
                                         std::make_shared<GpuGraph>(GpuGraph::of(*machine))})
                  .first;
    }
    node.machine = known->second.machine;
    node.place.graph = known->second.graph;
    node.total.amounts.cpu = Fixed::whole(std::ssize(node.machine->cpus));
    node.total.amounts.memory = node.machine->memory;
    if (const auto& fabric = node.machine->fabric; fabric && fabric->usable)
      node.place.fabric = fabric->uuid + "." + std::to_string(fabric->clique);
    return Status();
  }

  Status read_amounts(const JsonObject& object, PlannedNode& node) {
    Resources& amounts = node.total.amounts;
    if (const json* cpu = object.find("cpu")) {
      const auto amount = to_amount(*cpu, object.path_of("cpu"));
      if (!amount.ok()) return amount.status();
      amounts.cpu = *amount;
    }
    const auto memory = object.whole("memory", 0, kMaxMemory, amounts.memory);
    if (!memory.ok()) return memory.status();
    amounts.memory = *memory;
    if (const json* custom = object.find("custom")) {
      const auto entries = JsonObject::of(*custom, object.path_of("custom"));
      if (!entries.ok()) return entries.status();
      for (const auto& [name, value] : custom->items()) {
        const auto amount = to_amount(value, entries->path_of(name));
        if (!amount.ok()) return amount.status();
        amounts.custom[name] = *amount;
      }
    }
    return check_request({.custom = amounts.custom}).prefixed(object.path_of("custom"));
  }

  Status read_gpus(const JsonObject& object, PlannedNode& node) {
    const json* gpus = object.find("gpus");
    const std::string path = object.path_of("gpus");
    std::uint64_t count = node.machine == nullptr ? 0 : node.machine->gpus.size();
    std::vector<Fixed> free;
    if (gpus != nullptr && gpus->is_array()) {
      if (gpus->size() > kMaxGpus) return invalid(path + " has more than " + std::to_string(kMaxGpus) + " GPUs");
      count = gpus->size();
      for (std::size_t i = 0; i < gpus->size(); ++i) {
        const auto part = to_amount((*gpus)[i], path + "[" + std::to_string(i) + "]");
        if (!part.ok()) return part.status();
        if (*part > Fixed::whole(1)) return not_what(path, "a list of free parts from 0 to 1", (*gpus)[i]);
        free.push_back(*part);
      }
    } else if (gpus != nullptr) {
      const auto number = to_whole(*gpus, path, 0, kMaxGpus);
      if (!number.ok()) return number.status();
      count = *number;
    }
    if (node.machine != nullptr && node.machine->gpus.size() != count)
      return invalid(path + " are " + std::to_string(count) + ", and its topology file has " +
                     std::to_string(node.machine->gpus.size()));
    node.total.amounts.gpu = Fixed::whole(static_cast<std::int64_t>(count));
    node.total = node_of(node.total.amounts);
    if (gpus != nullptr && gpus->is_array()) {
      node.free = NodeResources{node.total.amounts, free};
      node.free->amounts.gpu = Fixed();
      for (const Fixed part : free) node.free->amounts.gpu += part;
    }
    return Status();
  }

  Status read_place(const JsonObject& object, PlannedNode& node) {
    const auto fabric = object.text("fabric", node.place.fabric);
    if (!fabric.ok()) return fabric.status();
    node.place.fabric = *fabric;
    const auto switches = object.array("switches");
    if (!switches.ok()) return switches.status();
    for (const json& entry : **switches) {
      const auto name = to_text(entry, object.path_of("switches"));
      if (!name.ok()) return name.status();
      node.place.switches.push_back(*name);
    }
    const json* labels = object.find("labels");
    if (labels == nullptr) return Status();
    const auto entries = JsonObject::of(*labels, object.path_of("labels"));
    if (!entries.ok()) return entries.status();
    for (const auto& [name, value] : labels->items()) {
      const auto text = to_text(value, entries->path_of(name));
      if (!text.ok()) return text.status();
      node.place.labels[name] = *text;
    }
    return Status();
  }

  const LoadMachine& load_;
  std::vector<PlannedNode> nodes_;
  std::unordered_set<std::string> names_;
  std::map<std::string, Loaded> machines_;  // by path
};

}  // namespace

Result<std::vector<PlannedNode>> read_cluster(std::string_view text, const LoadMachine& load) {
  const auto value = parse_json(text);
  if (!value.ok()) return value.status();
  return ClusterReader(load).read(*value);
}

}  // namespace Atoll
