#include "topology/task_binding.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "runtime/base/check.h"
#include "topology/cpu_shares.h"
#include "topology/gpu_environment.h"
#include "topology/gpu_shares.h"
#include "topology/step_binding.h"

namespace Atoll {

namespace {

constexpr std::array<std::pair<const char*, BindMode>, 5> kModes = {{{"pack", BindMode::kPack},
                                                                     {"spread", BindMode::kSpread},
                                                                     {"island", BindMode::kIsland},
                                                                     {"numa", BindMode::kNuma},
                                                                     {"none", BindMode::kNone}}};

Status unclear(const std::string& why) { return {Code::kInfeasible, why}; }

std::string counted(std::size_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string list_of(const std::vector<int>& numbers) {
  std::string text;
  for (const int number : numbers) text += (text.empty() ? "" : ",") + std::to_string(number);
  return text;
}

// BIND-12, as far as it is about the GPUs: those that are meant.
Result<std::vector<GpuInfo>> meant_gpus(const Machine& machine, const NodeGrant& grant,
                                        const Environment& environment) {
  const long on_node = lookup_number(environment, "SLURM_GPUS_ON_NODE");
  if (grant.gpus.empty() && on_node > 0) {
    if (static_cast<std::size_t>(on_node) == machine.gpus.size()) return machine.gpus;
    return unclear("Slurm granted " + counted(static_cast<std::size_t>(on_node), "GPU") + " on " + machine.name +
                   " and does not say which");
  }
  for (const GpuInfo& gpu : grant.gpus)
    if (const GpuInfo* known = find_gpu(machine, gpu.index); known == nullptr || !(*known == gpu))
      return unclear("the topology of " + machine.name + " does not know GPU " +
                     (gpu.uuid.empty() ? std::to_string(gpu.index) : gpu.uuid) + ", which Slurm granted");
  return grant.gpus;
}

// Everything that the shares are made from.
struct Node {
  const Machine& machine;
  const TaskRequest& request;
  std::vector<GpuInfo> gpus;
  GpuGraph graph;  // of the GPUs above
  std::vector<CpuPool> pools;
  int cpus = 0;           // Slurm's number
  bool exclusive = true;  // BIND-9: it is known which CPUs are the job's
};

Node describe(const Machine& machine, const NodeGrant& grant, const TaskRequest& request, std::vector<GpuInfo> gpus) {
  const CpuList& granted = machine.synthetic ? machine.cpus : grant.cpu_ids;
  std::vector<CpuPool> pools = find_pools(machine, granted, machine.synthetic ? std::vector<CpuList>() : request.cores);
  std::size_t cores = 0, processors = 0;
  for (const CpuPool& pool : pools) {
    cores += pool.cores.size();
    processors += pool.processors();
  }
  const auto number = static_cast<std::size_t>(std::max(grant.cpus, 0));
  GpuGraph graph = GpuGraph::of(machine, gpus);
  return {machine,
          request,
          std::move(gpus),
          std::move(graph),
          std::move(pools),
          grant.cpus,
          processors <= number || cores <= number};
}

std::vector<int> nodes_of(const std::vector<CpuPool>& pools) {
  std::vector<int> nodes;
  for (const CpuPool& pool : pools) nodes.push_back(pool.numa);
  return nodes;
}

// The NUMA nodes of GPUs (positions), ascending, each once; none if the place of one of them is unknown.
std::vector<int> nodes_of(const GpuGraph& graph, const std::vector<int>& gpus) {
  std::set<int> nodes;
  for (const int gpu : gpus) {
    if (!graph.numa(gpu)) return {};
    nodes.insert(*graph.numa(gpu));
  }
  return {nodes.begin(), nodes.end()};
}

std::vector<int> all_positions(const GpuGraph& graph) {
  std::vector<int> positions;
  for (int i = 0; i < graph.size(); ++i) positions.push_back(i);
  return positions;
}

Status island_failure(const Node& node) {
  std::vector<int> sizes(static_cast<std::size_t>(node.graph.islands()), 0);
  for (int i = 0; i < node.graph.size(); ++i) ++sizes[static_cast<std::size_t>(node.graph.island(i))];
  std::string list;
  for (std::size_t i = 0; i < sizes.size(); ++i)
    list += (i == 0 ? "" : i + 1 == sizes.size() ? " and " : ", ") + std::to_string(sizes[i]);
  const auto tasks = static_cast<std::size_t>(node.request.tasks);
  return unclear(counted(tasks, "task") + " of " + counted(node.gpus.size() / tasks, "GPU") +
                 (tasks == 1 ? " does" : " do") + " not fit into islands of " + list + " GPUs on " + node.machine.name);
}

std::vector<int> gpus_on(const GpuGraph& graph, const std::vector<int>& nodes) {
  std::vector<int> gpus;
  for (int i = 0; i < graph.size(); ++i)
    if (std::find(nodes.begin(), nodes.end(), *graph.numa(i)) != nodes.end()) gpus.push_back(i);
  return gpus;
}

// BIND-6: tasks of one home follow each other.
Result<GpuShares> share_by_numa(const Node& node) {
  const std::vector<int> nodes = nodes_of(node.graph, all_positions(node.graph));
  if (nodes.empty()) return unclear("the NUMA node of a GPU of " + node.machine.name + " is unknown");
  const Homes homes = divide_evenly(nodes, node.request.tasks);
  GpuShares shares;
  while (shares.size() < homes.size()) {
    const std::vector<int>& home = homes[shares.size()];
    const auto tasks = static_cast<int>(std::count(homes.begin(), homes.end(), home));
    for (std::vector<int>& share : share_packed(node.graph, gpus_on(node.graph, home), tasks))
      shares.push_back(std::move(share));
  }
  return shares;
}

Result<GpuShares> share_gpus(const Node& node) {
  const int tasks = node.request.tasks;
  if (node.request.mode == BindMode::kNuma) return share_by_numa(node);
  if (node.request.mode == BindMode::kSpread) return share_spread(node.graph, all_positions(node.graph), tasks);
  if (node.request.mode == BindMode::kPack) return share_packed(node.graph, all_positions(node.graph), tasks);
  GpuShares shares = share_by_island(node.graph, all_positions(node.graph), tasks);
  if (shares.empty()) return island_failure(node);
  return shares;
}

void place_gpus(const Node& node, const GpuShares& shares, NodeBinding& binding) {
  std::set<int> used;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    std::set<int> islands;
    for (const int gpu : shares[i]) {
      binding.tasks[i].gpus.push_back(node.gpus[static_cast<std::size_t>(gpu)]);
      islands.insert(node.graph.island(gpu));
      used.insert(gpu);
    }
    binding.tasks[i].islands.assign(islands.begin(), islands.end());
    binding.tasks[i].numa = nodes_of(node.graph, shares[i]);
  }
  if (const std::size_t idle = node.gpus.size() - used.size(); idle > 0)
    binding.notes.push_back(std::to_string(idle) + " of " + counted(node.gpus.size(), "GPU") +
                            (idle == 1 ? " stays" : " stay") + " idle: " + counted(shares.size(), "task") +
                            " cannot share them out evenly");
}

// BIND-7.
Homes homes_without_gpus(const Node& node) {
  const int tasks = node.request.tasks;
  if (node.request.mode == BindMode::kSpread) return go_round(nodes_of(node.pools), tasks);
  if (node.request.mode == BindMode::kNuma) return divide_evenly(nodes_of(node.pools), tasks);
  const long each = lookup_number(node.request.environment, "SLURM_CPUS_PER_TASK");
  return fill_nodes(node.pools, tasks, static_cast<int>(std::clamp(each, 0L, 1L << 16)));
}

// BIND-8: a task whose GPUs have no CPUs beside them is placed as if it had none, and its memory left alone.
Homes homes_of(const Node& node, NodeBinding& binding) {
  Homes homes = homes_without_gpus(node);
  std::size_t strangers = 0;
  for (std::size_t i = 0; i < homes.size(); ++i) {
    TaskBinding& task = binding.tasks[i];
    std::vector<int> near;
    std::ranges::set_intersection(task.numa, nodes_of(node.pools), std::back_inserter(near));
    if (task.gpus.empty())
      task.numa = homes[i];
    else if (near.empty())
      task.numa.clear();
    strangers += !task.gpus.empty() && near.empty() ? 1 : 0;
    if (!near.empty()) homes[i] = std::move(near);
  }
  if (strangers > 0)
    binding.notes.push_back(counted(strangers, "task") + (strangers == 1 ? " has" : " have") +
                            " no granted CPU beside the GPUs, as far as is known");
  return homes;
}

// BIND-8 to BIND-10. Returns how many threads each task should have.
std::vector<int> place_cpus(const Node& node, const StepBinding& step, NodeBinding& binding) {
  const int part = std::max(1, node.cpus / node.request.tasks);
  std::vector<int> threads(binding.tasks.size(), part);
  if (!node.pools.empty()) {
    const std::vector<CpuShare> shares = share_cpus(node.pools, homes_of(node, binding), node.exclusive);
    for (std::size_t i = 0; i < shares.size() && !step.keeps_cpus; ++i) {
      binding.tasks[i].cpus = shares[i].cpus;
      if (node.exclusive) threads[i] = shares[i].cores;
    }
  }
  if (!node.exclusive && !step.keeps_cpus)
    binding.notes.push_back(
        "Slurm granted " + counted(static_cast<std::size_t>(std::max(0, node.cpus)), "CPU") +
        " and allows more: which are the job's is unknown, so tasks share those of their NUMA nodes");
  return threads;
}

// A verbs device that UCX drives, by the kernel's or rdma-core's names: Mellanox and Broadcom, InfiniBand and RoCE.
// EFA's, Omni-Path's and Slingshot's are others' to drive.
bool is_driven_by_ucx(std::string_view device) {
  for (const std::string_view beginning : {"mlx4_", "mlx5_", "ib", "roce", "bnxt_re"})
    if (device.starts_with(beginning)) return true;
  return false;
}

// What UCX may use of these, and of a machine that is only described the interfaces as well; "" for no limit.
std::string ucx_devices(const std::string& nics, const Node& node) {
  std::string kept;
  for (std::string_view rest = nics; !rest.empty();) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    const std::string_view nic = rest.substr(0, end);
    if (is_driven_by_ucx(nic)) kept += (kept.empty() ? "" : ",") + std::string(nic);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (!kept.empty() && node.machine.synthetic)
    for (const std::string& interface : node.request.interfaces) kept += "," + interface;
  return kept;
}

// BIND-11. `real` is the machine as if it were here.
Environment environment_of(const Node& node, const Machine& real, const TaskBinding& task, int threads) {
  const Environment& set = node.request.environment;
  Environment environment;
  if (!task.gpus.empty()) {
    environment = visible_gpus(real, task.gpus);
    environment.merge(nic_hints(real, task.gpus, set));
    const std::string ucx = ucx_devices(lookup(environment, "ATOLL_NET_DEVICES"), node);
    if (!ucx.empty() && !set.contains("UCX_NET_DEVICES")) environment["UCX_NET_DEVICES"] = ucx;
  }
  environment["ATOLL_NUMA"] = list_of(task.numa);
  if (!set.contains("OMP_NUM_THREADS")) environment["OMP_NUM_THREADS"] = std::to_string(threads);
  return environment;
}

Status bind_gpus(const Node& node, NodeBinding& binding) {
  if (node.gpus.empty() && node.request.mode == BindMode::kIsland)
    return unclear("no GPU is granted on " + node.machine.name + ", so there is no island");
  if (node.gpus.empty() && node.pools.empty())
    return unclear("no GPU is granted on " + node.machine.name + " and its NUMA nodes are unknown");
  if (node.gpus.empty()) return Status();
  const Result<GpuShares> shares = share_gpus(node);
  if (!shares.ok()) return shares.status();
  place_gpus(node, *shares, binding);
  return Status();
}

}  // namespace

Result<BindMode> parse_bind_mode(std::string_view word) {
  for (const auto& [name, mode] : kModes)
    if (word == name) return mode;
  return Status(Code::kInvalidArgument,
                "the mode must be pack, spread, island, numa or none, not \"" + std::string(word.substr(0, 40)) + "\"");
}

const char* to_string(BindMode mode) { return kModes[static_cast<std::size_t>(mode)].first; }

Result<NodeBinding> bind_tasks(const Machine& machine, const NodeGrant& grant, const TaskRequest& request) {
  ATOLL_CHECK(request.tasks > 0 && request.mode != BindMode::kNone, request.tasks);
  const StepBinding step = read_step_binding(request.environment, request.tasks);
  if (!step.unclear.empty()) return unclear(step.unclear);
  Result<std::vector<GpuInfo>> gpus = meant_gpus(machine, grant, request.environment);
  if (!gpus.ok()) return gpus.status();
  const Node node = describe(machine, grant, request, std::move(*gpus));
  NodeBinding binding;
  binding.only_described = machine.synthetic;
  binding.tasks.resize(static_cast<std::size_t>(request.tasks));
  ATOLL_RETURN_IF_ERROR(bind_gpus(node, binding));
  const std::vector<int> threads = place_cpus(node, step, binding);
  Machine real = machine;
  real.synthetic = false;
  for (std::size_t i = 0; i < threads.size(); ++i) {
    TaskBinding& task = binding.tasks[i];
    task.environment = environment_of(node, real, task, threads[i]);
    if (step.keeps_memory) task.numa.clear();
  }
  return binding;
}

}  // namespace Atoll
