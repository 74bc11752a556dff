#include "topology/live_devices.h"

#include <doctest/doctest.h>

#include "tests/support/hwloc_file.h"
#include "topology/hwloc_places.h"
#include "topology/hwloc_topology.h"
#include "topology/live.h"

using namespace Atoll;
using namespace HwlocFile;

namespace {

HwlocTopology load(const std::string& left, const std::string& right) {
  std::string xml = HwlocFile::machine(left, right);
  const std::size_t at = xml.find("<!DOCTYPE");
  xml.erase(at, xml.find('>', at) + 1 - at);
  auto topology = HwlocTopology::load_xml(xml);
  REQUIRE(topology.ok());
  return std::move(*topology);
}

LiveGpu told(const std::string& uuid, const std::string& pci, std::vector<LiveLane> lanes = {}) {
  return {uuid, pci, "NVIDIA H100 80GB HBM3", 90, false, std::move(lanes), {}};
}

std::string board(const std::string& bus, int id) { return pci(bus, "0302 [10de:2330]", id, ""); }

}  // namespace

TEST_CASE("GPUs that a driver tells of get NUMA node and NICs from hwloc, and numbers from 0") {
  const HwlocTopology topology = load(board("01", 60) + board("02", 61) + infiniband("mlx5_0", "03", 70),
                                      board("81", 62) + infiniband("mlx5_1", "83", 74));
  Machine machine;
  machine.numa = numa_nodes(topology.get());
  add_nics(topology.get(), machine);
  add_gpus({{told("GPU-b", "0000:02:00.0", {{Remote::kGpu, "0000:81:00.0"}}),
             told("GPU-c", "0000:81:00.0", {{Remote::kGpu, "0000:02:00.0"}})},
            {},
            {"a warning"}},
           topology.get(), machine);
  const std::string model = "NVIDIA H100 80GB HBM3";
  CHECK(machine.gpus == std::vector<GpuInfo>{{0, "GPU-b", "0000:02:00.0", model, 0, {"mlx5_0"}},
                                             {1, "GPU-c", "0000:81:00.0", model, 1, {"mlx5_1"}}});
  CHECK(machine.links == std::vector<Link>{{0, 1, LinkKind::kNvlink, false, 1, 20.6}});
  CHECK(machine.nics.size() == 2);
  CHECK(machine.warnings == std::vector<std::string>{"a warning"});
}

TEST_CASE("a GPU that hwloc does not show is there without a place") {
  const HwlocTopology topology = load("", "");
  Machine machine;
  add_gpus({{told("GPU-a", ""), told("GPU-b", "0000:02:00.0")}, {}, {}}, topology.get(), machine);
  REQUIRE(machine.gpus.size() == 2);
  CHECK_FALSE(machine.gpus[1].numa.has_value());
  CHECK(machine.warnings ==
        std::vector<std::string>{
            "hwloc does not show GPU 0 at PCI address unknown: its NUMA node and NICs are unknown",
            "hwloc does not show GPU 1 at PCI address 0000:02:00.0: its NUMA node and NICs are unknown"});
}

TEST_CASE("GPUs of one maker come from hwloc, after those that are there") {
  const HwlocTopology topology =
      load(board("01", 60) + pci("02", "1200 [1002:74a0]", 61, rsmi(0)), pci("81", "1200 [1002:74a0]", 62, rsmi(1)));
  Machine machine;
  SUBCASE("on a machine without others they keep their numbers") {
    add_gpus(Maker::kAmd, topology.get(), machine);
    REQUIRE(machine.gpus.size() == 2);
    CHECK(machine.gpus[0].index == 0);
    CHECK(machine.gpus[1].pci == "0000:81:00.0");
    CHECK(machine.gpus[1].numa == 1);
    CHECK(machine.warnings.size() == 1);
  }
  SUBCASE("beside NVIDIA's they follow") {
    add_gpus({{told("GPU-a", "0000:01:00.0")}, {}, {}}, topology.get(), machine);
    add_gpus(Maker::kAmd, topology.get(), machine);
    REQUIRE(machine.gpus.size() == 3);
    CHECK(machine.gpus[2].index == 2);
  }
  SUBCASE("NVIDIA's alone") {
    add_gpus(Maker::kNvidia, topology.get(), machine);
    REQUIRE(machine.gpus.size() == 1);
    CHECK(machine.gpus[0].pci == "0000:01:00.0");
  }
}

TEST_CASE("an NVML that cannot be loaded is a warning and no end") {
  const Machine machine = discover_machine({{"ATOLL_NVML", "/nowhere/nvml.so"}});
  CHECK_FALSE(machine.cpus.empty());
  REQUIRE_FALSE(machine.warnings.empty());
  CHECK(machine.warnings[0].starts_with("NVML cannot be loaded: /nowhere/nvml.so"));
}
