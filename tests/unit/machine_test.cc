#include <doctest/doctest.h>

#include "topology/cgroup.h"
#include "topology/live.h"
#include "topology/source.h"
#include "topology/text.h"

using namespace Atoll;

TEST_CASE("a list of CPUs is read and written as the kernel does") {
  const struct {
    const char* text;
    CpuList cpus;
    const char* again;
  } cases[] = {
      {"", {}, ""},
      {"0", {0}, "0"},
      {"0-3,8", {0, 1, 2, 3, 8}, "0-3,8"},
      {"8,0-3,2,9", {0, 1, 2, 3, 8, 9}, "0-3,8-9"},
      {"65535", {65535}, "65535"},
  };
  for (const auto& [text, cpus, again] : cases) {
    const auto parsed = parse_cpu_list(text);
    REQUIRE(parsed.ok());
    CHECK(*parsed == cpus);
    CHECK(to_string(*parsed) == again);
  }
}

TEST_CASE("what is no list of CPUs is refused") {
  for (const char* text :
       {",", "1,", ",1", "1,,2", "-1", "3-1", "1-", "a", "1 2", "0x3", "65536", "99999999999999999999", "1-2-3"})
    CHECK_FALSE(parse_cpu_list(text).ok());
}

TEST_CASE("a machine is read from its text") {
  const auto machine = parse_machine(
      "# two GPUs\n"
      "machine pair\r\n"
      "\n"
      "gpu 1 uuid GPU-b model H100 nics mlx5_0,mlx5_1  # no NUMA node known\n"
      "gpu 0\tnuma 8 uuid GPU-a pci 0000:1b:00.0\n"
      "numa 8 memory 2048 cpus 4-7\n"
      "numa 0 cpus 0-3");
  REQUIRE(machine.ok());
  CHECK(machine->name == "pair");
  CHECK(machine->numa == std::vector<NumaNode>{{0, {0, 1, 2, 3}, 0}, {8, {4, 5, 6, 7}, 2048ULL << 20}});
  CHECK(machine->gpus == std::vector<GpuInfo>{{0, "GPU-a", "0000:1b:00.0", "", 8, {}},
                                              {1, "GPU-b", "", "H100", {}, {"mlx5_0", "mlx5_1"}}});
  CHECK(machine->cpus == CpuList{0, 1, 2, 3, 4, 5, 6, 7});
  CHECK(machine->memory == 2048ULL << 20);
  CHECK(machine->synthetic);
}

TEST_CASE("a mistake in a machine's text names its line and what was expected") {
  const struct {
    const char* text;
    const char* error;
  } cases[] = {
      {"machine a\nisland 0", "line 2: expected machine, numa, gpu, nic, link, switch or fabric, not \"island\""},
      {"machine", "line 1: expected \"machine\" and one name"},
      {"machine a\nmachine b", "line 2: a second name; the machine is a"},
      {"numa", "line 1: expected a number from 0 to 4095 after \"numa\""},
      {"numa -1", "line 1: expected a number from 0 to 4095 after \"numa\""},
      {"numa 0 cpus 3-1", "line 1: expected CPUs such as 0-3,8 after \"cpus\", not \"3-1\""},
      {"numa 0 memory 2GB", "line 1: expected MiB, a whole number, after \"memory\", not \"2GB\""},
      {"numa 0 cpus", "line 1: expected a value after \"cpus\""},
      {"numa 0 cpus 0 cpus 1", "line 1: \"cpus\" twice"},
      {"numa 0 cpus 0-3\nnuma 1 cpus 3", "line 2: a CPU of another NUMA node"},
      {"gpu 0 color red", "line 1: expected numa, uuid, pci, model or nics, not \"color\""},
      {"gpu 0\n\ngpu 0", "line 3: gpu 0 again; it is on line 1"},
      {"gpu 0 numa x", "line 1: expected a NUMA node's number after \"numa\", not \"x\""},
      {"# a\ngpu 0 numa 1\n", "line 2: expected a line \"numa 1 …\" for this GPU somewhere"},
      {"gpu 0 uuid GPU-a\ngpu 1 uuid GPU-a", "line 2: another GPU has the uuid GPU-a"},
  };
  for (const auto& [text, error] : cases) {
    const auto machine = parse_machine(text);
    CHECK(machine.status().message() == error);
    CHECK(machine.status().code() == Code::kInvalidArgument);
  }
  CHECK_FALSE(parse_machine(std::string((1 << 20) + 1, '\n')).ok());
}

