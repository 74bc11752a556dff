#include "topology/grant.h"

#include <doctest/doctest.h>

#include "topology/binding.h"
#include "topology/source.h"

using namespace Atoll;

namespace {

Machine dgx() { return load_source("tests/topologies/dgx-h100.topo").value(); }

// A live node: the same, but its CPUs are real.
Machine live_dgx() {
  Machine machine = dgx();
  machine.synthetic = false;
  return machine;
}

std::vector<int> indices(const std::vector<GpuInfo>& gpus) {
  std::vector<int> numbers;
  for (const GpuInfo& gpu : gpus) numbers.push_back(gpu.index);
  return numbers;
}

NodeGrant in_job(Environment environment, const Machine& machine) {
  environment.emplace("SLURM_JOB_ID", "7");
  return granted_resources(environment, machine);
}

constexpr std::uint64_t kMiB = 1 << 20;

}  // namespace

TEST_CASE("outside Slurm everything that is allowed is granted") {
  const Machine machine = live_dgx();
  const NodeGrant grant = granted_resources({}, machine);
  CHECK(grant == whole_machine(machine));
  CHECK(grant.cpus == 16);
  CHECK(grant.cpu_ids == machine.cpus);
  CHECK(grant.memory == 2048ULL * 1024 * kMiB);
  CHECK(grant.gpus == machine.gpus);
}

TEST_CASE("outside Slurm CUDA_VISIBLE_DEVICES narrows the GPUs") {
  CHECK(indices(granted_resources({{"CUDA_VISIBLE_DEVICES", "2,5"}}, dgx()).gpus) == std::vector<int>{2, 5});
  CHECK(granted_resources({{"CUDA_VISIBLE_DEVICES", ""}}, dgx()).gpus.empty());
}

TEST_CASE("CPUs are what Slurm granted") {
  const struct {
    const char* what;
    Environment environment;
    bool cpuset;
    int cpus;
  } cases[] = {
      {"the step's number", {{"SLURM_CPUS_ON_NODE", "4"}, {"SLURM_JOB_CPUS_PER_NODE", "8"}}, false, 4},
      {"the job's number", {{"SLURM_JOB_CPUS_PER_NODE", "8"}}, false, 8},
      {"a repeated number", {{"SLURM_JOB_CPUS_PER_NODE", "8(x4)"}, {"SLURM_NODEID", "3"}}, false, 8},
      {"the number of a later node", {{"SLURM_JOB_CPUS_PER_NODE", "8(x4),2,6(x2)"}, {"SLURM_NODEID", "4"}}, false, 2},
      {"the number of the last node", {{"SLURM_JOB_CPUS_PER_NODE", "8(x4),2,6(x2)"}, {"SLURM_NODEID", "6"}}, false, 6},
      {"more than the machine has, without a cpuset", {{"SLURM_CPUS_ON_NODE", "64"}}, false, 64},
      {"no more than Slurm's cpuset", {{"SLURM_CPUS_ON_NODE", "64"}}, true, 16},
      {"less than Slurm's cpuset", {{"SLURM_CPUS_ON_NODE", "4"}}, true, 4},
      {"the cpuset when Slurm is silent", {}, false, 16},
      {"the cpuset for a node beyond the list",
       {{"SLURM_JOB_CPUS_PER_NODE", "8(x4)"}, {"SLURM_NODEID", "4"}},
       false,
       16},
      {"the cpuset for a list that is none", {{"SLURM_JOB_CPUS_PER_NODE", "eight"}}, false, 16},
      {"the cpuset for an absurd number", {{"SLURM_CPUS_ON_NODE", "99999999999"}}, false, 16},
  };
  for (const auto& [what, environment, cpuset, cpus] : cases) {
    CAPTURE(what);
    Machine machine = live_dgx();
    machine.cpus_set_by_slurm = cpuset;
    CHECK(in_job(environment, machine).cpus == cpus);
  }
}

TEST_CASE("a synthetic machine has no CPUs to bind to") {
  CHECK(in_job({}, dgx()).cpu_ids.empty());
  CHECK(in_job({}, live_dgx()).cpu_ids == live_dgx().cpus);
}

TEST_CASE("memory is what Slurm granted") {
  const Machine machine = dgx();
  CHECK(in_job({{"SLURM_MEM_PER_NODE", "4096"}}, machine).memory == 4096 * kMiB);
  CHECK(in_job({{"SLURM_MEM_PER_NODE", "0"}}, machine).memory == machine.memory);
  CHECK(in_job({{"SLURM_MEM_PER_CPU", "512"}, {"SLURM_CPUS_ON_NODE", "8"}}, machine).memory == 4096 * kMiB);
  CHECK(in_job({{"SLURM_MEM_PER_GPU", "512"}, {"SLURM_STEP_GPUS", "0-3"}}, machine).memory == 2048 * kMiB);
  CHECK(in_job({{"ATOLL_MEM_PER_NODE", "4096"}, {"SLURM_MEM_PER_NODE", "512"}}, machine).memory == 4096 * kMiB);
  CHECK(in_job({{"ATOLL_MEM_PER_CPU", "512"}, {"SLURM_CPUS_ON_NODE", "8"}}, machine).memory == 4096 * kMiB);
  CHECK(in_job({}, machine).memory == machine.memory);
  CHECK(in_job({{"SLURM_MEM_PER_NODE", "4G"}}, machine).memory == machine.memory);
}

