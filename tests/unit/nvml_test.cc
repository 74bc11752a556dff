#include "topology/nvml.h"

#include <doctest/doctest.h>

#include "tests/support/fake_nvml.h"
#include "topology/live_links.h"

using namespace Atoll;

namespace {

std::string bus(std::size_t gpu) { return "00000000:" + std::to_string(10 + gpu) + ":00.0"; }

FakeNvml::Gpu gpu(std::size_t i, std::vector<FakeNvml::Lane> lanes = {}) {
  FakeNvml::Gpu made;
  made.uuid = "GPU-" + std::to_string(i);
  made.pci = bus(i);
  made.lanes = std::move(lanes);
  return made;
}

FakeNvml::Lane to_gpu(std::size_t i) { return {1, 1, nvml::kRemoteGpu, bus(i), 0}; }
FakeNvml::Lane to_switch(const std::string& pci = "00000000:C1:00.0") { return {1, 1, nvml::kRemoteSwitch, pci, 0}; }

struct Seen {
  LiveGpus live;
  std::vector<Link> links;
  std::optional<Fabric> fabric;
  std::vector<std::string> warnings;
};

Seen see(FakeNvml& fake) {
  auto library = NvmlLibrary::open(fake.lookup());
  REQUIRE_MESSAGE(library.ok(), library.status().message());
  auto live = NvmlProvider(std::move(*library)).read();
  REQUIRE_MESSAGE(live.ok(), live.status().message());
  Seen seen{std::move(*live), {}, {}, {}};
  seen.warnings = seen.live.warnings;
  seen.links = live_links(seen.live, seen.warnings);
  seen.fabric = live_fabric(seen.live, seen.warnings);
  return seen;
}

// Eight GPUs behind a switch, in a fabric that ends at the node.
void fill_board(FakeNvml& fake, unsigned char state = 3) {
  for (std::size_t i = 0; i < 8; ++i) {
    fake.gpus.push_back(gpu(i, std::vector<FakeNvml::Lane>(18, to_switch())));
    fake.gpus.back().state = state;
  }
}

}  // namespace

TEST_CASE("GPUs are described as NVML tells of them") {
  FakeNvml fake;
  fake.gpus = {gpu(0), gpu(1)};
  fake.gpus[1].pci = "00010000:AB:1F.0";
  const Seen seen = see(fake);
  REQUIRE(seen.live.gpus.size() == 2);
  CHECK(seen.live.gpus[0] == LiveGpu{"GPU-0", "0000:10:00.0", "NVIDIA H100 80GB HBM3", 90, false, {}, {}});
  CHECK(seen.live.gpus[1].pci == "");
  CHECK(seen.links.empty());
  CHECK(seen.warnings.empty());
  CHECK(fake.initialized == 0);
}

TEST_CASE("direct links are those that both GPUs report") {
  FakeNvml fake;
  fake.gpus = {gpu(0, {to_gpu(1), to_gpu(1), to_gpu(2)}), gpu(1, {to_gpu(0), to_gpu(0)}), gpu(2)};
  const Seen seen = see(fake);
  CHECK(seen.links == std::vector<Link>{{0, 1, LinkKind::kNvlink, false, 2, 41.2}});
  CHECK(seen.warnings ==
        std::vector<std::string>{
            "GPU 0 and GPU 2 count the lanes between them differently, 1 and 0: the smaller number holds"});
}

TEST_CASE("a lane counts only if it is active, capable, known at the other end, and no loop") {
  const struct {
    const char* what;
    FakeNvml::Lane lane;
  } cases[] = {{"inactive", {0, 1, nvml::kRemoteGpu, bus(1), 0}},
               {"without peer access", {1, 0, nvml::kRemoteGpu, bus(1), 0}},
               {"without an address", {1, 1, nvml::kRemoteGpu, bus(1), 3}},
               {"to itself", {1, 1, nvml::kRemoteGpu, bus(0), 0}},
               {"to a processor", {1, 1, nvml::kRemoteNpu, "00000004:00:01.0", 0}},
               {"to a GPU that is hidden", {1, 1, nvml::kRemoteGpu, bus(7), 0}}};
  for (const auto& [what, lane] : cases) {
    CAPTURE(what);
    FakeNvml fake;
    fake.gpus = {gpu(0, {lane}), gpu(1, {lane})};
    CHECK(see(fake).links.empty());
  }
}

