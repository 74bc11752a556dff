#include "topology/cores.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace Atoll;

TEST_CASE("hardware threads of one core are found together, once, and nonsense is no core") {
  const std::string folder = std::filesystem::temp_directory_path() / ("atoll-cores-" + std::to_string(getpid()));
  const auto siblings = [&](int cpu, const std::string& list) {
    const std::string topology = folder + "/cpu" + std::to_string(cpu) + "/topology";
    std::filesystem::create_directories(topology);
    std::ofstream(topology + "/thread_siblings_list") << list << "\n";
  };
  siblings(0, "0,4");
  siblings(1, "1,5");
  siblings(4, "0,4");
  siblings(6, "2");
  siblings(7, "seven");
  siblings(8, "8");
  const auto cores = find_cores({0, 1, 4, 6, 7, 8, 9}, folder);
  std::filesystem::remove_all(folder);
  CHECK(cores == std::vector<CpuList>{{0, 4}, {1, 5}, {8}});
}
