#include "topology/hwloc_clean.h"

#include <doctest/doctest.h>

#include "tests/support/hwloc_file.h"
#include "topology/hwloc_forms.h"
#include "topology/hwloc_xml.h"

using namespace Atoll;

namespace {

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  REQUIRE_MESSAGE(at != std::string::npos, what);
  return text.replace(at, what.size(), with);
}

const std::string kGood =
    HwlocFile::machine(HwlocFile::nvml(0, "01") + HwlocFile::nvml(1, "02"), "",
                       HwlocFile::matrix("NVLinkBandwidth", {"OSDev:100", "OSDev:101"}, {0, 25000, 25000, 0}));

}  // namespace

TEST_CASE("what hwloc writes of a value is told from what it does not") {
  CHECK(hwloc_number("18446744073709551615") == 18446744073709551615ULL);
  for (const char* text : {"", "-1", "+1", "1 ", "0x1", "18446744073709551616"}) CHECK_FALSE(hwloc_number(text));
  CHECK(has_form("0000:1b:00.0", "X:xx:xx.x"));
  CHECK(has_form("10000:1b:00.0", "X:xx:xx.x"));
  for (const char* text : {"", "0000:1b:00", "0000:1b:00.0 ", ":1b:00.0", "000000000:1b:00.0", "0000:1g:00.0"})
    CHECK_FALSE(has_form(text, "X:xx:xx.x"));
  CHECK(hwloc_words("0x0") == HwlocWords{});
  CHECK(hwloc_words("0x3,,0xf") == HwlocWords{15, 0, 3});
  for (const char* text : {"", "0xf...f", "0x", "f", "0x1 ", "0x123456789", "0x1;0x1"}) CHECK_FALSE(hwloc_words(text));
  CHECK_FALSE(hwloc_words(std::string(2048, ',')));
  CHECK(to_string(HwlocWords{15, 0, 3}) == "0x00000003,0x00000000,0x0000000f");
  CHECK(to_string(HwlocWords{}) == "0x0");
  CHECK(first_of({0, 8}) == 35U);
  CHECK_FALSE(first_of({}));
  CHECK(within({3}, {7, 1}));
  CHECK_FALSE(within({0, 1}, {7}));
  CHECK_FALSE(within({8}, {7}));
}

TEST_CASE("a good file stays good and loses what we do not use") {
  const auto clean = clean_hwloc_xml(replaced(kGood, "<info", "<userdata length=\"1\">x</userdata><info"));
  REQUIRE_MESSAGE(clean.ok(), clean.status().message());
  CHECK(clean->find("nvml1") != std::string::npos);
  CHECK(clean->find("25000") != std::string::npos);
  CHECK(clean->find("userdata") == std::string::npos);
  CHECK(clean->find("DOCTYPE") == std::string::npos);
  CHECK(clean_hwloc_xml(*clean).value() == *clean);
}

