// Links, NICs and fabrics in the text form; machine_test.cc has the rest.
#include <doctest/doctest.h>

#include "topology/machine.h"
#include "topology/text.h"

using namespace Atoll;

namespace {

Machine parse(const std::string& text) {
  const auto machine = parse_machine(text);
  REQUIRE_MESSAGE(machine.ok(), machine.status().message());
  return *machine;
}

const std::string kFour = "gpu 0\ngpu 1\ngpu 2\ngpu 5\n";

}  // namespace

TEST_CASE("links are read in any order and kept by their GPUs") {
  const Machine machine = parse("link 5 0 nvlink lanes 4 gbps 100\nlink 0 1 xgmi lanes 2 gbps 72.5\n" + kFour);
  CHECK(machine.links ==
        std::vector<Link>{{0, 1, LinkKind::kXgmi, false, 2, 72.5}, {0, 5, LinkKind::kNvlink, false, 4, 100}});
}

TEST_CASE("a switch joins every two of its GPUs") {
  const Machine machine = parse(kFour + "switch 0-1,5 lanes 18 gbps 450");
  CHECK(machine.links == std::vector<Link>{{0, 1, LinkKind::kNvlink, true, 18, 450},
                                           {0, 5, LinkKind::kNvlink, true, 18, 450},
                                           {1, 5, LinkKind::kNvlink, true, 18, 450}});
}

TEST_CASE("a link is as fast as its lanes when the text does not say") {
  const Machine machine = parse(kFour + "link 0 1 nvlink lanes 1\nlink 0 2 nvlink lanes 3");
  REQUIRE(machine.links.size() == 2);
  CHECK(machine.links[0].gbps > 0);
  CHECK(machine.links[1].gbps == doctest::Approx(3 * machine.links[0].gbps));
}

TEST_CASE("NICs are declared by lines of their own or by the GPUs that name them") {
  const Machine machine = parse("numa 3\nnic mlx5_1 pci 0000:18:00.0 numa 3\nnic hsi0\ngpu 0 nics mlx5_1,mlx5_0");
  CHECK(machine.nics == std::vector<Nic>{{"hsi0", "", {}}, {"mlx5_0", "", {}}, {"mlx5_1", "0000:18:00.0", 3}});
}

TEST_CASE("a fabric is usable unless the text says otherwise") {
  CHECK(parse("fabric ab-0.1.7").fabric == Fabric{"ab-0.1", 7, true});
  CHECK(parse("fabric ab.4294967295 unusable").fabric == Fabric{"ab", 4294967295, false});
}

TEST_CASE("a mistake in a link, a NIC or a fabric names its line") {
  const struct {
    const char* text;
    const char* error;
  } cases[] = {
      {"link 0", "line 5: expected two GPUs' numbers after \"link\""},
      {"link 0 x nvlink lanes 1", "line 5: expected two GPUs' numbers after \"link\""},
      {"link 1 1 nvlink lanes 1", "line 5: a link of GPU 1 with itself"},
      {"link 0 1 pcie lanes 1", "line 5: expected nvlink or xgmi after the GPUs, not \"pcie\""},
      {"link 0 1 nvlink", "line 5: expected \"lanes\" and a number from 1 to 1024 for this link"},
      {"link 0 1 nvlink lanes 0", "line 5: expected \"lanes\" and a number from 1 to 1024 for this link"},
      {"link 0 1 nvlink lanes 1 gbps 0", "line 5: expected GB/s after \"gbps\", not \"0\""},
      {"link 0 1 nvlink lanes 1 gbps nan", "line 5: expected GB/s after \"gbps\", not \"nan\""},
      {"link 0 1 nvlink lanes 1 gbps inf", "line 5: expected GB/s after \"gbps\", not \"inf\""},
      {"link 0 1 nvlink lanes 1 color red", "line 5: expected lanes or gbps, not \"color\""},
      {"\nlink 0 3 nvlink lanes 1", "line 6: expected a line \"gpu 3 …\" for this link somewhere"},
      {"link 0 1 nvlink lanes 1\nlink 1 0 xgmi lanes 1", "line 6: GPUs 0 and 1 are joined already, on line 5"},
      {"link 0 1 nvlink lanes 1\nswitch 0-2 lanes 1", "line 6: GPUs 0 and 1 are joined already, on line 5"},
      {"switch 0 lanes 1", "line 5: expected two or more GPUs such as 0-3,6 after \"switch\""},
      {"switch", "line 5: expected two or more GPUs such as 0-3,6 after \"switch\""},
      {"switch 0-3 lanes 1", "line 5: expected a line \"gpu 3 …\" for this link somewhere"},
      {"nic", "line 5: expected a name without commas after \"nic\""},
      {"nic a,b", "line 5: expected a name without commas after \"nic\""},
      {"nic a\nnic a", "line 6: nic a again; it is on line 5"},
      {"nic a numa 1", "line 5: expected a line \"numa 1 …\" for this NIC somewhere"},
      {"fabric", "line 5: expected UUID.CLIQUE after \"fabric\", with a UUID that is not zero"},
      {"fabric ab", "line 5: expected UUID.CLIQUE after \"fabric\", with a UUID that is not zero"},
      {"fabric ab.", "line 5: expected UUID.CLIQUE after \"fabric\", with a UUID that is not zero"},
      {"fabric 0-0.1", "line 5: expected UUID.CLIQUE after \"fabric\", with a UUID that is not zero"},
      {"fabric ab.1 broken", "line 5: expected \"unusable\" or nothing after the fabric's name"},
      {"fabric ab.1\nfabric ab.1", "line 6: a second fabric; a node has one"},
  };
  for (const auto& [text, error] : cases) CHECK(parse_machine(kFour + text).status().message() == error);
}

