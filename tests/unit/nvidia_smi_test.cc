#include "topology/nvidia_smi.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/machine_words.h"
#include "tests/support/smi_text.h"
#include "topology/islands.h"

using namespace Atoll;
using namespace Atoll::testing;

namespace {

Machine machine_of(const std::string& text) {
  Result<Machine> machine = parse_nvidia_smi(text);
  REQUIRE_MESSAGE(machine.ok(), machine.status().message());
  return *machine;
}

Machine table(const std::string& text) { return machine_of(tabs(text)); }

int numa_of(const Machine& machine, int gpu) { return find_gpu(machine, gpu)->numa.value_or(-1); }

}  // namespace

TEST_CASE("a matrix with tabs tells links, NUMA nodes, CPUs and NICs") {
  const Machine machine = table(
      "|GPU0|GPU1|NIC0|NIC1|CPU Affinity|NUMA Affinity|GPU NUMA ID\n"
      "GPU0| X |NV4|PIX|NODE|0-3|0||N/A\n"
      "GPU1|NV4| X |SYS|SYS|4-7|1||N/A\n"
      "NIC0|PIX|SYS| X |NODE||||\n"
      "NIC1|NODE|SYS|NODE| X |||| \n"
      "\nLegend:\n\n  X    = Self\n  NV#  = Connection traversing a bonded set of # NVLinks\n"
      "\nNIC Legend:\n\n  NIC0: mlx5_2\n  NIC1: mlx5_10\n");
  CHECK(links_of(machine) == "0-1:4");
  CHECK(machine.links[0].gbps == 80);
  CHECK(numa_of(machine, 0) == 0);
  CHECK(numa_of(machine, 1) == 1);
  CHECK(machine.numa == std::vector<NumaNode>{{0, {0, 1, 2, 3}, 0}, {1, {4, 5, 6, 7}, 0}});
  CHECK(machine.cpus == CpuList{0, 1, 2, 3, 4, 5, 6, 7});
  CHECK(machine.nics == std::vector<Nic>{{"mlx5_10", "", {}}, {"mlx5_2", "", {}}});
  CHECK(nics_of(machine, 0) == "mlx5_2");
  CHECK(nics_of(machine, 1) == "");
  CHECK(machine.synthetic);
  CHECK(machine.warnings.empty());
}