TEST_CASE("more memory than the live node has is granted with a warning") {
  Machine machine = live_dgx();
  machine.name = "n1";
  machine.memory = 1024 * kMiB;
  const NodeGrant grant = in_job({{"SLURM_MEM_PER_NODE", "2048"}}, machine);
  CHECK(grant.memory == 2048 * kMiB);
  CHECK(grant.warnings ==
        std::vector<std::string>{"Slurm granted 2048 MiB of memory on n1, which has or may use 1024 MiB"});
}

TEST_CASE("GPUs are what Slurm granted") {
  const struct {
    const char* what;
    Environment environment;
    std::vector<int> gpus;
  } cases[] = {
      {"none without a variable", {}, {}},
      {"the step's", {{"SLURM_STEP_GPUS", "4,5"}, {"SLURM_JOB_GPUS", "0-7"}}, {4, 5}},
      {"the job's", {{"SLURM_JOB_GPUS", "0,2-3"}}, {0, 2, 3}},
      {"CUDA's", {{"CUDA_VISIBLE_DEVICES", "6,1"}}, {1, 6}},
      {"ROCm's", {{"ROCR_VISIBLE_DEVICES", "1"}}, {1}},
      {"OpenCL's", {{"GPU_DEVICE_ORDINAL", "3"}}, {3}},
      {"none of NoDevFiles", {{"CUDA_VISIBLE_DEVICES", "NoDevFiles"}}, {}},
      {"none of an empty list", {{"SLURM_STEP_GPUS", ""}}, {}},
      {"each once", {{"SLURM_STEP_GPUS", "1,1,0-1"}}, {0, 1}},
      {"by UUID",
       {{"SLURM_STEP_GPUS", "0,1"}, {"CUDA_VISIBLE_DEVICES", "GPU-a70110d4-0000-4000-8000-000000000003"}},
       {3}},
      {"all, however numbered, if as many as there are", {{"SLURM_STEP_GPUS", "8-15"}}, {0, 1, 2, 3, 4, 5, 6, 7}},
  };
  for (const auto& [what, environment, gpus] : cases) {
    CAPTURE(what);
    const NodeGrant grant = in_job(environment, dgx());
    CHECK(indices(grant.gpus) == gpus);
    CHECK(grant.warnings.empty());
    for (const GpuInfo& gpu : grant.gpus) CHECK(gpu == *find_gpu(dgx(), gpu.index));
  }
}

TEST_CASE("GPUs behind a device cgroup are the ones that the process sees") {
  Machine machine = dgx();
  machine.gpus = {machine.gpus[4], machine.gpus[5]};  // the driver numbers what it may open from 0
  machine.gpus[0].index = 0;
  machine.gpus[1].index = 1;
  const NodeGrant grant = in_job({{"SLURM_STEP_GPUS", "4,5"}, {"CUDA_VISIBLE_DEVICES", "0,1"}}, machine);
  CHECK(grant.gpus == machine.gpus);
  CHECK(grant.warnings.empty());
}

TEST_CASE("GPUs that the machine does not know are granted with a warning") {
  Machine machine = load_source("tests/topologies/no-gpu.topo").value();
  SUBCASE("by the numbers that CUDA uses here") {
    const NodeGrant grant = in_job({{"SLURM_STEP_GPUS", "4,5"}, {"CUDA_VISIBLE_DEVICES", "0,1"}}, machine);
    CHECK(grant.gpus == std::vector<GpuInfo>{{0, "", "", "", {}, {}}, {1, "", "", "", {}, {}}});
    CHECK(grant.warnings ==
          std::vector<std::string>{"SLURM_STEP_GPUS grants GPUs that the topology of no-gpu does not know: 4, 5; they "
                                   "are used without knowing their place or their links"});
  }
  SUBCASE("by Slurm's numbers without CUDA's") {
    CHECK(indices(in_job({{"SLURM_STEP_GPUS", "4,5"}}, machine).gpus) == std::vector<int>{4, 5});
  }
  SUBCASE("MIG slices by their UUIDs") {
    const NodeGrant grant =
        in_job({{"SLURM_STEP_GPUS", "0,1"}, {"CUDA_VISIBLE_DEVICES", "MIG-a,MIG-b,MIG-a"}}, machine);
    CHECK(grant.gpus == std::vector<GpuInfo>{{0, "MIG-a", "", "", {}, {}}, {1, "MIG-b", "", "", {}, {}}});
  }
  SUBCASE("beside known ones, with indices of their own") {
    const NodeGrant grant =
        in_job({{"CUDA_VISIBLE_DEVICES", "GPU-other,GPU-a70110d4-0000-4000-8000-000000000000"}}, dgx());
    CHECK(indices(grant.gpus) == std::vector<int>{0, 1});
    CHECK(grant.gpus[1].uuid == "GPU-other");
  }
  SUBCASE("a UUID's beginning that fits several is not guessed at") {
    const NodeGrant grant = in_job({{"CUDA_VISIBLE_DEVICES", "GPU-a70110d4"}}, dgx());
    REQUIRE(grant.gpus.size() == 1);
    CHECK(grant.gpus[0].uuid == "GPU-a70110d4");
    CHECK(grant.warnings.size() == 1);
  }
}