TEST_CASE("GPUs behind switches are all joined, visible switches or hidden ones") {
  FakeNvml fake;
  SUBCASE("told by type, with addresses") {
    fill_board(fake);
    for (std::size_t i = 0; i < 8; ++i)
      for (auto& lane : fake.gpus[i].lanes) lane.pci = i < 4 ? "00000000:C1:00.0" : "00000000:C2:00.0";
  }
  SUBCASE("with hidden addresses") {
    fill_board(fake);
    for (auto& one : fake.gpus)
      for (auto& lane : one.lanes) lane.pci = "FFFFFFFF:FF:FF.0";
  }
  SUBCASE("of unknown type") {
    fill_board(fake);
    for (auto& one : fake.gpus)
      for (auto& lane : one.lanes) lane.type = 0xff;
  }
  SUBCASE("by a library that does not tell types") {
    fill_board(fake);
    fake.missing = {"nvmlDeviceGetNvLinkRemoteDeviceType", "nvmlDeviceGetNvLinkCapability"};
  }
  const Seen seen = see(fake);
  REQUIRE(seen.links.size() == 28);
  CHECK(seen.links[0] == Link{0, 1, LinkKind::kNvlink, true, 18, 18 * 20.6});
  CHECK(seen.links[27] == Link{6, 7, LinkKind::kNvlink, true, 18, 18 * 20.6});
  CHECK_FALSE(seen.fabric.has_value());
  CHECK(seen.warnings.empty());
}

TEST_CASE("a GPU with fewer lanes to the switch has fewer to each, and is reported") {
  FakeNvml fake;
  fill_board(fake);
  fake.gpus[2].lanes.resize(17);
  const Seen seen = see(fake);
  for (const Link& link : seen.links) CHECK(link.lanes == (link.a == 2 || link.b == 2 ? 17 : 18));
  CHECK(seen.warnings == std::vector<std::string>{"GPU 2 has 17 lanes to the NVSwitch, others 18"});
}

TEST_CASE("a GPU without any lane stands alone though its fabric is well") {
  FakeNvml fake;
  fill_board(fake);
  fake.gpus[5].lanes.clear();
  const Seen seen = see(fake);
  CHECK(seen.links.size() == 21);
  for (const Link& link : seen.links) CHECK((link.a != 5 && link.b != 5));
}

TEST_CASE("a GPU whose fabric does not work is not joined through the switch") {
  const struct {
    unsigned char state;
    int status;
    unsigned mask;
    unsigned char summary;
    const char* why;
  } cases[] = {{2, 0, 0, 0, "is not completed"},  {3, 999, 0, 0, "failed"},          {3, 0, 0, 2, "is unhealthy"},
               {3, 0, 1 << 4, 0, "is unhealthy"}, {3, 0, 1 << 2, 0, "is unhealthy"}, {3, 0, 1 << 6, 0, "is unhealthy"},
               {3, 0, 4 << 8, 0, "is unhealthy"}};
  for (const auto& [state, status, mask, summary, why] : cases) {
    FakeNvml fake;
    fill_board(fake);
    fake.gpus[3].state = state;
    fake.gpus[3].status = status;
    fake.gpus[3].mask = mask;
    fake.gpus[3].summary = summary;
    const Seen seen = see(fake);
    CHECK(seen.links.size() == 21);
    CHECK(seen.warnings ==
          std::vector<std::string>{std::string("GPU 3 is taken to be alone: its NVLink fabric ") + why});
  }
}

TEST_CASE("degraded bandwidth and a mask that says that all is well do not part a GPU") {
  FakeNvml fake;
  fill_board(fake);
  for (auto& one : fake.gpus) one.mask = 1 | 2 << 2 | 2 << 4 | 2 << 6 | 1 << 8;
  CHECK(see(fake).links.size() == 28);
}

TEST_CASE("where the driver denies peer access there is no link") {
  FakeNvml fake;
  fake.gpus = {gpu(0, {to_gpu(1), to_gpu(2)}), gpu(1, {to_gpu(0)}), gpu(2, {to_gpu(0)})};
  fake.denied = {{0, 1}};
  const Seen seen = see(fake);
  REQUIRE(seen.links.size() == 1);
  CHECK(seen.links[0].b == 2);
  CHECK(seen.warnings ==
        std::vector<std::string>{"the driver denies peer access between GPU 0 and GPU 1 over NVLink: they "
                                 "are taken not to be joined"});
  SUBCASE("unless the question fails") {
    fake.failing = {{"nvmlDeviceGetP2PStatus", 3}};
    CHECK(see(fake).links.size() == 2);
  }
}

TEST_CASE("slices stand in place of their GPU and have no links") {
  FakeNvml fake;
  fake.gpus = {gpu(0, {to_gpu(1)}), gpu(1, {to_gpu(0)}), gpu(2), gpu(3)};
  fake.gpus[1].slices = {"MIG-a", "MIG-b"};
  fake.gpus[2].split = true;
  const Seen seen = see(fake);
  std::vector<std::string> uuids;
  for (const LiveGpu& one : seen.live.gpus) uuids.push_back(one.uuid);
  CHECK(uuids == std::vector<std::string>{"GPU-0", "MIG-a", "MIG-b", "GPU-3"});
  CHECK(seen.live.gpus[1].slice);
  CHECK(seen.live.gpus[1].pci == seen.live.gpus[2].pci);
  CHECK(seen.links.empty());
  CHECK(seen.warnings == std::vector<std::string>{"GPU GPU-2 is in MIG mode and has no slice: it is left out"});
}