TEST_CASE("the same matrix reads the same however it was copied") {
  const std::string original = tabs(
      "|GPU0|GPU1|mlx5_0|CPU Affinity|NUMA Affinity\n"
      "GPU0| X |NV2|PHB|0-3|0\n"
      "GPU1|NV2| X |SYS|4-7|1\n"
      "mlx5_0|PHB|SYS| X ||\n");
  const Machine wanted = machine_of(original);
  CHECK(links_of(wanted) == "0-1:2");
  CHECK(nics_of(wanted, 0) == "mlx5_0");
  const std::pair<const char*, std::string> copies[] = {
      {"padded with blanks",
       "        GPU0    GPU1    mlx5_0  CPU Affinity    NUMA Affinity\n"
       "GPU0     X      NV2     PHB     0-3             0\n"
       "GPU1    NV2      X      SYS     4-7             1\n"
       "mlx5_0  PHB     SYS      X\n"},
      {"tabs made blanks",
       "        GPU0    GPU1    mlx5_0  CPU Affinity    NUMA Affinity\n"
       "GPU0     X      NV2     PHB     0-3     0\n"
       "GPU1    NV2      X      SYS     4-7     1\n"
       "mlx5_0  PHB     SYS      X \n"},
      {"a glued header", tabs("|    GPU0GPU1mlx5_0|CPU Affinity|NUMA Affinity\n"
                              "GPU0| X |NV2|PHB|0-3|0\nGPU1|NV2| X |SYS|4-7|1\nmlx5_0|PHB|SYS| X ||\n")},
      {"no tab before the header, blanks in it",
       tabs("GPU0|GPU1|mlx5_0 CPU Affinity NUMA Affinity\n"
            "GPU0| X |NV2|PHB|0-3|0\nGPU1|NV2| X |SYS|4-7|1\nmlx5_0|PHB|SYS| X ||\n")},
      {"the task numbers of srun -l", tabs("0: |GPU0|GPU1|mlx5_0|CPU Affinity|NUMA Affinity\n"
                                           "0: GPU0| X |NV2|PHB|0-3|0\n0: GPU1|NV2| X |SYS|4-7|1\n"
                                           "0: mlx5_0|PHB|SYS| X ||\n")},
      {"a command line before it", "user@node:~$ nvidia-smi topo -m\n" + original},
      {"colours", tabs("\x1b[4m|GPU0|GPU1|mlx5_0|CPU Affinity|NUMA Affinity\x1b[0m\n"
                       "GPU0|\x1b[31m X \x1b[0m|NV2|PHB|0-3|0\nGPU1|NV2| X |SYS|4-7|1\nmlx5_0|PHB|SYS| X ||\n")},
      {"colours that lost their ESC", tabs("|[4mGPU0|GPU1|mlx5_0|CPU Affinity|NUMA Affinity[0m\n"
                                           "GPU0| X |NV2|PHB|0-3|0\nGPU1|NV2| X |SYS|4-7|1\nmlx5_0|PHB|SYS| X ||\n")},
      {"no NIC rows", tabs("|GPU0|GPU1|mlx5_0|CPU Affinity|NUMA Affinity\n"
                           "GPU0| X |NV2|PHB|0-3|0\nGPU1|NV2| X |SYS|4-7|1")},
      {"NICs before the GPUs", tabs("|mlx5_0|GPU0|GPU1|CPU Affinity|NUMA Affinity\n"
                                    "mlx5_0| X |PHB|SYS||\nGPU0|PHB| X |NV2|0-3|0\nGPU1|SYS|NV2| X |4-7|1\n")},
      {"NICs known by their rows only", tabs("|GPU0|GPU1|mlx5_0|CPU Affinity|NUMA Affinity\n"
                                             "GPU0| X |NV2||0-3|0\nGPU1|NV2| X ||4-7|1\nmlx5_0|PHB|SYS| X ||\n")},
  };
  for (const auto& [what, text] : copies) {
    INFO(std::string(what));
    CHECK(machine_of(text) == wanted);
  }
  std::string dos = original;
  for (std::size_t at = 0; (at = dos.find('\n', at)) != std::string::npos; at += 2) dos.insert(at, "\r");
  CHECK(machine_of(dos) == wanted);
}

TEST_CASE("affinities may be empty, unknown, lists, or GPU memory") {
  const struct {
    const char* what;
    const char* affinities;
    int numa;
    const char* cpus;
  } cases[] = {
      {"all there", "0-3|1||N/A", 1, "0-3"},
      {"no CPUs", "|1||N/A", 1, ""},
      {"nothing", "|||", -1, ""},
      {"N/A", "0-31||N/A", -1, ""},
      {"two nodes", "0-63|0-1||N/A", -1, ""},
      {"two nodes far apart", "0-63|0,8||N/A", -1, ""},
      {"GPU memory beside the CPU's node", "0-71|0,3-9,11-17|2", 0, "0-71"},
      {"GPU memory of the second CPU", "72-143|1,19-25,27-33|18", 1, "72-143"},
      {"many nodes and no GPU NUMA ID", "0-71|0,3-9,11-17||N/A", 0, "0-71"},
      {"a GPU NUMA ID is no NUMA affinity", "0-71||2", -1, ""},
      {"rubbish", "abc|xyz|-|?", -1, ""},
      {"a node beyond all", "0|65535", -1, ""},
  };
  for (const auto& [what, affinities, numa, cpus] : cases) {
    INFO(std::string(what));
    const Machine machine =
        table(std::string("|GPU0|CPU Affinity|NUMA Affinity|GPU NUMA ID\nGPU0| X |") + affinities + "\n");
    CHECK(numa_of(machine, 0) == numa);
    CHECK(to_string(machine.cpus) == cpus);
  }
}

