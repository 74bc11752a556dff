// Any bytes are a machine of hwloc's that keeps its rules, or are refused.
#include "tests/support/fuzz_target.h"
#include "tests/support/hwloc_file.h"
#include "tests/support/machine_rules.h"
#include "topology/hwloc_xml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto machine = Atoll::parse_hwloc({reinterpret_cast<const char*>(data), size});
  if (!machine.ok()) return 0;
  Atoll::testing::check_rules(*machine);
  Atoll::testing::check_nics(*machine);
  return 0;
}

Atoll::testing::FuzzTarget Atoll::testing::fuzz_target() {
  using namespace HwlocFile;
  const std::vector<std::string> seeds = {
      machine(nvml(0, "01") + nvml(1, "02"), nvml(2, "81"),
              matrix("NVLinkBandwidth", {"OSDev:100", "OSDev:101", "OSDev:102"}, {0, 25000, 0, 25000, 0, 0, 0, 0, 0})),
      machine(nvml(0, "01") + nvml(1, "02") + pci("21", "0680 [10de:1ac2]", 60, ""),
              infiniband("mlx5_0", "91", 70) + pci("92", "0200 [17db:0501]", 80, device("hsi0", 2, 81)),
              matrix("NVLinkBandwidth", {"OSDev:100", "OSDev:101", "PCIDev:60"}, {0, 0, 25000, 0, 0, 50000, 1, 1, 0})),
      machine(pci("01", "1200 [1002:74a0]", 60, rsmi(0) + rsmi(1)), bridge("80", "81", "8f", 61, nvml(2, "81")),
              matrix("XGMIBandwidth", {"OSDev:200", "OSDev:201"}, {1000000, 100000, 100000, 1000000})),
      with_memory(machine(nvml(0, "01"), infiniband("mlx5_0", "91", 70)), "PU", 2, "0x3"),
  };
  return {"hwloc",
          seeds,
          {"<",
           "</object>",
           "\"",
           "0x",
           "0xffffffff",
           ",",
           "OSDev:",
           "PCIDev:",
           "nvml0",
           "rsmi1",
           "cuda0",
           "os_index=\"4294967295\"",
           "<!DOCTYPE",
           "&lt;",
           "&#0;",
           "-1",
           "99999999999999999999",
           "<object type=\"Group\">",
           "nbobjs=\"2\"",
           "0000:01:00.0"},
          3'000};
}
