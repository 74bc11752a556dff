#include "topology/nccl_xml.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/machine_words.h"

using namespace Atoll;
using namespace Atoll::testing;

namespace {

struct Gpu {
  int number;
  std::string inside;  // the elements in <gpu>
  std::string more = "sm=\"90\" rank=\"0\" gdr=\"1\"";
};

std::string bus_of(int number) {
  char text[32];
  std::snprintf(text, sizeof text, "0000:%02x:00.0", 0x10 + number);
  return text;
}

std::string nvlink(const std::string& target, int count, const std::string& target_class = "0x030200") {
  return "<nvlink target=\"" + target + "\" count=\"" + std::to_string(count) + "\" tclass=\"" + target_class + "\"/>";
}

std::string xgmi(int target, int count) {
  return "<xgmi target=\"" + bus_of(target) + "\" count=\"" + std::to_string(count) + "\" tclass=\"0x038000\"/>";
}

// All GPUs below one CPU, at bus_of() their number.
std::string system_of(const std::vector<Gpu>& gpus) {
  std::string xml = "<system version=\"1\">\n<cpu numaid=\"0\" affinity=\"0000000f\">\n";
  for (const Gpu& gpu : gpus)
    xml += "<pci busid=\"" + bus_of(gpu.number) + "\" class=\"0x030200\"><gpu dev=\"" + std::to_string(gpu.number) +
           "\" " + gpu.more + ">" + gpu.inside + "</gpu></pci>\n";
  return xml + "</cpu>\n</system>\n";
}

Machine machine_of(const std::string& xml) {
  Result<Machine> machine = parse_nccl(xml);
  REQUIRE_MESSAGE(machine.ok(), machine.status().message());
  return *machine;
}

const std::string kSwitch = "0x068000";

}  // namespace

TEST_CASE("links of NCCL's XML are those that both ends claim") {
  const struct {
    const char* what;
    std::string xml;
    const char* links;
    const char* warning;
  } cases[] = {
      {"a bridge", system_of({{0, nvlink(bus_of(1), 4)}, {1, nvlink(bus_of(0), 4)}}), "0-1:4", ""},
      {"in two pieces", system_of({{0, nvlink(bus_of(1), 2) + nvlink(bus_of(1), 2)}, {1, nvlink(bus_of(0), 4)}}),
       "0-1:4", ""},
      {"other ways to write a bus", system_of({{0, nvlink("00000000:11:00.0", 4)}, {1, nvlink("0000:10:00.0", 4, "")}}),
       "0-1:4", ""},
      {"a degraded bridge", system_of({{0, nvlink(bus_of(1), 4)}, {1, nvlink(bus_of(0), 3)}}), "0-1:3",
       "GPU 0 claims 4 lanes to GPU 1, which claims 3; the fewer is taken"},
      {"claimed by one", system_of({{0, ""}, {1, nvlink(bus_of(0), 3)}}), "",
       "GPU 1 claims 3 lanes to GPU 0, which claims 0; no link is taken"},
      {"to itself", system_of({{0, nvlink(bus_of(0), 12)}}), "", "GPU 0 has a link to itself"},
      {"to nobody", system_of({{0, nvlink("0000:99:00.0", 12)}}), "", "GPU 0 has a link to 0000:99:00.0, which is no"},
      {"to nowhere", system_of({{0, "<nvlink count=\"12\"/>"}}), "", "which is no GPU"},
      {"to a CPU", system_of({{0, nvlink("0004:00:00.0", 3, "0x068001")}}), "", ""},
      {"to a GPU that is called a switch",
       system_of({{0, nvlink(bus_of(1), 4, kSwitch)}, {1, nvlink(bus_of(0), 4, kSwitch)}}), "", "called a switch"},
      {"no lanes", system_of({{0, nvlink(bus_of(1), 0)}, {1, nvlink(bus_of(0), 0)}}), "", "no NVLink"},
      {"no number of lanes", system_of({{0, "<nvlink target=\"x\" count=\"many\"/>"}}), "", "without a count"},
      {"lanes below zero", system_of({{0, nvlink(bus_of(1), -4)}, {1, nvlink(bus_of(0), -4)}}), "", "without a count"},
      {"too many lanes", system_of({{0, nvlink(bus_of(1), 1 << 30)}, {1, nvlink(bus_of(0), 1 << 30)}}), "",
       "without a count"},
      {"XGMI", system_of({{0, xgmi(1, 1)}, {1, xgmi(0, 1)}}), "0-1:1", ""},
      {"none at all", system_of({{0, ""}, {1, ""}}), "", "lists no NVLink or XGMI"},
  };
  for (const auto& [what, xml, links, warning] : cases) {
    INFO(std::string(what));
    const Machine machine = machine_of(xml);
    CHECK(links_of(machine) == links);
    CHECK(warns(machine, warning) == (*warning != '\0'));
    CHECK(machine.synthetic);
  }
}

