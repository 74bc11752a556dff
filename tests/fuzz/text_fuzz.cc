// Any text is a machine that keeps its rules and prints to what reads the same, or is refused with a line.
#include "topology/text.h"

#include <fstream>
#include <iterator>

#include "runtime/base/check.h"
#include "tests/support/fuzz_target.h"
#include "tests/support/machine_rules.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto machine = Atoll::parse_machine({reinterpret_cast<const char*>(data), size});
  if (!machine.ok()) {
    ATOLL_CHECK(machine.status().message().find("line ") == 0 || size > 1 << 20, machine.status().message());
    return 0;
  }
  Atoll::testing::check_rules(*machine);
  const std::string text = Atoll::print_machine(*machine);
  const auto again = Atoll::parse_machine(text);
  ATOLL_CHECK(again.ok(), again.status().message(), text);
  ATOLL_CHECK(*again == *machine, text);
  return 0;
}

Atoll::testing::FuzzTarget Atoll::testing::fuzz_target() {
  std::vector<std::string> seeds;
  for (const char* name : {"dgx1-v100", "hgx-h100", "a100-pairs", "mi250", "nvl72-tray", "dgx-h100", "no-gpu"}) {
    std::ifstream file(std::string("tests/topologies/") + name + ".topo");
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return {"text",
          seeds,
          {"\n", " ", "\ngpu 9\n", "\nswitch 0-9 lanes 1\n", "\nlink 0 1 nvlink lanes 2\n", "-", ",", " gbps 1e-300",
           " gbps 0.1", "4095", "0-1023", "\nfabric a.b.1\n", " unusable", "\nnic x\n", "\xff"}};
}