TEST_CASE("more GPUs than any node has are refused") {
  std::string text;
  for (int gpu = 0; gpu <= 1024; ++gpu) text += "gpu " + std::to_string(gpu) + "\n";
  CHECK(parse_machine(text).status().message() == "line 1025: more than 1024 GPUs");
}

TEST_CASE("switches with unequal lanes print to what reads the same") {
  const Machine machine = parse(kFour +
                                "switch 0-1,5 lanes 18\nswitch 0,2 lanes 17 gbps 0.1\nswitch 1-2 lanes 17 gbps 0.1\n"
                                "link 2 5 nvlink lanes 17 gbps 350.19999999999999\nfabric ab.1 unusable\nnic x");
  const auto again = parse_machine(print_machine(machine));
  REQUIRE_MESSAGE(again.ok(), print_machine(machine));
  CHECK(*again == machine);
}

TEST_CASE("white space and commas in a name do not break the printed text") {
  Machine machine = parse(kFour);
  machine.gpus[0].model = "NVIDIA H100 #1, PCIe";
  machine.gpus[0].nics = {"a b"};
  CHECK(parse(print_machine(machine)).gpus[0].model == "NVIDIA_H100__1,_PCIe");
}

TEST_CASE("another link is another make of machine") {
  const auto digest_of = [](const std::string& links) { return digest(parse(kFour + links)); };
  const auto one = digest_of("link 0 1 nvlink lanes 2 gbps 40");
  CHECK(one == digest_of("link 1 0 nvlink gbps 40 lanes 2\nfabric ab.1"));
  for (const char* other : {"", "link 0 2 nvlink lanes 2 gbps 40", "link 0 1 xgmi lanes 2 gbps 40",
                            "link 0 1 nvlink lanes 1 gbps 40", "link 0 1 nvlink lanes 2 gbps 50",
                            "switch 0-1 lanes 2 gbps 40", "link 0 1 nvlink lanes 2 gbps 40\nlink 1 2 nvlink lanes 1"})
    CHECK(one != digest_of(other));
}

TEST_CASE("a machine restricted to some GPUs loses the links to the others") {
  const Machine machine = parse(kFour + "nic x\nfabric ab.1\nlink 0 1 nvlink lanes 1\nlink 1 5 nvlink lanes 1");
  const Machine two = restrict_to(machine, {machine.gpus[3], machine.gpus[1]});
  CHECK(two.gpus == std::vector<GpuInfo>{machine.gpus[1], machine.gpus[3]});
  CHECK(two.links == std::vector<Link>{machine.links[1]});
  CHECK(two.nics == machine.nics);
  CHECK(two.fabric == machine.fabric);
  SUBCASE("a GPU that only has the number of a known one gets none of its links") {
    GpuInfo stranger = machine.gpus[0];
    stranger.uuid = "MIG-a";
    const Machine mixed = restrict_to(machine, {stranger, machine.gpus[1]});
    CHECK(mixed.gpus.size() == 2);
    CHECK(mixed.links.empty());
  }
  SUBCASE("without a known GPU there is no fabric") { CHECK_FALSE(restrict_to(machine, {}).fabric.has_value()); }
}