TEST_CASE("a switch joins every two GPUs on it by the fewer of their lanes") {
  const struct {
    const char* what;
    std::string xml;
    const char* links;
    const char* warning;
  } cases[] = {
      {"one that is shown",
       system_of({{0, nvlink("0000:c1:00.0", 18, kSwitch)}, {1, nvlink("0000:c1:00.0", 18, kSwitch)}}), "0-1:18s", ""},
      {"several planes",
       system_of({{0, nvlink("0000:c1:00.0", 5, kSwitch) + nvlink("0000:c2:00.0", 4, kSwitch)},
                  {1, nvlink("0000:c1:00.0", 4, kSwitch) + nvlink("0000:c2:00.0", 5, kSwitch)}}),
       "0-1:9s", ""},
      {"one that cannot be seen",
       system_of({{0, nvlink("fffffff:ff:ff.0", 18, kSwitch)},
                  {1, nvlink("fffffff:ff:ff.0", 18, kSwitch)},
                  {2, nvlink("FFFFFFFF:FF:FF.0", 18, "")}}),
       "0-1:18s 0-2:18s 1-2:18s", ""},
      {"a degraded GPU",
       system_of({{0, nvlink("0000:c1:00.0", 18, kSwitch)},
                  {1, nvlink("0000:c1:00.0", 16, kSwitch)},
                  {2, nvlink("0000:c1:00.0", 18, kSwitch)}}),
       "0-1:16s 0-2:18s 1-2:16s", "GPU 1 has 16 lanes to the switch, others 18"},
      {"a GPU off the fabric",
       system_of({{0, nvlink("0000:c1:00.0", 18, kSwitch)}, {1, nvlink("0000:c1:00.0", 18, kSwitch)}, {2, ""}}),
       "0-1:18s", "GPU 2 has 0 lanes to the switch, others 18"},
      {"a GPU alone", system_of({{0, nvlink("0000:c1:00.0", 18, kSwitch)}}), "", ""},
  };
  for (const auto& [what, xml, links, warning] : cases) {
    INFO(std::string(what));
    const Machine machine = machine_of(xml);
    CHECK(links_of(machine) == links);
    CHECK(warns(machine, warning) == (*warning != '\0'));
  }
}

TEST_CASE("the speed of a link is that of its slower GPU's generation") {
  const auto gbps = [](const std::string& first, const std::string& second, bool amd) {
    const auto link = [&](int target) { return amd ? xgmi(target, 2) : nvlink(bus_of(target), 2); };
    return machine_of(system_of({{0, link(1), first}, {1, link(0), second}})).links.at(0).gbps;
  };
  CHECK(gbps("sm=\"70\"", "sm=\"70\"", false) == 40);
  CHECK(gbps("sm=\"90\"", "sm=\"60\"", false) == 36);
  CHECK(gbps("sm=\"100\"", "sm=\"103\"", false) == doctest::Approx(80.2));
  CHECK(gbps("", "sm=\"what\"", false) == 40);
  CHECK(gbps("gcn=\"gfx942\"", "gcn=\"gfx942\"", true) == 96);
  CHECK(gbps("gcn=\"908\"", "gcn=\"910\"", true) == 48);
}

