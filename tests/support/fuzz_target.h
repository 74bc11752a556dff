#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// Tries one input: returns 0, or ends the program on a broken rule. Each tests/fuzz/NAME_fuzz.cc defines it; libFuzzer
// (tests/fuzz/long) or tests/fuzz/fuzz_main.cc calls it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace Atoll::testing {

// What inputs are made of.
struct FuzzTarget {
  std::string name;  // tests/fuzz/corpus/NAME has its kept inputs
  std::vector<std::string> seeds;
  std::vector<std::string> words;  // of the format
  long rounds = 20'000;            // of a short run
};

// Each tests/fuzz/NAME_fuzz.cc defines it. Seeds that are files are read relative to the source root.
FuzzTarget fuzz_target();

}  // namespace Atoll::testing