TEST_CASE("without tabs an empty affinity is told by where the others stand") {
  const Machine padded = machine_of(
      "        GPU0    GPU1    CPU Affinity    NUMA Affinity   GPU NUMA ID\n"
      "GPU0     X      SYS     0-3             0               N/A\n"
      "GPU1    SYS      X                      1               N/A\n");
  CHECK(numa_of(padded, 1) == 1);
  CHECK(find_numa(padded, 1)->cpus.empty());
  const Machine expanded = machine_of(
      "        GPU0    GPU1    CPU Affinity    NUMA Affinity   GPU NUMA ID\n"
      "GPU0     X      SYS     0-3     0               N/A\n"
      "GPU1    SYS      X              1               N/A\n");
  CHECK(numa_of(expanded, 0) == 0);
  CHECK(numa_of(expanded, 1) == 1);
  CHECK(find_numa(expanded, 1)->cpus.empty());
  const Machine no_node = machine_of(
      "        GPU0    CPU Affinity    NUMA Affinity   GPU NUMA ID\n"
      "GPU0     X      0-3                             2\n");
  CHECK(numa_of(no_node, 0) == -1);
  const Machine list_with_blanks = machine_of(
      "        GPU0    CPU Affinity    NUMA Affinity\n"
      "GPU0     X      0-3, 8-11       1\n");
  CHECK(numa_of(list_with_blanks, 0) == 1);
  CHECK(to_string(list_with_blanks.cpus) == "0-3,8-11");
}

TEST_CASE("the nearest NICs are all of the best class") {
  const struct {
    const char* cells;
    const char* nics;
  } cases[] = {{"PIX|PXB|PHB|NODE", "a_0"}, {"SYS|PXB|PXB|NODE", "b_1 c_2"}, {"SYS|SYS|PHB|NODE", "c_2"},
               {"SYS|SYS|SYS|NODE", "d_3"}, {"SYS|SYS|SYS|SYS", ""},         {"SOC|SOC|PIX|PIX", "c_2 d_3"},
               {"|??||PHB", "d_3"}};
  for (const auto& [cells, nics] : cases) {
    CAPTURE(cells);
    CHECK(nics_of(table(std::string("|GPU0|a_0|b_1|c_2|d_3\nGPU0| X |") + cells + "\n"), 0) == nics);
  }
}

TEST_CASE("NICs without a legend keep nvidia-smi's names, with a warning") {
  const Machine machine = table("|GPU0|NIC0\nGPU0| X |PIX\nNIC0|PIX| X \n");
  CHECK(nics_of(machine, 0) == "NIC0");
  CHECK(warns(machine, "NIC legend is missing"));
}

TEST_CASE("more lanes than a GPU has can only be lanes to a switch") {
  const struct {
    int gpus;
    const char* cell;
    bool via_switch;
  } cases[] = {{8, "NV12", true}, {8, "NV18", true},  {16, "NV6", true},  {4, "NV18", true},  {3, "NV12", true},
               {4, "NV4", false}, {4, "NV6", false},  {2, "NV12", false}, {2, "NV18", false}, {3, "NV9", false},
               {5, "NV5", true},  {2, "NV36", false}, {3, "NV36", true}};
  for (const auto& [gpus, cell, via_switch] : cases) {
    CAPTURE(gpus);
    CAPTURE(cell);
    const Machine machine = machine_of(mesh(gpus, cell));
    CHECK(machine.links.size() == static_cast<std::size_t>(gpus * (gpus - 1) / 2));
    for (const Link& link : machine.links) CHECK(link.via_switch == via_switch);
    CHECK(find_islands(machine).size() == 1);
    CHECK(find_islands(machine)[0].uniform);
  }
}

TEST_CASE("a list of the GPUs beside the matrix tells models, speeds and switches") {
  const std::string list =
      "$ nvidia-smi -L\n"
      "GPU 0: Tesla V100-SXM3-32GB (UUID: GPU-a)\nGPU 1: Tesla V100-SXM3-32GB (UUID: GPU-b)\n"
      "GPU 2: Tesla V100-SXM3-32GB (UUID: GPU-c)\n$ nvidia-smi topo -m\n";
  CHECK(links_of(machine_of(mesh(3, "NV6"))) == "0-1:6 0-2:6 1-2:6");
  const Machine machine = machine_of(list + mesh(3, "NV6"));
  CHECK(links_of(machine) == "0-1:6s 0-2:6s 1-2:6s");
  CHECK(machine.links[0].gbps == 120);
  CHECK(machine.gpus[1].uuid == "GPU-b");
  CHECK(machine.gpus[1].model == "Tesla V100-SXM3-32GB");
  CHECK(machine.warnings.empty());
  const Machine h100 =
      machine_of("GPU 0: NVIDIA H100 (UUID: GPU-a)\nGPU 1: NVIDIA H100 (UUID: GPU-b)\n" + mesh(2, "NV10"));
  CHECK(h100.links[0].gbps == 206);
}