TEST_CASE("NUMA nodes and CPUs are those of the CPUs in the file") {
  const Machine machine = machine_of(
      "<system><cpu numaid=\"3\" affinity=\"00000001,0000ff00\"><pci busid=\"0000:10:00.0\"><gpu "
      "dev=\"5\"/></pci></cpu>"
      "<cpu numaid=\"-1\" affinity=\"rubbish\"><pci busid=\"0000:11:00.0\"><gpu dev=\"2\"/></pci></cpu>"
      "<cpu numaid=\"8\"/></system>");
  CHECK(machine.gpus.size() == 2);
  CHECK_FALSE(find_gpu(machine, 2)->numa.has_value());
  CHECK(find_gpu(machine, 5)->numa == 3);
  CHECK(find_gpu(machine, 5)->pci == "0000:10:00.0");
  CHECK(machine.numa == std::vector<NumaNode>{{3, {8, 9, 10, 11, 12, 13, 14, 15, 32}, 0}, {8, {}, 0}});
  CHECK(machine.cpus.size() == 9);
}

TEST_CASE("the nearest NICs are those that share the most of the PCI tree with the GPU") {
  const auto nic = [](const std::string& name) {
    return "<nic><net name=\"" + name + "\" port=\"1\" guid=\"0x1\"/></nic>";
  };
  const auto pci = [](const std::string& bus, const std::string& inside) {
    return "<pci busid=\"0000:" + bus + ":00.0\">" + inside + "</pci>";
  };
  const std::string gpu = pci("01", "<gpu dev=\"0\"/>");
  const struct {
    const char* what;
    std::string first_cpu, second_cpu;
    const char* nics;
  } cases[] = {
      {"the same switch before another", pci("a0", gpu + pci("02", nic("b"))) + pci("b0", pci("03", nic("a"))), "",
       "b"},
      {"the inner switch before the outer", pci("a0", pci("a1", gpu + pci("02", nic("b"))) + pci("03", nic("a"))), "",
       "b"},
      {"two ports, in the order of their numbers", pci("a0", gpu + pci("02", nic("m_10") + nic("m_9"))), "",
       "m_9 m_10"},
      {"the same CPU", gpu + pci("b0", pci("03", nic("a"))), "", "a"},
      {"not across CPUs", gpu, pci("b0", pci("03", nic("a"))), ""},
      {"below the CPU itself", gpu + nic("a"), nic("a"), "a"},
      {"no plain interface", gpu + "<nic><net name=\"eth0\" port=\"0\" guid=\"0x0\"/></nic>", "", ""},
      {"Slingshot has no GUID", gpu + "<nic><net name=\"cxi0\" port=\"1\" guid=\"0x0\"/></nic>", "", "cxi0"},
  };
  for (const auto& [what, first_cpu, second_cpu, nics] : cases) {
    INFO(std::string(what));
    const Machine machine = machine_of("<system><cpu numaid=\"0\">" + first_cpu + "</cpu><cpu numaid=\"1\">" +
                                       second_cpu + "</cpu></system>");
    CHECK(nics_of(machine, 0) == nics);
  }
}

TEST_CASE("a NIC below several CPUs is one NIC of unknown place") {
  const std::string net = "<nic><net name=\"mlx5_0\" port=\"1\" guid=\"0x1\"/></nic>";
  const Machine machine =
      machine_of("<system><cpu numaid=\"0\">" + net + "</cpu><cpu numaid=\"1\">" + net + "</cpu></system>");
  CHECK(machine.nics == std::vector<Nic>{{"mlx5_0", "", {}}});
}

TEST_CASE("a file without GPUs is a template, and says so") {
  for (const char* xml :
       {"<system/>", "<system version=\"1\"><cpu numaid=\"0\"><pci busid=\"0000:01:00.0\"/></cpu></system>",
        "<?xml version=\"1.0\"?>\n<!-- words -->\n<system/>"}) {
    const Machine machine = machine_of(xml);
    CHECK(machine.gpus.empty());
    CHECK(warns(machine, "no GPUs"));
  }
}

