#include "topology/hwloc_xml.h"

#include <doctest/doctest.h>

#include "tests/support/hwloc_file.h"

using namespace Atoll;
using namespace HwlocFile;

namespace {

Machine parse(const std::string& xml) {
  const auto machine = parse_hwloc(xml);
  REQUIRE_MESSAGE(machine.ok(), machine.status().message());
  return *machine;
}

// Four GPUs, two on each side.
std::string four_gpus(const std::string& matrices, const std::string& model = "NVIDIA H100 80GB HBM3",
                      const std::string& version = "2.9.3") {
  return machine(nvml(0, "01", model) + nvml(1, "02", model), nvml(2, "81", model) + nvml(3, "82", model), matrices,
                 version);
}

std::vector<Link> links(const std::string& matrices, const std::string& model = "NVIDIA H100 80GB HBM3",
                        const std::string& version = "2.9.3") {
  return parse(four_gpus(matrices, model, version)).links;
}

const std::vector<std::string> kPair = {"OSDev:100", "OSDev:101"};

}  // namespace

TEST_CASE("GPUs, NUMA nodes and processors are read from hwloc's XML") {
  const Machine machine = parse(four_gpus(matrix("NVLinkBandwidth", kPair, {0, 25000, 25000, 0})));
  CHECK(machine.name == "twin");
  CHECK(machine.synthetic);
  CHECK(machine.cpus == CpuList{0, 1, 2, 3});
  CHECK(machine.memory == 2ULL << 30);
  CHECK(machine.numa == std::vector<NumaNode>{{0, {0, 1}, 1ULL << 30}, {1, {2, 3}, 1ULL << 30}});
  REQUIRE(machine.gpus.size() == 4);
  CHECK(machine.gpus[0] == GpuInfo{0, "GPU-00000000-a", "0000:01:00.0", "NVIDIA H100 80GB HBM3", 0, {}});
  CHECK(machine.gpus[3] == GpuInfo{3, "GPU-00000003-a", "0000:82:00.0", "NVIDIA H100 80GB HBM3", 1, {}});
  CHECK(machine.links == std::vector<Link>{{0, 1, LinkKind::kNvlink, false, 1, 20.6}});
  CHECK(machine.warnings.empty());
}

TEST_CASE("a processor is beside one NUMA node: of several the one with the fewest, then the lowest") {
  // Memory of a second kind beside package 0, and one beside them all.
  const Machine it =
      parse(with_memory(with_memory(machine(nvml(0, "01"), nvml(1, "81")), "PU", 2, "0x3"), "Package", 3, "0xf"));
  REQUIRE(it.numa.size() == 2);
  CHECK(it.numa[0] == NumaNode{0, {0, 1}, 1073741824});
  CHECK(it.numa[1] == NumaNode{1, {2, 3}, 1073741824});
  CHECK(find_gpu(it, 0)->numa == 0);
  CHECK(find_gpu(it, 1)->numa == 1);
  REQUIRE_FALSE(it.warnings.empty());
  CHECK(it.warnings[0] ==
        "some CPUs are beside several NUMA nodes; each is said to be beside the one with the fewest CPUs");
  CHECK(parse(machine("", "")).warnings.empty());
}

TEST_CASE("GPUs are numbered as the file numbers them, not in PCI order") {
  const Machine machine = parse(HwlocFile::machine(nvml(3, "01"), nvml(1, "81")));
  REQUIRE(machine.gpus.size() == 2);
  CHECK(machine.gpus[0].index == 1);
  CHECK(machine.gpus[0].pci == "0000:81:00.0");
  CHECK(machine.gpus[1].index == 3);
}

TEST_CASE("one PCI function with devices of several drivers is one GPU") {
  const std::string inside = device("opencl0d0", 5, 90, info("OpenCLDeviceType", "GPU")) + device("cuda4", 5, 91) +
                             device("nvml2", 1, 102) + device("card0", 1, 92);
  const Machine machine = parse(HwlocFile::machine(pci("01", "0302 [10de:2330]", 60, inside), ""));
  REQUIRE(machine.gpus.size() == 1);
  CHECK(machine.gpus[0].index == 2);
}