TEST_CASE("rows that are missing leave pairs unknown and invent no links") {
  const Machine machine = table("|GPU0|GPU1|GPU2|GPU3\nGPU0| X |NV4|NV4|NV4\nGPU1|NV4| X |NV4|NV4\n");
  CHECK(machine.gpus.size() == 4);
  CHECK(links_of(machine) == "0-1:4 0-2:4 0-3:4 1-2:4 1-3:4");
  CHECK_FALSE(find_islands(machine)[0].clique);
  CHECK(warns(machine, "no row for GPU 2-3"));
  CHECK(warns(machine, "links of 1 pairs"));
  const Machine header = table("|GPU0|GPU1\n");
  CHECK(header.gpus.size() == 2);
  CHECK(header.links.empty());
  CHECK(warns(header, "no row"));
}

TEST_CASE("a row that was cut in a cell is believed up to that cell") {
  CHECK(links_of(table("|GPU0|GPU1|GPU2|GPU3\nGPU0| X |NV12|NV1")) == "0-1:12");
  CHECK(links_of(table("|GPU0|GPU1|GPU2|GPU3\nGPU0| X |NV12|NV1\n")) == "0-1:12 0-2:1");
  CHECK(links_of(table("|GPU0|GPU1\nGPU0| X |NV18\nGPU1")) == "0-1:18");
}

TEST_CASE("cells that contradict each other leave the fewer lanes, or no link") {
  const Machine fewer = table("|GPU0|GPU1\nGPU0| X |NV4\nGPU1|NV2| X \n");
  CHECK(links_of(fewer) == "0-1:2");
  CHECK(warns(fewer, "GPU0 and GPU1 contradict each other: 4 and 2 lanes; the fewer"));
  const Machine none = table("|GPU0|GPU1\nGPU0| X |NV4\nGPU1|SYS| X \n");
  CHECK(none.links.empty());
  CHECK(warns(none, "no link is taken"));
}

TEST_CASE("what is odd in a matrix is a warning and never a link") {
  const struct {
    const char* what;
    const char* text;
    const char* warning;
  } cases[] = {
      {"an unknown cell", "|GPU0|GPU1\nGPU0| X |NVLINK\nGPU1|??| X \n", "2 cells between GPUs"},
      {"no lanes", "|GPU0|GPU1\nGPU0| X |NV0\nGPU1|NV0| X \n", "2 cells between GPUs"},
      {"too many lanes", "|GPU0|GPU1\nGPU0| X |NV99999999999\nGPU1|NV4097| X \n", "2 cells between GPUs"},
      {"a link to itself", "|GPU0|GPU1\nGPU0|NV4| X \nGPU1| X |NV4\n", "does not have its X"},
      {"two X", "|GPU0|GPU1\nGPU0| X | X \nGPU1| X | X \n", "does not have its X"},
      {"empty cells", "|GPU0|GPU1\nGPU0| X |\nGPU1|| X \n", "links of 1 pairs"},
      {"a row twice", "|GPU0|GPU1\nGPU0| X |SYS\nGPU0| X |NV4\nGPU1|SYS| X \n", "is there already"},
      {"a line of odd white space", "|GPU0|GPU1\n\v\n \f\nGPU0| X |NVx\nGPU1|SYS| X \n", "1 cells between GPUs"},
      {"a second matrix", "|GPU0|GPU1\nGPU0| X |SYS\nGPU1|SYS| X \n|GPU0|GPU1\nGPU0| X |NV4\nGPU1|NV4| X \n",
       "several matrices"},
  };
  for (const auto& [what, text, warning] : cases) {
    INFO(std::string(what));
    const Machine machine = table(text);
    CHECK(machine.gpus.size() == 2);
    CHECK(machine.links.empty());
    CHECK(warns(machine, warning));
  }
}

TEST_CASE("a GPU that only has a row is a GPU, and one more in the header too") {
  const Machine machine = table("|GPU0|GPU3\nGPU0| X |NV2\nGPU3|NV2| X \nGPU7|SYS|NV1\n");
  CHECK(machine.gpus.size() == 3);
  CHECK(links_of(machine) == "0-3:2 3-7:1");
}

