#include "runtime/control/slurm_topology.h"

#include <doctest/doctest.h>

namespace Atoll {
namespace {

using Switches = std::vector<std::string>;

}  // namespace

TEST_CASE("a tree of switches is read from the top to the leaf, whatever the order of the lines") {
  const SlurmTopology topology = parse_slurm_topology(
      "SwitchName=leaf1 Level=0 LinkSpeed=1 Nodes=n[1-2]\n"
      "SwitchName=top Level=2 LinkSpeed=1 Nodes=n[1-6] Switches=mid,leaf3\n"
      "SwitchName=leaf2 Level=0 LinkSpeed=1 Nodes=n[3-4] \n"
      "SwitchName=mid Level=1 LinkSpeed=1 Nodes=n[1-4] Switches=leaf[1-2]\n"
      "SwitchName=leaf3 Level=0 LinkSpeed=1 Nodes=n[5-6]\n");
  CHECK(topology.size() == 6);
  CHECK(topology.at("n2") == Switches{"top", "mid", "leaf1"});
  CHECK(topology.at("n5") == Switches{"top", "leaf3"});
}

TEST_CASE("blocks are read, aggregated ones above the base blocks") {
  const SlurmTopology topology = parse_slurm_topology(
      "BlockName=b1 BlockIndex=0 Nodes=n[1-18] BlockSize=18\n"
      "BlockName=b2 BlockIndex=1 Nodes=n[19-36] BlockSize=18\n"
      "AggregatedBlock=b[1-2] BlockIndex=2 Nodes=n[1-36] BlockSize=36\n");
  CHECK(topology.size() == 36);
  CHECK(topology.at("n18") == Switches{"b1"});
  CHECK(topology.at("n19") == Switches{"b2"});
}

TEST_CASE("where Slurm has no topology, or says something else, there are no switches") {
  for (const char* text : {"", "\n\n", "slurm_load_topo: Invalid node name\n", "SwitchName= Nodes=n1\n", "SwitchName=s0 Level=0\n",
                           "SwitchName=s0 Nodes=n[1-\n", "Nodes=n1\n"})
    CHECK(parse_slurm_topology(text).empty());
}

}  // namespace Atoll