TEST_CASE("an AMD function split into several devices is several GPUs") {
  const std::string apu = pci("01", "1200 [1002:74a0]", 60, rsmi(0) + rsmi(1) + rsmi(2));
  const Machine machine =
      parse(HwlocFile::machine(apu, pci("81", "1200 [1002:74a0]", 61, rsmi(3)),
                               matrix("XGMIBandwidth", {"OSDev:201", "OSDev:202", "OSDev:203"},
                                      {1000000, 100000, 200000, 100000, 1000000, 100000, 200000, 100000, 1000000})));
  REQUIRE(machine.gpus.size() == 4);
  CHECK(machine.gpus[2].model == "AMD");
  CHECK(machine.gpus[2].numa == 0);
  CHECK(machine.links == std::vector<Link>{{1, 2, LinkKind::kXgmi, false, 1, 24},
                                           {1, 3, LinkKind::kXgmi, false, 2, 48},
                                           {2, 3, LinkKind::kXgmi, false, 1, 24}});
}

TEST_CASE("GPUs without a driver's device are told by their PCI class and maker") {
  const Machine machine = parse(HwlocFile::machine(pci("04", "0302 [10de:1db1]", 60, device("card1", 1, 90)) +
                                                       pci("02", "0300 [1a03:2000]", 61, device("card0", 1, 91)) +
                                                       pci("03", "1200 [1002:740c]", 62, ""),
                                                   pci("81", "0680 [10de:22a3]", 63, "")));
  REQUIRE(machine.gpus.size() == 2);
  CHECK(machine.gpus[0].pci == "0000:03:00.0");
  CHECK(machine.gpus[1].pci == "0000:04:00.0");
  CHECK(machine.warnings == std::vector<std::string>{"no link information: hwloc tells of no NVLink or XGMI here, so "
                                                     "each GPU is taken to be alone"});
}

TEST_CASE("a UUID that is zero or not unique is none") {
  const auto with_uuid = [](int n, const std::string& bus, const std::string& uuid) {
    return pci(bus, "0302 [10de:2330]", 60 + n, device("nvml" + number(n), 1, 100 + n, info("NVIDIAUUID", uuid)));
  };
  const Machine machine = parse(
      HwlocFile::machine(with_uuid(0, "01", "GPU-00000000-0000-0000-0000-000000000000") + with_uuid(1, "02", "GPU-1"),
                         with_uuid(2, "81", "GPU-2") + with_uuid(3, "82", "GPU-1")));
  REQUIRE(machine.gpus.size() == 4);
  CHECK(machine.gpus[0].uuid == "");
  CHECK(machine.gpus[1].uuid == "");
  CHECK(machine.gpus[2].uuid == "GPU-2");
}

TEST_CASE("a GPU's NICs are those behind its PCI switch, else those of its NUMA node") {
  const Machine machine = parse(HwlocFile::machine(
      bridge("01", "02", "0f", 50, nvml(0, "02") + infiniband("mlx5_9", "03", 70) + infiniband("mlx5_10", "04", 74)) +
          bridge("10", "11", "1f", 51, nvml(1, "11")) + infiniband("mlx5_0", "20", 78),
      nvml(2, "81") + pci("90", "0200 [8086:1521]", 82, device("eth0", 2, 83)) +
          pci("91", "0200 [17db:0501]", 84, device("hsi0", 2, 85))));
  CHECK(machine.nics == std::vector<Nic>{{"hsi0", "0000:91:00.0", 1},
                                         {"mlx5_0", "0000:20:00.0", 0},
                                         {"mlx5_10", "0000:04:00.0", 0},
                                         {"mlx5_9", "0000:03:00.0", 0}});
  CHECK(machine.gpus[0].nics == std::vector<std::string>{"mlx5_9", "mlx5_10"});
  CHECK(machine.gpus[1].nics == std::vector<std::string>{"mlx5_9", "mlx5_10", "mlx5_0"});
  CHECK(machine.gpus[2].nics == std::vector<std::string>{"hsi0"});
}

TEST_CASE("lanes are the bandwidth by that of one lane") {
  const auto lanes = [](const std::string& model, int bandwidth, const std::string& version) {
    const auto found =
        links(matrix("NVLinkBandwidth", kPair, {1000000, bandwidth, bandwidth, 1000000}), model, version);
    REQUIRE(found.size() == 1);
    return found[0].lanes;
  };
  CHECK(lanes("Tesla P100-SXM2-16GB", 40000, "2.5.0") == 2);
  CHECK(lanes("Tesla V100-SXM2-16GB", 50000, "2.5.0") == 2);
  CHECK(lanes("NVIDIA A100-SXM4-40GB", 300000, "2.9.1") == 12);
  CHECK(lanes("NVIDIA A100-SXM4-40GB", 600000, "2.9.0") == 12);
  CHECK(lanes("NVIDIA H100 80GB HBM3", 150000, "2.12.2") == 6);
  CHECK(lanes("", 40000, "2.12.2") == 2);
  CHECK(lanes("NVIDIA H100 80GB HBM3", 1, "2.12.2") == 1);
}