TEST_CASE("our sample machines read well, and print to what reads the same") {
  const struct {
    const char* name;
    std::size_t gpus, numa, cpus, nics, links;
  } cases[] = {{"dgx-h100", 8, 2, 16, 8, 0},   {"four-a100", 4, 4, 16, 2, 0}, {"no-gpu", 0, 1, 4, 0, 0},
               {"dgx1-v100", 8, 2, 16, 4, 16}, {"hgx-h100", 8, 2, 16, 8, 28}, {"a100-pairs", 4, 2, 16, 0, 2},
               {"mi250", 8, 4, 16, 4, 12},     {"nvl72-tray", 4, 2, 16, 4, 6}};
  for (const auto& [name, gpus, numa, cpus, nics, links] : cases) {
    CAPTURE(name);
    const auto machine = load_source(std::string("tests/topologies/") + name + ".topo");
    REQUIRE_MESSAGE(machine.ok(), machine.status().message());
    CHECK(machine->name == name);
    CHECK(machine->gpus.size() == gpus);
    CHECK(machine->numa.size() == numa);
    CHECK(machine->cpus.size() == cpus);
    CHECK(machine->nics.size() == nics);
    CHECK(machine->links.size() == links);
    const auto again = parse_machine(print_machine(*machine));
    REQUIRE(again.ok());
    CHECK(*again == *machine);
  }
}

TEST_CASE("machines of one make have one digest, another make another") {
  const auto digest_of = [](const char* text) { return digest(parse_machine(text).value()); };
  const auto one = digest_of("machine a\nnuma 0 cpus 0-3\ngpu 0 numa 0 uuid GPU-a pci 0000:1b:00.0 model H100");
  CHECK(one == digest_of("machine b\nnuma 0 cpus 0-3\ngpu 0 numa 0 uuid GPU-b pci 0000:1c:00.0 model H100"));
  CHECK(one != digest_of("machine a\nnuma 0 cpus 0-3\ngpu 0 numa 0 uuid GPU-a model A100"));
  CHECK(one != digest_of("machine a\nnuma 0 cpus 0-3\ngpu 0 uuid GPU-a model H100"));
  CHECK(one != digest_of("machine a\nnuma 0 cpus 0-7\ngpu 0 numa 0 uuid GPU-a model H100"));
  CHECK(one != digest_of("machine a\nnuma 0 cpus 0-3"));
}

TEST_CASE("the live node has allowed CPUs and memory") {
  const Machine machine = discover_machine();
  CHECK_FALSE(machine.name.empty());
  CHECK_FALSE(machine.cpus.empty());
  CHECK(machine.memory > 0);
  CHECK(machine.gpus.empty());
  for (const NumaNode& node : machine.numa) CHECK(find_numa(machine, node.index) == &node);
}

TEST_CASE("a topology file takes the place of discovery") {
  const auto machine = machine_of_this_node({{"ATOLL_TOPOLOGY", "tests/topologies/dgx-h100.topo"}});
  REQUIRE(machine.ok());
  CHECK(machine->gpus.size() == 8);
  CHECK(machine->synthetic);
  CHECK(machine->name == discover_machine().name);
  const auto missing = machine_of_this_node({{"ATOLL_TOPOLOGY", "/nowhere/at all"}});
  CHECK(missing.status().message() == "ATOLL_TOPOLOGY: /nowhere/at all: cannot be read");
}

TEST_CASE("the tightest memory limit of the control groups counts, in both versions") {
  const auto limits = [](const Environment& files) {
    return read_cgroup_limits([&](const std::string& path) { return lookup(files, path); });
  };
  CHECK(limits({}) == CgroupLimits{0, false});
  CHECK(limits({{"/proc/self/cgroup", "0::/\n"}, {"/sys/fs/cgroup/memory.max", "max\n"}}) == CgroupLimits{0, false});
  CHECK(limits({{"/proc/self/cgroup", "0::/system.slice/slurmstepd.scope/job_7/step_0\n"},
                {"/sys/fs/cgroup/system.slice/slurmstepd.scope/job_7/step_0/memory.max", "max\n"},
                {"/sys/fs/cgroup/system.slice/slurmstepd.scope/job_7/memory.max", "4096\n"},
                {"/sys/fs/cgroup/system.slice/memory.max", "8192\n"}}) == CgroupLimits{4096, true});
  CHECK(limits({{"/proc/self/cgroup", "4:memory:/slurm/uid_0/job_7\n3:cpuset,cpu:/slurm/uid_0/job_7\n0::/\n"},
                {"/sys/fs/cgroup/memory/slurm/uid_0/job_7/memory.limit_in_bytes", "9223372036854771712\n"},
                {"/sys/fs/cgroup/memory/slurm/memory.limit_in_bytes", "4096\n"}}) == CgroupLimits{4096, true});
  CHECK(limits({{"/proc/self/cgroup", "4:memory:/slurm/uid_0/job_7\n3:cpuset:/docker/abc\nrubbish\n"}}) ==
        CgroupLimits{0, false});
}