TEST_CASE("CPUs that two NUMA nodes claim belong to neither") {
  const Machine machine = table("|GPU0|GPU1|CPU Affinity|NUMA Affinity\nGPU0| X |SYS|0-7|0\nGPU1|SYS| X |4-11|1\n");
  CHECK(machine.numa == std::vector<NumaNode>{{0, {0, 1, 2, 3}, 0}, {1, {8, 9, 10, 11}, 0}});
  CHECK(warns(machine, "beside several NUMA nodes"));
}

TEST_CASE("peer access says nothing of links") {
  const Machine reachable =
      table("|GPU0|GPU1\n GPU0|X|OK\n GPU1|OK|X\n\nLegend:\n\n  X    = Self\n  OK   = Status Ok\n");
  CHECK(reachable.gpus.size() == 2);
  CHECK(reachable.links.empty());
  CHECK(warns(reachable, "no links are known"));
  CHECK_FALSE(warns(reachable, "no usable island"));
  for (const char* cell : {"NS", "CNS", "TNS", "GNS"}) {
    const std::string text = std::string("|GPU0|GPU1\n GPU0|X|") + cell + "\n GPU1|" + cell + "|X\n";
    CHECK(warns(table(text), "no usable island"));
  }
  const Machine both = table("|GPU0|GPU1\n GPU0|X|OK\n GPU1|OK|X\n|GPU0|GPU1\nGPU0| X |NV4\nGPU1|NV4| X \n");
  CHECK(links_of(both) == "0-1:4");
}

TEST_CASE("a list of GPUs has no links, and its MIG instances are GPUs of their own") {
  const Machine plain = machine_of("GPU 0: NVIDIA A30 (UUID: GPU-a)\nGPU 3: NVIDIA A30 (UUID: GPU-b)\n");
  CHECK(plain.gpus ==
        std::vector<GpuInfo>{{0, "GPU-a", "", "NVIDIA A30", {}, {}}, {3, "GPU-b", "", "NVIDIA A30", {}, {}}});
  CHECK(warns(plain, "-L does not tell of links"));
  const Machine mig = machine_of(
      "GPU 0: NVIDIA A30 (UUID: GPU-a)\n"
      "  MIG 1g.6gb      Device  0: (UUID: MIG-1)\n"
      "  MIG 2g.12gb     Device  1: (UUID: MIG-2)\n"
      "GPU 1: NVIDIA A30 (UUID: GPU-b)\n");
  CHECK(mig.gpus == std::vector<GpuInfo>{{0, "MIG-1", "", "NVIDIA A30 MIG 1g.6gb", {}, {}},
                                         {1, "MIG-2", "", "NVIDIA A30 MIG 2g.12gb", {}, {}},
                                         {2, "GPU-b", "", "NVIDIA A30", {}, {}}});
  CHECK(find_islands(mig).size() == 3);
  CHECK(warns(mig, "MIG instances have no links"));
}

TEST_CASE("a matrix that does not show NVLink says so") {
  const std::string matrix = "|GPU0|GPU1\nGPU0| X |PIX\nGPU1|PIX| X \n\nLegend:\n\n  X    = Self\n";
  const std::string pci = "  PIX  = Connection traversing at most a single PCIe bridge\n";
  const std::string nvlink = "  NV#  = Connection traversing a bonded set of # NVLinks\n";
  CHECK(warns(table(matrix + pci), "may be topo -mp"));
  CHECK_FALSE(warns(table(matrix + pci + nvlink), "may be topo -mp"));
  CHECK_FALSE(warns(table(matrix), "may be topo -mp"));
}

TEST_CASE("glued names are taken apart where a known one begins") {
  const struct {
    const char* header;
    std::size_t gpus;
    std::vector<std::string> nics;
  } cases[] = {{"GPU0GPU1NIC0NIC1CPU Affinity", 2, {"NIC0", "NIC1"}},
               {"GPU0GPU10mlx5_0mlx5_11", 2, {"mlx5_0", "mlx5_11"}},
               {"GPU0mlx5_bond_0", 1, {"mlx5_bond_0"}},
               {"GPU0 mlx5_0v1 rocep1s0f0", 1, {"mlx5_0v1", "rocep1s0f0"}}};
  for (const auto& [header, gpus, nics] : cases) {
    CAPTURE(header);
    const Machine machine = machine_of(std::string(header) + "\nGPU0 X\n");
    CHECK(machine.gpus.size() == gpus);
    std::vector<std::string> names;
    for (const Nic& nic : machine.nics) names.push_back(nic.name);
    CHECK(names == nics);
  }
}