TEST_CASE("a fabric is usable if it is one, completed, successful and healthy on every GPU") {
  FakeNvml fake;
  for (std::size_t i = 0; i < 4; ++i) {
    fake.gpus.push_back(gpu(i, std::vector<FakeNvml::Lane>(18, to_switch())));
    fake.gpus.back().state = 3;
    fake.gpus.back().cluster = 0xa5;
    fake.gpus.back().clique = 7;
  }
  const std::string uuid = "a5a5a5a5-a5a5-a5a5-a5a5-a5a5a5a5a5a5";
  SUBCASE("by the third form of the answer") { CHECK(see(fake).fabric == Fabric{uuid, 7, true}); }
  SUBCASE("by the second") {
    fake.fabric_version = 2;
    CHECK(see(fake).fabric == Fabric{uuid, 7, true});
    fake.gpus[1].mask = 1 << 4;
    CHECK(see(fake).fabric == Fabric{uuid, 7, false});
  }
  SUBCASE("by the first") {
    fake.missing = {"nvmlDeviceGetGpuFabricInfoV"};
    CHECK(see(fake).fabric == Fabric{uuid, 7, true});
  }
  SUBCASE("not where no form is answered") {
    fake.missing = {"nvmlDeviceGetGpuFabricInfoV"};
    fake.failing = {{"nvmlDeviceGetGpuFabricInfo", 3}};
    CHECK_FALSE(see(fake).fabric.has_value());
  }
  SUBCASE("not with a GPU in another clique") {
    fake.gpus[2].clique = 8;
    const Seen seen = see(fake);
    CHECK(seen.fabric == Fabric{uuid, 7, false});
    CHECK(seen.links.size() == 6);
    CHECK(seen.warnings == std::vector<std::string>{"GPU 2 is in another NVLink fabric, or in none: the node does not "
                                                    "count as part of the fabric"});
  }
  SUBCASE("not with an unhealthy GPU") {
    fake.gpus[3].summary = 2;
    const Seen seen = see(fake);
    CHECK(seen.fabric == Fabric{uuid, 7, false});
    CHECK(seen.links.size() == 3);
    CHECK(seen.warnings.size() == 2);
  }
  SUBCASE("not with an all-zero UUID: it ends at the node") {
    for (auto& one : fake.gpus) one.cluster = 0;
    CHECK_FALSE(see(fake).fabric.has_value());
  }
}

TEST_CASE("a GPU that is hidden is no news, one that is lost is a warning") {
  FakeNvml fake;
  fake.gpus = {gpu(0), gpu(1), gpu(2)};
  fake.gpus[0].handle_result = nvml::kNoPermission;
  fake.gpus[1].handle_result = 15;
  const Seen seen = see(fake);
  REQUIRE(seen.live.gpus.size() == 1);
  CHECK(seen.live.gpus[0].uuid == "GPU-2");
  CHECK(seen.warnings == std::vector<std::string>{"NVML cannot tell of GPU 1: Unknown Error"});
}

TEST_CASE("what NVML cannot tell of a GPU is a warning") {
  FakeNvml fake;
  fake.gpus = {gpu(0)};
  fake.failing = {{"nvmlDeviceGetUUID", 999}, {"nvmlDeviceGetPciInfo_v3", 999}};
  const Seen seen = see(fake);
  REQUIRE(seen.live.gpus.size() == 1);
  CHECK(seen.live.gpus[0].uuid == "");
  CHECK(seen.warnings.size() == 2);
}

TEST_CASE("an NVML that cannot be used says why") {
  CHECK(NvmlLibrary::open("/nowhere/libnvidia-ml.so.1").status().code() == Code::kNotFound);
  CHECK(NvmlLibrary::open("libm.so.6").status().message() == "this NVML has no nvmlInit_v2");
  FakeNvml fake;
  fake.missing = {"nvmlDeviceGetUUID"};
  CHECK(NvmlLibrary::open(fake.lookup()).status().message() == "this NVML has no nvmlDeviceGetUUID");
  fake.missing.clear();
  fake.failing = {{"nvmlInit_v2", 9}};
  CHECK(NvmlLibrary::open(fake.lookup()).status().message() == "NVML cannot be initialized: Driver Not Loaded");
  CHECK(fake.initialized == 0);
  fake.failing = {{"nvmlDeviceGetCount_v2", 999}};
  auto library = NvmlLibrary::open(fake.lookup());
  REQUIRE(library.ok());
  CHECK(NvmlProvider(std::move(*library)).read().status().message() == "NVML cannot count the GPUs: Unknown Error");
  CHECK(fake.initialized == 0);
}

TEST_CASE("a library without link questions leaves every GPU alone") {
  FakeNvml fake;
  fill_board(fake);
  fake.missing = {"nvmlDeviceGetNvLinkState", "nvmlDeviceGetP2PStatus", "nvmlDeviceGetMigMode",
                  "nvmlDeviceGetCudaComputeCapability"};
  const Seen seen = see(fake);
  CHECK(seen.live.gpus.size() == 8);
  CHECK(seen.links.empty());
}