TEST_CASE("what would end hwloc is refused, with the reason") {
  const struct {
    const char* what;
    const char* with;
    const char* error;
  } cases[] = {
      {"type=\"Package\"", "type=\"Machine\"", "a Machine where none can be"},
      {"type=\"Machine\"", "type=\"Package\"", "the root is not one Machine"},
      {"type=\"OSDev\"", "type=\"PU\"", "a PU where none can be"},
      {" nodeset=\"0x1\"", "", "an object without nodeset"},
      {"cpuset=\"0xf\"", "cpuset=\"0xf...f\"", "cpuset is no finite set"},
      {"cpuset=\"0xf\"", "cpuset=\"0x1\"", "a cpuset that reaches beyond its parent's"},
      {"complete_cpuset=\"0xf\"", "complete_cpuset=\"0x7\"", "a cpuset that reaches beyond the complete one"},
      {"complete_nodeset=\"0x3\"", "complete_nodeset=\"0x1\"", "a nodeset that reaches beyond the complete one"},
      {"type=\"NUMANode\" os_index=\"0\" cpuset=\"0x3\" complete_cpuset=\"0x3\" nodeset=\"0x1\"",
       "type=\"NUMANode\" os_index=\"2\" cpuset=\"0x3\" complete_cpuset=\"0x3\"", "an object without nodeset"},
      {"type=\"PU\" os_index=\"0\"", "type=\"PU\" os_index=\"1\"", "a processor whose cpuset is not its own"},
      {"type=\"PU\" os_index=\"0\"", "type=\"PU\"", "a processor or NUMA node without a number"},
      {"type=\"NUMANode\" os_index=\"1\"", "type=\"NUMANode\" os_index=\"0\"",
       "two processors or NUMA nodes of one number"},
      {"gp_index=\"11\"", "gp_index=\"10\"", "two objects of one gp_index"},
      {"gp_index=\"11\"", "gp_index=\"x\"", "gp_index is \"x\""},
      {"0000:01:00.0", "0000:01:00", "pci_busid is \"0000:01:00\""},
      {" pci_type=\"0302 [10de:2330] [0000:0000] a1\"", "", "a PCI function without address or type"},
      {"bridge_type=\"0-1\"", "bridge_type=\"2-1\"", "a bridge of another kind"},
      {" bridge_pci=\"0000:[00-7f]\"", "", "a bridge without its buses"},
      {"osdev_type=\"1\"", "osdev_type=\"7\"", "a device without a name or a type"},
      {"nbobjs=\"2\"", "nbobjs=\"3\"", "a matrix with more or fewer entries than it says"},
      {"nbobjs=\"2\"", "nbobjs=\"1\"", "a matrix of no size or kind"},
      {"nbobjs=\"2\"", "nbobjs=\"4294967296\"", "a matrix of no size or kind"},
      {"OSDev:101", "OSDev:999", "a matrix with \"OSDev:999\" in it"},
      {"OSDev:101", "PCIDev:101", "a matrix with \"PCIDev:101\" in it"},
      {"0 25000", "0 -1", "a matrix with \"-1\" in it"},
      {"25000 0 <", "25000 0 0 <", "a matrix with more or fewer entries than it says"},
      {"25000 0 <", "25000 <", "a matrix with more or fewer entries than it says"},
  };
  for (const auto& [what, with, error] : cases) {
    CAPTURE(with);
    CHECK(clean_hwloc_xml(replaced(kGood, what, with)).status().message() ==
          std::string("not as hwloc writes it: ") + error);
  }
}

TEST_CASE("a file of the first format may know no NUMA node, and then hwloc makes one") {
  const auto file = [](const std::string& version, const std::string& nodes) {
    const std::string sets = " cpuset=\"0x1\" complete_cpuset=\"0x1\"" + nodes;
    return "<topology" + version + "><object type=\"Machine\"" + sets + "><object type=\"PU\" os_index=\"0\"" + sets +
           "/></object></topology>";
  };
  for (const char* nodes : {"", " nodeset=\"0x1\" complete_nodeset=\"0x1\""}) {
    const auto machine = parse_hwloc(file("", nodes));
    REQUIRE_MESSAGE(machine.ok(), machine.status().message());
    CHECK(machine->cpus == CpuList{0});
    CHECK(machine->numa.size() == 1);
    CHECK_FALSE(parse_hwloc(file(" version=\"2.0\"", nodes)).ok());
  }
}

TEST_CASE("processors out of order are refused") {
  const std::string first = HwlocFile::package(0, ""), second = HwlocFile::package(1, "");
  const std::string swapped = replaced(HwlocFile::machine("", ""), first + second, second + first);
  CHECK(clean_hwloc_xml(swapped).status().message() ==
        "not as hwloc writes it: objects that are not in the order of their processors");
}

TEST_CASE("objects are bounded in depth and number") {
  const std::string sets = " cpuset=\"0x1\" complete_cpuset=\"0x1\" nodeset=\"0x1\" complete_nodeset=\"0x1\"";
  const std::string begin = "<topology version=\"2.0\"><object type=\"Machine\"" + sets + ">";
  const std::string group = "<object type=\"Group\"" + sets + ">";
  const auto nest = [&](int depth) {
    std::string text = begin;
    for (int i = 0; i < depth; ++i) text += group;
    for (int i = 0; i < depth; ++i) text += "</object>";
    return text + "</object></topology>";
  };
  CHECK(clean_hwloc_xml(nest(62)).status().message() == "not as hwloc writes it: no NUMA node");
  CHECK(clean_hwloc_xml(nest(64)).status().message() ==
        "not as hwloc writes it: more objects or deeper than any machine's");
  std::string wide = begin;
  for (int i = 0; i < 100'000; ++i) wide += group + "</object>";
  CHECK_FALSE(clean_hwloc_xml(wide + "</object></topology>").ok());
}
