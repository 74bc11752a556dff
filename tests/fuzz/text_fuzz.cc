// Any text is a machine that keeps its invariants and prints to what reads the same, or is refused with a line.
//   clang++ -fsanitize=fuzzer,address …    fuzzes
//   text_fuzz [FILE…]                      without libFuzzer: tries these files, or the samples and changes to them
#include "topology/text.h"

#include "tests/fuzz/fuzz_run.h"
#include "tests/fuzz/machine_invariants.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto machine = Atoll::parse_machine({reinterpret_cast<const char*>(data), size});
  if (!machine.ok()) {
    ATOLL_CHECK(machine.status().message().find("line ") == 0 || size > 1 << 20, machine.status().message());
    return 0;
  }
  check_invariants(*machine);
  const std::string text = Atoll::print_machine(*machine);
  const auto again = Atoll::parse_machine(text);
  ATOLL_CHECK(again.ok(), again.status().message(), text);
  ATOLL_CHECK(*again == *machine, text);
  return 0;
}

#if !defined(__clang__)
int main(int argc, char** argv) {
  std::vector<std::string> seeds;
  for (const char* name : {"dgx1-v100", "hgx-h100", "a100-pairs", "mi250", "nvl72-tray", "dgx-h100", "no-gpu"})
    seeds.push_back(FuzzRun::read(std::string("tests/topologies/") + name + ".topo"));
  return FuzzRun::run(
      argc, argv, seeds,
      {"\n", " ", "\ngpu 9\n", "\nswitch 0-9 lanes 1\n", "\nlink 0 1 nvlink lanes 2\n", "-", ",", " gbps 1e-300",
       " gbps 0.1", "4095", "0-1023", "\nfabric a.b.1\n", " unusable", "\nnic x\n", "\xff"},
      20'000);
}
#endif