TEST_CASE("what is no text of nvidia-smi is refused with its line") {
  const struct {
    const char* text;
    const char* error;
  } cases[] = {
      {"", "line 1: expected the text of nvidia-smi topo -m, -q or -L"},
      {"hello\nworld\n", "line 1: expected the text of nvidia-smi topo -m, -q or -L"},
      {"\n\n|GPU0|GPU1|GPU0\n", "line 3: GPU0 has two columns"},
      {"|GPU0|GPU4096\n", "line 1: no GPU has the number of GPU4096"},
      {"|GPU0|GPU99999999999999999999\n", "line 1: no GPU has the number of GPU99999999999999999999"},
      {"GPU 4096: A (UUID: GPU-a)\n", "line 1: no GPU has the number 4096"},
      {"GPU 0: A (UUID: GPU-a)\nGPU 0: A (UUID: GPU-b)\n", "line 2: GPU 0 again"},
  };
  for (const auto& [text, error] : cases) {
    const auto machine = parse_nvidia_smi(tabs(text));
    CHECK(machine.status().message() == error);
    CHECK(machine.status().code() == Code::kInvalidArgument);
  }
}

TEST_CASE("texts of any size are read or refused") {
  std::string many = "\t";
  for (int gpu = 0; gpu < 1'000'000; ++gpu) many += "GPU" + std::to_string(gpu) + "\t";
  CHECK(parse_nvidia_smi(many).status().message() == "line 1: 1000000 devices, at most 2048 are read");
  CHECK(machine_of(mesh(1024, "NV18")).links.size() == 1024 * 1023 / 2);
  CHECK_FALSE(parse_nvidia_smi(mesh(1025, "NV18")).ok());
  std::string headers;
  for (int i = 0; i < 100; ++i) headers += "GPU0 GPU1\n";
  CHECK(parse_nvidia_smi(headers).status().message() == "line 17: too many matrices in one text");
  CHECK_FALSE(parse_nvidia_smi(std::string(2'000'000, 'a') + std::string(2'000'000, '\x1b')).ok());
  std::string lines;
  for (int i = 0; i < 600'000; ++i) lines += "a\n";
  CHECK(parse_nvidia_smi(lines).status().message() == "line 500001: too many lines");
}

TEST_CASE("affinities that claim everything for every node do no harm") {
  std::string text = "\t";
  for (int gpu = 0; gpu < 500; ++gpu) text += "GPU" + std::to_string(gpu) + "\t";
  text += "CPU Affinity\tNUMA Affinity\n";
  for (int gpu = 0; gpu < 500; ++gpu)
    text += "GPU" + std::to_string(gpu) + std::string(501, '\t') + "0-65535\t" + std::to_string(gpu) + "\n";
  const Machine machine = machine_of(text);
  CHECK(machine.gpus.size() == 500);
  CHECK(machine.numa.size() == 500);
  CHECK(machine.cpus.empty());
}

TEST_CASE("every beginning of a text is read or refused") {
  const std::string text =
      "GPU 0: NVIDIA A30 (UUID: GPU-a)\n"
      "GPU 00000000:1B:00.0\n    Product Name : A\n    Fabric\n        State : Completed\n"
      "        Status : Success\n        CliqueId : 1\n        ClusterUUID : b2da-1\n" +
      tabs(
          "|GPU0|GPU1|NIC0|CPU Affinity|NUMA Affinity|GPU NUMA ID\nGPU0| X |NV4|PIX|0-3|0||N/A\n"
          "GPU1|NV4| X |SYS|4-7|1||N/A\nNIC0|PIX|SYS| X ||||\nNIC Legend:\n  NIC0: mlx5_0\n");
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const auto machine = parse_nvidia_smi(std::string_view(text).substr(0, size));
    if (!machine.ok()) CHECK(machine.status().message().starts_with("line "));
    if (machine.ok()) CHECK(machine->links.size() <= 1);
  }
}
