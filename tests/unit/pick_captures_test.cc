// The files of real machines, where the folder is: ATOLL_CAPTURES, default ../shared/topologies.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>

#include "tests/support/exhaustive_pick.h"
#include "tests/support/gpu_shapes.h"
#include "tests/support/skip.h"
#include "topology/pick.h"
#include "topology/source.h"

namespace Atoll {
namespace {

std::filesystem::path captures_folder() {
  const char* folder = std::getenv("ATOLL_CAPTURES");
  return folder != nullptr && *folder != '\0' ? folder : "../shared/topologies";
}

std::vector<std::filesystem::path> captures() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(captures_folder()))
    if (entry.is_regular_file()) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

Shapes::Shape shape_of(const Machine& machine) {
  Shapes::Shape shape;
  std::map<int, int> position;
  for (const GpuInfo& gpu : machine.gpus) {
    position[gpu.index] = static_cast<int>(shape.numa.size());
    shape.numa.push_back(gpu.numa);
  }
  for (const Link& link : machine.links) shape.wires.push_back({position[link.a], position[link.b], link.gbps});
  return shape;
}

}  // namespace

TEST_CASE("PICK-2: picks on every captured machine equal exhaustive search") {
  if (!std::filesystem::exists(captures_folder()))
    ATOLL_SKIP(captures_folder().string() + " is not there; ATOLL_CAPTURES says where it is");
  std::mt19937_64 random(64);
  int machines = 0, picks = 0;
  for (const auto& file : captures()) {
    const Result<Machine> machine = load_source(file.string());
    if (!machine.ok() || machine->gpus.empty()) continue;
    CAPTURE(file.string());
    const Shapes::Shape shape = shape_of(*machine);
    const GpuGraph graph = GpuGraph::of(*machine);
    const ExhaustivePick truth(shape);
    ++machines;
    for (int i = 0; i < 20; ++i, ++picks) {
      std::vector<int> free = Shapes::range(0, graph.size());
      std::shuffle(free.begin(), free.end(), random);
      free.resize(1 + random() % std::min<std::size_t>(free.size(), 12));
      std::sort(free.begin(), free.end());
      const int k = 1 + static_cast<int>(random() % free.size());
      const std::optional<Pick> pick = pick_gpus(graph, free, k);
      REQUIRE(pick.has_value());
      CHECK(pick->gpus == truth.best(free, k));
    }
  }
  MESSAGE(machines << " captured machines, " << picks << " picks equal exhaustive search");
  CHECK(machines > 0);
}

}  // namespace Atoll