TEST_CASE("GPUs without a number of their own take free ones, and none is there twice") {
  const Machine machine = machine_of(
      "<system><cpu><pci busid=\"0000:01:00.0\"><gpu dev=\"0\"/></pci><pci busid=\"0000:02:00.0\"><gpu "
      "dev=\"0\"/></pci>"
      "<pci busid=\"0000:03:00.0\"><gpu/></pci><pci busid=\"0000:01:00.0\"><gpu dev=\"0\"/></pci>"
      "<pci busid=\"0000:04:00.0\"><gpu dev=\"1\"/></pci></cpu></system>");
  REQUIRE(machine.gpus.size() == 4);
  CHECK(find_gpu(machine, 0)->pci == "0000:01:00.0");
  CHECK(find_gpu(machine, 1)->pci == "0000:04:00.0");
  CHECK(find_gpu(machine, 2)->pci == "0000:02:00.0");
  CHECK(find_gpu(machine, 3)->pci == "0000:03:00.0");
  CHECK(warns(machine, "GPU 0000:02:00.0 has no number (dev) of its own; it is called 2"));
  CHECK(warns(machine, "GPU 0000:01:00.0 is there twice"));
}

TEST_CASE("of a file of several hosts the first is read") {
  const Machine machine = machine_of(
      "<system><cpu host_hash=\"0x1\"><pci busid=\"0000:01:00.0\"><gpu dev=\"0\"/></pci></cpu>"
      "<cpu host_hash=\"0x2\"><pci busid=\"0000:01:00.0\"><gpu dev=\"0\"/></pci></cpu></system>");
  CHECK(machine.gpus.size() == 1);
  CHECK(warns(machine, "several hosts"));
}

TEST_CASE("what is no such XML is refused with its line") {
  std::string deep = "<system>";
  for (int i = 0; i < 1'000'000; ++i) deep += "<pci>";
  std::string many = "<system>";
  for (int i = 0; i < 100'000; ++i) many += "<gpu/>";
  const struct {
    std::string xml;
    const char* error;
  } cases[] = {
      {"", "line 1: the XML is broken: No document element found"},
      {"<system>\n<cpu>\n</system>", "line 3: the XML is broken: Start-end tags mismatch"},
      {"<topology/>", "line 1: expected <system> of NCCL"},
      {deep + "</system>", "line 1: the XML is broken: Start-end tags mismatch"},
      {many + "</system>", "line 1: more than 1024 GPUs"},
  };
  for (const auto& [xml, error] : cases) {
    const auto machine = parse_nccl(xml);
    CHECK(machine.status().message() == error);
    CHECK(machine.status().code() == Code::kInvalidArgument);
  }
  for (int i = 0; i < 1'000'000; ++i) deep += "</pci>";
  CHECK(parse_nccl(deep + "</system>").status().message() == "line 1: elements are nested too deep");
}

TEST_CASE("entities and document types mean nothing") {
  const std::string bomb =
      "<?xml version=\"1.0\"?>\n<!DOCTYPE system [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">\n"
      "<!ENTITY file SYSTEM \"file:///etc/passwd\">]>\n"
      "<system><cpu numaid=\"0\"><pci busid=\"0000:01:00.0\"><nic><net name=\"&file;&b;\" port=\"1\"/></nic>"
      "<gpu dev=\"0\"/></pci></cpu></system>";
  const Machine machine = machine_of(bomb);
  CHECK(machine.gpus.size() == 1);
  CHECK(nics_of(machine, 0) == "&file;&b;");
}

TEST_CASE("every beginning of a file is read or refused") {
  const std::string xml = system_of({{0, nvlink(bus_of(1), 4)}, {1, nvlink(bus_of(0), 4)}});
  for (std::size_t size = 0; size < xml.find("</system>"); ++size) {
    const auto machine = parse_nccl(std::string_view(xml).substr(0, size));
    CHECK(machine.status().message().starts_with("line "));
  }
}