TEST_CASE("a name that is no GPU's is left out with a warning") {
  const NodeGrant grant = in_job({{"SLURM_STEP_GPUS", "0,tesla"}}, dgx());
  CHECK(indices(grant.gpus) == std::vector<int>{0});
  CHECK(grant.warnings ==
        std::vector<std::string>{"SLURM_STEP_GPUS names a GPU that is neither a number nor a UUID: \"tesla\""});
}

TEST_CASE("a worker sees its GPUs by UUID and runs beside them") {
  const Machine machine = live_dgx();
  const NodeGrant grant = whole_machine(machine);
  const Binding binding = bind_worker(machine, grant, {machine.gpus[5], machine.gpus[4]}, Fixed::raw(25'000));
  CHECK(binding.environment == Environment{{"CUDA_VISIBLE_DEVICES", machine.gpus[5].uuid + "," + machine.gpus[4].uuid},
                                           {"CUDA_DEVICE_ORDER", "PCI_BUS_ID"},
                                           {"OMP_NUM_THREADS", "2"},
                                           {"ATOLL_NICS", "mlx5_9,mlx5_6"},
                                           {"ATOLL_NET_DEVICES", "mlx5_9:1,mlx5_6:1"},
                                           {"NCCL_IB_HCA", "=mlx5_9,mlx5_6"},
                                           {"ATOLL_NUMA", "1"}});
  CHECK(to_string(binding.cpus) == "8-15");
  CHECK(binding.numa == std::vector<int>{1});
  CHECK(binding.warnings.empty());
}

TEST_CASE("a worker without GPUs sees none and is not bound") {
  const Machine machine = live_dgx();
  const Binding binding = bind_worker(machine, whole_machine(machine), {}, Fixed());
  CHECK(binding.environment.at("CUDA_VISIBLE_DEVICES") == "");
  CHECK(binding.environment.at("OMP_NUM_THREADS") == "1");
  CHECK(binding.environment.at("ATOLL_NUMA") == "");
  CHECK(binding.cpus.empty());
  CHECK(binding.numa.empty());
}

TEST_CASE("a worker sees its GPUs by number when a UUID is unknown") {
  Machine machine = live_dgx();
  machine.gpus[1].uuid.clear();
  const Binding binding =
      bind_worker(machine, whole_machine(machine), {machine.gpus[0], machine.gpus[1]}, Fixed::whole(1));
  CHECK(binding.environment.at("CUDA_VISIBLE_DEVICES") == "0,1");
}

TEST_CASE("a worker is bound to the granted part of its NUMA nodes only") {
  const Machine machine = live_dgx();
  NodeGrant grant = whole_machine(machine);
  grant.cpu_ids = {6, 7, 8};
  const Binding one = bind_worker(machine, grant, {machine.gpus[0]}, Fixed::whole(1));
  CHECK(one.cpus == CpuList{6, 7});
  CHECK(one.numa == std::vector<int>{0});
  const Binding both = bind_worker(machine, grant, {machine.gpus[7], machine.gpus[0]}, Fixed::whole(1));
  CHECK(both.cpus == CpuList{6, 7, 8});
  CHECK(both.numa == std::vector<int>{0, 1});
  CHECK(both.environment.at("ATOLL_NUMA") == "0,1");
}

TEST_CASE("a worker whose NUMA node holds none of the granted CPUs is not bound, with a warning") {
  const Machine machine = live_dgx();
  NodeGrant grant = whole_machine(machine);
  grant.cpu_ids = {0, 1};
  const Binding binding = bind_worker(machine, grant, {machine.gpus[7]}, Fixed::whole(1));
  CHECK(binding.cpus.empty());
  CHECK(binding.numa.empty());
  CHECK(binding.environment.at("ATOLL_NUMA") == "1");
  CHECK(binding.warnings ==
        std::vector<std::string>{
            "none of the granted CPUs of dgx-h100 (0-1) is in the GPUs' NUMA node 1: the worker is not bound"});
}

TEST_CASE("a worker on a synthetic machine is told its NUMA node and not bound") {
  const Machine machine = dgx();
  const Binding binding = bind_worker(machine, whole_machine(machine), {machine.gpus[7]}, Fixed::whole(1));
  CHECK(binding.environment.at("ATOLL_NUMA") == "1");
  CHECK(binding.cpus.empty());
  CHECK(binding.warnings.empty());
}

TEST_CASE("a binder leaves a process without a binding as it is") {
  auto binder = Binder::open();
  REQUIRE_MESSAGE(binder.ok(), binder.status().message());
  CHECK(binder->apply(Binding()).ok());
}
