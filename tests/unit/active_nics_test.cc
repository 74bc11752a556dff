#include "topology/active_nics.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "topology/text.h"

using namespace Atoll;

TEST_CASE("nobody is sent to a NIC whose port is down") {
  const std::string folder = std::filesystem::temp_directory_path() / ("atoll-nics-" + std::to_string(getpid()));
  const auto port = [&](const std::string& nic, const std::string& state) {
    std::filesystem::create_directories(folder + "/" + nic + "/ports/1");
    std::ofstream(folder + "/" + nic + "/ports/1/state") << state << "\n";
  };
  port("mlx5_0", "4: ACTIVE");
  port("mlx5_1", "1: DOWN");
  port("mlx5_2", "2: INIT");
  Machine machine = parse_machine("nic mlx5_0\nnic mlx5_1\ngpu 0 nics mlx5_1,mlx5_0,hsn0\ngpu 1 nics mlx5_2\n").value();
  drop_inactive_nics(machine, folder);
  std::filesystem::remove_all(folder);
  CHECK(machine.gpus[0].nics == std::vector<std::string>{"mlx5_0", "hsn0"});
  CHECK(machine.gpus[1].nics.empty());
  for (const Nic& nic : machine.nics) CHECK(nic.name != "mlx5_1");
  CHECK(std::ranges::count(machine.nics, "mlx5_0", &Nic::name) == 1);
}
