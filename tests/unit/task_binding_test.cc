// A whole node's tasks: the rules BIND-1 to BIND-12 of task_binding.h that its parts' tests do not cover.
#include "topology/task_binding.h"

#include <doctest/doctest.h>

#include "topology/source.h"
#include "topology/text.h"

namespace Atoll {
namespace {

Machine load(const std::string& name) {
  Machine machine = load_source("tests/topologies/" + name + ".topo").value();
  machine.synthetic = false;
  return machine;
}

// Two bridged pairs on a NUMA node each, and one GPU beside the second.
constexpr const char* kFive =
    "machine five\nnuma 0 cpus 0-3\nnuma 1 cpus 4-7\n"
    "gpu 0 numa 0 uuid GPU-0 nics mlx5_0\ngpu 1 numa 0 uuid GPU-1 nics mlx5_0,mlx5_1\n"
    "gpu 2 numa 1 uuid GPU-2 nics mlx5_2\ngpu 3 numa 1 uuid GPU-3\ngpu 4 numa 1 uuid GPU-4 nics rdmap0s6\n"
    "link 0 1 nvlink lanes 4 gbps 100\nlink 2 3 nvlink lanes 4 gbps 100\n";

Machine parse(const std::string& text) {
  Machine machine = parse_machine(text).value();
  machine.synthetic = false;
  return machine;
}

NodeBinding binding_of(const Machine& machine, BindMode mode, int tasks, const Environment& environment = {}) {
  const Result<NodeBinding> binding =
      bind_tasks(machine, granted_resources(environment, machine), {mode, tasks, environment, {}, {"eth0"}});
  REQUIRE_MESSAGE(binding.ok(), binding.status().message());
  return *binding;
}

std::string why_not(const Machine& machine, BindMode mode, int tasks, const Environment& environment = {}) {
  const Result<NodeBinding> binding =
      bind_tasks(machine, granted_resources(environment, machine), {mode, tasks, environment, {}, {}});
  CHECK(binding.status().code() == Code::kInfeasible);
  return binding.status().message();
}

// "GPUs | islands | NUMA | CPUs | threads" of each task.
std::vector<std::string> lines(const NodeBinding& binding) {
  std::vector<std::string> all;
  for (const TaskBinding& task : binding.tasks) {
    CpuList gpus;
    for (const GpuInfo& gpu : task.gpus) gpus.push_back(gpu.index);
    all.push_back(to_string(gpus) + " | " + to_string(CpuList(task.islands)) + " | " + to_string(CpuList(task.numa)) +
                  " | " + to_string(task.cpus) + " | " + lookup(task.environment, "OMP_NUM_THREADS"));
  }
  return all;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("each task has GPUs, and a share of its own of the CPUs and memory beside them") {
  const struct {
    const char* machine;
    BindMode mode;
    int tasks;
    Lines expected;
  } cases[] = {
      {"hgx-h100",
       BindMode::kIsland,
       4,
       {"0-1 | 0 | 0 | 0-3 | 4", "2-3 | 0 | 0 | 4-7 | 4", "4-5 | 0 | 1 | 8-11 | 4", "6-7 | 0 | 1 | 12-15 | 4"}},
      {"hgx-h100", BindMode::kSpread, 2, {"0-3 | 0 | 0 | 0-7 | 8", "4-7 | 0 | 1 | 8-15 | 8"}},
      {"a100-pairs",
       BindMode::kPack,
       4,
       {"0 | 0 | 0 | 0-3 | 4", "1 | 0 | 0 | 4-7 | 4", "2 | 1 | 1 | 8-11 | 4", "3 | 1 | 1 | 12-15 | 4"}},
      {"a100-pairs",
       BindMode::kSpread,
       4,
       {"0 | 0 | 0 | 0-3 | 4", "2 | 1 | 1 | 8-11 | 4", "1 | 0 | 0 | 4-7 | 4", "3 | 1 | 1 | 12-15 | 4"}},
      {"a100-pairs", BindMode::kPack, 1, {"0-3 | 0-1 | 0-1 | 0-15 | 16"}},
      {"no-gpu", BindMode::kPack, 2, {" |  | 0 | 0-1 | 2", " |  | 0 | 2-3 | 2"}},
      {"no-gpu", BindMode::kNuma, 3, {" |  | 0 | 0 | 1", " |  | 0 | 1 | 1", " |  | 0 | 2-3 | 2"}},
  };
  for (const auto& test : cases) {
    CAPTURE(std::string(test.machine));
    CAPTURE(to_string(test.mode));
    CHECK(lines(binding_of(load(test.machine), test.mode, test.tasks)) == test.expected);
  }
}

TEST_CASE("tasks are divided over the NUMA nodes of their GPUs (BIND-6)") {
  const Machine five = parse(kFive);
  CHECK(lines(binding_of(five, BindMode::kNuma, 2)) == Lines{"0-1 | 0 | 0 | 0-3 | 4", "2-4 | 1-2 | 1 | 4-7 | 4"});
  CHECK(lines(binding_of(five, BindMode::kNuma, 1)) == Lines{"0-4 | 0-2 | 0-1 | 0-7 | 8"});
  const NodeBinding four = binding_of(five, BindMode::kNuma, 4);
  CHECK(lines(four) ==
        Lines{"0 | 0 | 0 | 0-1 | 2", "1 | 0 | 0 | 2-3 | 2", "2 | 1 | 1 | 4-5 | 2", "3 | 1 | 1 | 6-7 | 2"});
  CHECK(four.notes == std::vector<std::string>{"1 of 5 GPUs stays idle: 4 tasks cannot share them out evenly"});
  CHECK(lines(binding_of(five, BindMode::kNuma, 2, {{"SLURM_JOB_ID", "1"}, {"SLURM_STEP_GPUS", "2,4"}})) ==
        Lines{"2 | 0 | 1 | 4-5 | 2", "4 | 1 | 1 | 6-7 | 2"});
}

TEST_CASE("of a shared node only what was granted is shared out") {
  Machine machine = load("hgx-h100");
  machine.cpus = {2, 3, 8, 9, 10, 11};
  machine.cpus_set_by_slurm = true;
  const Environment slurm = {{"SLURM_JOB_ID", "1"}, {"SLURM_STEP_GPUS", "2,5,6"}, {"SLURM_CPUS_ON_NODE", "6"}};
  CHECK(lines(binding_of(machine, BindMode::kPack, 3, slurm)) ==
        Lines{"2 | 0 | 0 | 2-3 | 2", "5 | 0 | 1 | 8-9 | 2", "6 | 0 | 1 | 10-11 | 2"});
}

TEST_CASE("tasks whose GPUs have no CPUs beside them have a share of the others (BIND-8)") {
  Machine machine = load("a100-pairs");
  machine.cpus = {0, 1, 2, 3};
  const NodeBinding binding = binding_of(machine, BindMode::kPack, 4);
  CHECK(lines(binding) == Lines{"0 | 0 | 0 | 0 | 1", "1 | 0 | 0 | 1 | 1", "2 | 1 |  | 2 | 1", "3 | 1 |  | 3 | 1"});
  CHECK(binding.notes == std::vector<std::string>{"2 tasks have no granted CPU beside the GPUs, as far as is known"});
}

TEST_CASE("where Slurm does not say which CPUs are the job's, tasks share their NUMA nodes (BIND-9)") {
  const Machine machine = load("a100-pairs");
  const Environment slurm = {{"SLURM_JOB_ID", "1"}, {"SLURM_CPUS_ON_NODE", "9"}, {"SLURM_STEP_GPUS", "0,1,2,3"}};
  const NodeBinding binding = binding_of(machine, BindMode::kPack, 4, slurm);
  CHECK(lines(binding) ==
        Lines{"0 | 0 | 0 | 0-7 | 2", "1 | 0 | 0 | 0-7 | 2", "2 | 1 | 1 | 8-15 | 2", "3 | 1 | 1 | 8-15 | 2"});
  REQUIRE(binding.notes.size() == 1);
  CHECK(binding.notes[0].starts_with("Slurm granted 9 CPUs and allows more"));
}

TEST_CASE("a Slurm that counts cores has granted all of their hardware threads (BIND-9)") {
  const Machine machine = load("no-gpu");
  const Environment slurm = {{"SLURM_JOB_ID", "1"}, {"SLURM_CPUS_ON_NODE", "2"}};
  const auto binding =
      bind_tasks(machine, granted_resources(slurm, machine), {BindMode::kPack, 2, slurm, {{0, 2}, {1, 3}}, {}});
  CHECK(lines(binding.value()) == Lines{" |  | 0 | 0,2 | 1", " |  | 0 | 1,3 | 1"});
}

TEST_CASE("the user's own binding of CPUs and memory stays (BIND-10)") {
  const Machine machine = load("a100-pairs");
  CHECK(lines(binding_of(machine, BindMode::kPack, 2, {{"SLURM_CPU_BIND_TYPE", "map_cpu:"}})) ==
        Lines{"0-1 | 0 | 0 |  | 8", "2-3 | 1 | 1 |  | 8"});
  const NodeBinding local = binding_of(machine, BindMode::kPack, 2, {{"SLURM_MEM_BIND_TYPE", "local"}});
  CHECK(lines(local) == Lines{"0-1 | 0 |  | 0-7 | 8", "2-3 | 1 |  | 8-15 | 8"});
  CHECK(local.tasks[1].environment.at("ATOLL_NUMA") == "1");
}

TEST_CASE("tasks see their GPUs by UUID and are sent to the NICs beside them (BIND-11)") {
  const NodeBinding binding = binding_of(parse(kFive), BindMode::kIsland, 5);
  CHECK(binding.tasks[1].environment == Environment{{"CUDA_VISIBLE_DEVICES", "GPU-1"},
                                                    {"CUDA_DEVICE_ORDER", "PCI_BUS_ID"},
                                                    {"ATOLL_NICS", "mlx5_0,mlx5_1"},
                                                    {"ATOLL_NET_DEVICES", "mlx5_0:1,mlx5_1:1"},
                                                    {"ATOLL_NUMA", "0"},
                                                    {"NCCL_IB_HCA", "=mlx5_0,mlx5_1"},
                                                    {"OMP_NUM_THREADS", "2"},
                                                    {"UCX_NET_DEVICES", "mlx5_0:1,mlx5_1:1"}});
  // without a NIC, and with one that UCX does not drive, UCX has no limit
  CHECK_FALSE(binding.tasks[3].environment.contains("UCX_NET_DEVICES"));
  CHECK_FALSE(binding.tasks[4].environment.contains("UCX_NET_DEVICES"));
  CHECK(binding.tasks[4].environment.at("ATOLL_NICS") == "rdmap0s6");
}

TEST_CASE("Slingshot's NICs limit no UCX, and AMD's GPUs are shown by ROCr") {
  const Environment first = binding_of(load("mi250"), BindMode::kPack, 4).tasks[0].environment;
  CHECK(first.at("ROCR_VISIBLE_DEVICES") == "0,1");
  CHECK(first.at("HIP_VISIBLE_DEVICES") == "0,1");
  CHECK(first.at("ATOLL_NET_DEVICES") == "hsi0");
  CHECK_FALSE(first.contains("UCX_NET_DEVICES"));
  CHECK_FALSE(first.contains("NCCL_IB_HCA"));
}

TEST_CASE("what the user set of the hints stays, and of the GPUs nothing is said without any") {
  const Environment set = {{"OMP_NUM_THREADS", "3"}, {"UCX_NET_DEVICES", "all"}, {"NCCL_IB_HCA", ""}};
  const Environment bound = binding_of(parse(kFive), BindMode::kPack, 5, set).tasks[0].environment;
  for (const auto& [name, value] : set) CHECK_FALSE(bound.contains(name));
  CHECK(binding_of(load("no-gpu"), BindMode::kPack, 4).tasks[0].environment ==
        Environment{{"ATOLL_NUMA", "0"}, {"OMP_NUM_THREADS", "1"}});
}

TEST_CASE("a machine that is only described names its NICs and leaves the interfaces allowed (BIND-11)") {
  Machine machine = parse(kFive);
  machine.synthetic = true;
  const NodeBinding binding = binding_of(machine, BindMode::kPack, 5);
  CHECK(binding.only_described);
  CHECK(binding.tasks[0].environment.at("UCX_NET_DEVICES") == "mlx5_0:1,eth0");
  CHECK(binding.tasks[0].environment.at("NCCL_IB_HCA") == "=mlx5_0");
  CHECK(lines(binding)[0] == "0 | 0 | 0 | 0-1 | 2");
}

TEST_CASE("where it is unclear what is right, one sentence says why (BIND-12)") {
  const Machine five = parse(kFive), pairs = load("a100-pairs"), none = load("no-gpu");
  const auto slurm = [](Environment more) {
    more["SLURM_JOB_ID"] = "1";
    return more;
  };
  CHECK(why_not(five, BindMode::kIsland, 2, slurm({{"SLURM_STEP_GPUS", "0,1,2,4"}})) ==
        "2 tasks of 2 GPUs do not fit into islands of 2, 1 and 1 GPUs on five");
  CHECK(why_not(pairs, BindMode::kIsland, 1) ==
        "1 task of 4 GPUs does not fit into islands of 2 and 2 GPUs on a100-pairs");
  CHECK(why_not(none, BindMode::kIsland, 2) == "no GPU is granted on no-gpu, so there is no island");
  CHECK(why_not(parse("machine bare\n"), BindMode::kPack, 2) ==
        "no GPU is granted on bare and its NUMA nodes are unknown");
  CHECK(why_not(pairs, BindMode::kPack, 2, slurm({{"SLURM_STEP_GPUS", "0,7"}})) ==
        "the topology of a100-pairs does not know GPU 7, which Slurm granted");
  CHECK(why_not(pairs, BindMode::kPack, 2, slurm({{"SLURM_GPUS_ON_NODE", "3"}})) ==
        "Slurm granted 3 GPUs on a100-pairs and does not say which");
  CHECK(why_not(parse("machine m\nnuma 0 cpus 0-3\ngpu 0\n"), BindMode::kNuma, 1) ==
        "the NUMA node of a GPU of m is unknown");
  CHECK(why_not(pairs, BindMode::kPack, 2, {{"SLURMD_TRES_BIND", "gpu:single:1"}}) ==
        "Slurm gives each task GPUs of its own (SLURMD_TRES_BIND=gpu:single:1)");
}

TEST_CASE("all GPUs that the node shows are meant where Slurm says no more than as many") {
  const Environment slurm = {{"SLURM_JOB_ID", "1"}, {"SLURM_GPUS_ON_NODE", "4"}};
  CHECK(lines(binding_of(load("a100-pairs"), BindMode::kPack, 2, slurm)) ==
        Lines{"0-1 | 0 | 0 | 0-7 | 8", "2-3 | 1 | 1 | 8-15 | 8"});
}

TEST_CASE("a mode is read by its name, and others are refused with the list") {
  for (const BindMode mode : {BindMode::kPack, BindMode::kSpread, BindMode::kIsland, BindMode::kNuma, BindMode::kNone})
    CHECK(parse_bind_mode(to_string(mode)).value() == mode);
  for (const char* word : {"", "Pack", "islands"})
    CHECK(parse_bind_mode(word).status().message() ==
          "the mode must be pack, spread, island, numa or none, not \"" + std::string(word) + "\"");
}

}  // namespace Atoll