TEST_CASE("GPUs are joined through NVSwitches even where they share none") {
  const std::string switches = pci("21", "0680 [10de:1ac2]", 60, "") + pci("22", "0680 [10de:1ac2]", 61, "");
  const std::string bandwidths =
      matrix("NVLinkBandwidth", {"OSDev:100", "OSDev:101", "OSDev:102", "PCIDev:60", "PCIDev:61"},
             {0,     0,     0, 50000, 25000,  //
              0,     0,     0, 0,     50000,  //
              0,     0,     0, 0,     0,      //
              50000, 0,     0, 0,     0,      //
              25000, 50000, 0, 0,     0});
  const Machine machine =
      parse(HwlocFile::machine(nvml(0, "01") + nvml(1, "02") + nvml(2, "03") + switches, "", bandwidths));
  REQUIRE(machine.links.size() == 1);
  CHECK(machine.links[0] == Link{0, 1, LinkKind::kNvlink, true, 2, 41.2});
}

TEST_CASE("what is no GPU and no NVSwitch joins nothing") {
  SUBCASE("packages") {
    CHECK(links(matrix("NVLinkBandwidth", {"OSDev:100", "OSDev:101", "Package:10"},
                       {0, 0, 25000, 0, 0, 25000, 25000, 25000, 0}))
              .empty());
  }
  SUBCASE("a GPU itself") { CHECK(links(matrix("NVLinkBandwidth", kPair, {75000, 0, 0, 75000})).empty()); }
  SUBCASE("a matrix of another name") { CHECK(links(matrix("XGMIHops", kPair, {0, 1, 1, 0})).empty()); }
}

TEST_CASE("a link in one direction only is reported and not believed") {
  const Machine machine = parse(four_gpus(matrix("NVLinkBandwidth", kPair, {0, 25000, 0, 0})));
  CHECK(machine.links.empty());
  CHECK(machine.warnings == std::vector<std::string>{"GPUs 0 and 1 have a bandwidth in one direction only: this is "
                                                     "taken for no link"});
}

TEST_CASE("what is no XML of hwloc is refused in one sentence") {
  const std::string good = four_gpus("");
  const struct {
    std::string xml;
    const char* error;
  } cases[] = {
      {"", "expected XML that begins with <"},
      {"GPU0 GPU1", "expected XML that begins with <"},
      {"<system version=\"1\"/>", "expected an element topology: this is no file of hwloc"},
      {"<topology version=\"2.0\">", "this is no well-formed XML"},
      {"<topology version=\"2.0\"></topology>", "not as hwloc writes it: the root is not one Machine"},
      {"<topology version=\"3.0\"></topology>", "not as hwloc writes it: format 3.0"},
      {good.substr(0, good.size() / 2), "this is no well-formed XML"},
      {std::string("<topology\0/>", 12), "a zero byte: no XML in UTF-8"},
      {"<?xml version=\"1.0\" encoding=\"utf-7\"?><topology/>", "expected XML in UTF-8, not UTF-7"},
      {"<?xml version='1.0' encoding='UTF-16'?><topology/>", "expected XML in UTF-8, not UTF-16"},
      {std::string((16 << 20) + 1, ' '), "longer than 16 MiB: no description of a machine"},
  };
  for (const auto& [xml, error] : cases) {
    CHECK(parse_hwloc(xml).status().message() == error);
    CHECK(parse_hwloc(xml).status().code() == Code::kInvalidArgument);
  }
}

TEST_CASE("a document type or an entity never reaches the XML library") {
  const std::string body = "<topology version=\"2.0\"><object type=\"Machine\">&x;</object></topology>";
  for (const char* head :
       {"<!DOCTYPE topology [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>",
        "<!DOCTYPE topology SYSTEM \"http://a/hwloc.dtd\">",
        "<!DOCTYPE topology SYSTEM \"hwloc2.dtd\" [<!ENTITY x \"y\">]>",
        "<!DOCTYPE topology SYSTEM \"hwloc2.dtd\"><!DOCTYPE topology SYSTEM \"hwloc2.dtd\">", "<!ENTITY x \"y\">"})
    CHECK(parse_hwloc(head + body).status().message() == "a document type or an entity of its own: hwloc writes none");
}

TEST_CASE("deeply nested XML is refused, not followed") {
  std::string xml = "<topology version=\"2.0\">";
  for (int depth = 0; depth < 100000; ++depth) xml += "<object type=\"Group\">";
  CHECK_FALSE(parse_hwloc(xml).ok());
}
