#include "topology/nvidia_smi_query.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/machine_words.h"
#include "tests/support/smi_text.h"
#include "topology/nvidia_smi.h"
#include "topology/words.h"

using namespace Atoll;
using namespace Atoll::testing;

namespace {

Machine machine_of(const std::string& text) {
  Result<Machine> machine = parse_nvidia_smi(text);
  REQUIRE_MESSAGE(machine.ok(), machine.status().message());
  return *machine;
}

// A GPU of `nvidia-smi -q` with this Fabric section.
std::string queried(const std::string& bus, const std::string& fabric) {
  return "GPU 00000000:" + bus +
         ":00.0\n"
         "    Product Name                          : NVIDIA GB200\n"
         "    MIG Mode\n        Current                           : Disabled\n"
         "    GPU UUID                              : GPU-" +
         bus + "\n    PCI\n        Bus : 0x18\n    Fabric\n" + fabric +
         "    Processes                             : None\n";
}

std::string fabric_section(const std::string& state, const std::string& uuid, const std::string& clique,
                           const std::string& health) {
  return "        State                             : " + state +
         "\n        Status                            : " + (state == "Completed" ? "Success" : "N/A") +
         "\n        CliqueId                          : " + clique +
         "\n        ClusterUUID                       : " + uuid + "\n        Health\n" + health;
}

constexpr const char* kCluster = "B2DAED23-0000-0000-0000-000000000001";
constexpr const char* kNoCluster = "00000000-0000-0000-0000-000000000000";

}  // namespace

TEST_CASE("a query tells the GPUs and no links") {
  const Machine machine = machine_of("==============NVSMI LOG==============\n\nAttached GPUs : 2\n" +
                                     queried("1B", fabric_section("Completed", kNoCluster, "0", "")) +
                                     queried("1C", fabric_section("Completed", kNoCluster, "0", "")));
  CHECK(machine.gpus == std::vector<GpuInfo>{{0, "GPU-1B", "0000:1b:00.0", "NVIDIA GB200", {}, {}},
                                             {1, "GPU-1C", "0000:1c:00.0", "NVIDIA GB200", {}, {}}});
  CHECK(machine.links.empty());
  CHECK_FALSE(machine.fabric.has_value());
  CHECK(machine.warnings.size() == 1);
  CHECK(warns(machine, "-q does not tell of links"));
  CHECK(warns(machine_of("Attached GPUs : 8\n" + queried("1b", "")), "announces 8 GPUs and describes 1"));
}

TEST_CASE("a fabric is usable if it is complete and healthy on every GPU, and the same") {
  const std::string healthy =
      "            Summary                       : Healthy\n            Bandwidth                     : Full\n"
      "            Route Unhealthy               : False\n            Incorrect Configuration       : None\n";
  const std::string good = fabric_section("Completed", kCluster, "7", healthy);
  const auto health = [&](const std::string& line) {
    return fabric_section("Completed", kCluster, "7", "            " + line + "\n");
  };
  const struct {
    const char* what;
    std::string second;
    bool usable;
    const char* warning;
  } cases[] = {
      {"both good", good, true, ""},
      {"older drivers do not tell of health", fabric_section("Completed", kCluster, "7", ""), true, ""},
      {"less bandwidth", health("Bandwidth : Degraded"), true, "less bandwidth"},
      {"limited", health("Summary : Limited Capacity"), true, "less bandwidth"},
      {"unhealthy", health("Summary : Unhealthy"), false, "GPU 1 cannot use the fabric: it is unhealthy"},
      {"a route", health("Route Unhealthy : True"), false, "routeunhealthy"},
      {"a recovery", health("Route Recovery in progress : True"), false, "routerecoveryinprogress"},
      {"a wrong configuration", health("Incorrect Configuration : No partition"), false, "No partition"},
      {"in progress", fabric_section("In Progress", kCluster, "7", healthy), false, "In Progress"},
      {"another clique", fabric_section("Completed", kCluster, "8", healthy), false, "another clique"},
      {"no cluster", fabric_section("Completed", kNoCluster, "7", healthy), false, "another cluster or none"},
      {"no fabric", fabric_section("N/A", "N/A", "N/A", ""), false, "its state is"},
  };
  for (const auto& [what, second, usable, warning] : cases) {
    INFO(std::string(what));
    const Machine machine = machine_of(queried("1b", good) + queried("1c", second));
    REQUIRE(machine.fabric.has_value());
    CHECK(*machine.fabric == Fabric{to_lower(kCluster), 7, usable});
    CHECK(machine.warnings.size() == (*warning == '\0' ? 1 : 2));
    CHECK(warns(machine, warning));
  }
}

TEST_CASE("no fabric is a fabric whose cluster is all zero, and one that is not ready is worth a warning") {
  CHECK_FALSE(machine_of(queried("1b", fabric_section("N/A", "N/A", "N/A", ""))).fabric.has_value());
  const Machine starting = machine_of(queried("1b", fabric_section("In Progress", kNoCluster, "0", "")));
  CHECK_FALSE(starting.fabric.has_value());
  CHECK(warns(starting, "In Progress"));
}

TEST_CASE("a query beside the matrix adds UUIDs, addresses and the fabric") {
  const std::string fabric = fabric_section("Completed", kCluster, "1", "");
  const Machine machine = machine_of(mesh(2, "NV18") + queried("01", fabric) + queried("02", fabric));
  CHECK(links_of(machine) == "0-1:18");
  CHECK(machine.links[0].gbps == doctest::Approx(18 * 40.1));
  CHECK(machine.gpus[1].pci == "0000:02:00.0");
  CHECK(machine.fabric->usable);
}

TEST_CASE("a GPU that cannot use its fabric has no links through a switch") {
  const std::string good = fabric_section("Completed", kNoCluster, "0", "");
  const std::string bad = fabric_section("Completed", kCluster, "1", "            Route Unhealthy : True\n");
  const std::string none = fabric_section("N/A", "N/A", "N/A", "");
  const Machine machine = machine_of(mesh(3, "NV18") + queried("01", good) + queried("02", bad) + queried("03", good));
  CHECK(links_of(machine) == "0-2:18s");
  CHECK(warns(machine, "links of GPUs that cannot use their fabric are left out"));
  CHECK(links_of(machine_of(mesh(2, "NV4") + queried("01", bad) + queried("02", bad))) == "0-1:4");
  CHECK(machine_of(mesh(3, "NV18") + queried("01", none) + queried("02", none) + queried("03", none)).links.size() ==
        3);
}
