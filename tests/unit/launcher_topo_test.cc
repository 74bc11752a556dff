#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <sstream>

#include "launcher/commands.h"
#include "launcher/topo_json.h"
#include "launcher/topo_layout.h"
#include "launcher/topo_svg.h"
#include "launcher/topo_text.h"
#include "tests/support/command_run.h"
#include "topology/text.h"

namespace Atoll {
namespace {

constexpr const char* kBridged =
    "machine bridged\n"
    "numa 0 cpus 0-3\nnuma 4 cpus 4-7\n"
    "nic mlx5_0 numa 0\nnic mlx5_1 numa 4\n"
    "gpu 0 numa 0 uuid GPU-a pci 0000:1b:00.0 model A100 nics mlx5_0\n"
    "gpu 1 numa 0 model A100 nics mlx5_0\n"
    "gpu 2 numa 4 model A100 nics mlx5_1\n"
    "gpu 5\n"
    "link 0 1 nvlink lanes 4 gbps 100\n"
    "link 1 2 nvlink lanes 2 gbps 50\n";

Machine machine_of(const std::string& text) {
  Result<Machine> machine = parse_machine(text);
  REQUIRE_MESSAGE(machine.ok(), machine.status().message());
  return *machine;
}

Machine switched(int gpus) {
  std::string text = "machine switched\nnuma 0\nnuma 1\n";
  for (int i = 0; i < gpus; ++i)
    text += "gpu " + std::to_string(i) + " numa " + std::to_string(2 * i / gpus) + " model H100\n";
  return machine_of(text + "switch 0-" + std::to_string(gpus - 1) + " lanes 18 gbps 450\n");
}

std::size_t count_of(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

// In columns: of a UTF-8 character only the first byte counts.
std::size_t widest_line(const std::string& text) {
  std::size_t widest = 0, width = 0;
  for (const char c : text) {
    width = c == '\n' ? 0 : width + ((static_cast<unsigned char>(c) & 0xC0) != 0x80);
    widest = std::max(widest, width);
  }
  return widest;
}

// A file for the length of a test.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text) {
    char name[] = "/tmp/atoll-topo-XXXXXX";
    const int fd = mkstemp(name);
    REQUIRE(fd >= 0);
    close(fd);
    path_ = name;
    std::ofstream(path_) << text;
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }
  std::string content() const {
    std::stringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }

 private:
  std::string path_;
};

using testing::Ran;

// Runs "atoll WORDS".
Ran run(const std::vector<std::string>& words) { return testing::run_command(add_topo, words); }

}  // namespace

TEST_CASE("the JSON of a machine has every key, in order, with null where nothing is known") {
  const auto json = nlohmann::ordered_json::parse(topo_to_json(machine_of(kBridged), std::nullopt));
  const auto expected = nlohmann::ordered_json::parse(R"({
    "gpus": [
      {"index": 0, "uuid": "GPU-a", "pci": "0000:1b:00.0", "model": "A100", "numa": 0, "nics": ["mlx5_0"]},
      {"index": 1, "uuid": "", "pci": "", "model": "A100", "numa": 0, "nics": ["mlx5_0"]},
      {"index": 2, "uuid": "", "pci": "", "model": "A100", "numa": 4, "nics": ["mlx5_1"]},
      {"index": 5, "uuid": "", "pci": "", "model": "", "numa": null, "nics": []}],
    "links": [
      {"a": 0, "b": 1, "kind": "nvlink", "via": "direct", "lanes": 4, "gbps": 100.0},
      {"a": 1, "b": 2, "kind": "nvlink", "via": "direct", "lanes": 2, "gbps": 50.0}],
    "islands": [
      {"kind": "nvlink", "gpus": [0, 1, 2], "clique": false, "uniform": false},
      {"kind": "single", "gpus": [5], "clique": true, "uniform": true}],
    "fabric": null,
    "warnings": []})");
  CHECK(json.dump() == expected.dump());
}

TEST_CASE("the JSON says switches, XGMI, fabrics, warnings and picks") {
  Machine machine =
      machine_of("gpu 0\ngpu 1\ngpu 2\ngpu 3\nlink 2 3 xgmi lanes 2\nswitch 0-1 lanes 18\nfabric abc.7\n");
  machine.warnings = {"odd \xff"};
  const auto pick = pick_of_machine(machine, 2, {0});
  REQUIRE(pick.ok());
  const auto json = nlohmann::json::parse(topo_to_json(machine, *pick));
  CHECK(json["links"][0]["via"] == "switch");
  CHECK(json["links"][1]["kind"] == "xgmi");
  CHECK(json["islands"][0]["kind"] == "nvswitch");
  CHECK(json["fabric"] == nlohmann::json{{"uuid", "abc"}, {"clique", 7}, {"usable", true}});
  CHECK(json["warnings"][0] == "odd \xEF\xBF\xBD");
  CHECK(json["pick"]["gpus"] == std::vector<int>{2, 3});
  CHECK(json["pick"]["order"] == std::vector<int>{2, 3});
  CHECK(json["pick"]["islands"] == 1);
  CHECK(json["pick"]["total_gbps"] == machine.links[1].gbps);
  CHECK(json["pick"]["bottleneck_gbps"] == machine.links[1].gbps);
}

TEST_CASE("a pick numbers GPUs as the machine does, and says why there is none") {
  const Machine machine = machine_of(kBridged);
  CHECK(pick_of_machine(machine, 1, {0, 1, 2})->gpus == std::vector<int>{5});
  CHECK(pick_of_machine(machine, 1, {0, 1, 2})->bottleneck_gbps == 0);
  CHECK(pick_of_machine(machine, 2, {})->gpus == std::vector<int>{0, 1});
  CHECK(pick_of_machine(machine, 3, {})->total_gbps == 150);
  CHECK(pick_of_machine(machine, 4, {5}).status().message() == "cannot pick 4 GPUs: 3 of 4 GPUs are free");
  CHECK(pick_of_machine(machine, 2, {0, 1, 2}).status().message() == "cannot pick 2 GPUs: 1 of 4 GPUs is free");
  CHECK(pick_of_machine(machine, 1, {3}).status().message() == "--busy names GPU 3, which is not there");
  CHECK(pick_of_machine(Machine(), 1, {}).status().message() == "cannot pick 1 GPU: the machine has none");
}

TEST_CASE("the text shows GPUs, NUMA nodes, islands, links, pick and warnings") {
  Machine machine = machine_of(kBridged);
  machine.warnings = {"GPU 5 is off the fabric"};
  CHECK(topo_to_text(machine, *pick_of_machine(machine, 2, {}), Glyphs::kAscii) ==
        R"(bridged: 4 GPUs in 2 islands, 2 NUMA nodes, 2 NICs

gpu  model  numa  island  nearest NICs
0    A100   0     A       mlx5_0
1    A100   0     A       mlx5_0
2    A100   4     A       mlx5_1
5    -      -     B       -

+- NUMA 0, 4 CPUs -+  +- NUMA 4, 4 CPUs -+  +- NUMA unknown -+
| +---+ +---+      |  | +---+            |  | +---+          |
| | 0 | | 1 |      |  | | 2 |            |  | | 5 |          |
| +A*-+ +A*-+      |  | +A--+            |  | +B--+          |
| mlx5_0           |  | mlx5_1           |  +----------------+
+------------------+  +------------------+

islands
  A  nvlink  0-2  not every pair joined: 2 to 4 lanes, 50 to 100 GB/s
  B  single  5    alone

lanes between GPUs (s: through a switch)
     0  1  2  5
  0     4  .  .
  1  4     2  .
  2  .  2     .
  5  .  .  .

pick (*)
  GPUs 0 1
  ring 0 1
  1 island, 100 GB/s in all, weakest link of the ring 100 GB/s

warning: GPU 5 is off the fabric
)");
}

TEST_CASE("the text draws with box characters where they are understood, as wide as without") {
  const Machine machine = switched(8);
  const std::string plain = topo_to_text(machine, std::nullopt, Glyphs::kAscii);
  const std::string drawn = topo_to_text(machine, std::nullopt, Glyphs::kUnicode);
  CHECK(drawn.find("┌─ NUMA 0 ─") != std::string::npos);
  CHECK(drawn.find("every pair alike: 18 lanes through a switch, 450 GB/s") != std::string::npos);
  CHECK(count_of(drawn, "s18") == 56);
  CHECK(widest_line(drawn) == widest_line(plain));
  for (const char c : plain) CHECK((c == '\n' || (c >= ' ' && c <= '~')));
}

TEST_CASE("no line of a large or long-named machine is wider than the terminal") {
  for (const int gpus : {16, 64, 1000}) {
    const Machine machine = switched(gpus);
    CHECK(widest_line(topo_to_text(machine, *pick_of_machine(machine, gpus / 2, {}), Glyphs::kUnicode)) <= kTopoWidth);
  }
  Machine uneven = switched(64);
  uneven.links[5].lanes = 9;
  uneven.gpus[1].model = std::string(300, 'M');
  uneven.gpus[2].nics.assign(20, "a-network-interface");
  for (int i = 0; i < 60; ++i) uneven.nics.push_back({"nic" + std::to_string(i), "", 0});
  const std::string text = topo_to_text(uneven, std::nullopt, Glyphs::kAscii);
  CHECK(widest_line(text) <= kTopoWidth);
  CHECK(text.find("island A: too wide to draw; --json has its links") != std::string::npos);
  CHECK(text.find("and 28 more") != std::string::npos);
}

TEST_CASE("a machine without GPUs has a text and a drawing too") {
  Machine machine;
  machine.name = "login";
  CHECK(topo_to_text(machine, std::nullopt, Glyphs::kAscii) == "login: no GPUs, 0 NUMA nodes, 0 NICs\n");
  pugi::xml_document svg;
  CHECK(svg.load_string(topo_to_svg(machine, std::nullopt).c_str()));
}

TEST_CASE("hostile names move no cursor and break no XML") {
  Machine machine = machine_of(kBridged);
  machine.name = "\x1b[2J<script>";
  machine.gpus[0].model = "</text><script>alert('x')</script>&\"\x01\xff";
  machine.gpus[1].nics = {"\r\n\x9b"};
  machine.nics[0].name = "<&>";
  machine.warnings = {"]]>\x1b"};
  CHECK(topo_to_text(machine, std::nullopt, Glyphs::kUnicode).find('\x1b') == std::string::npos);
  const std::string drawing = topo_to_svg(machine, std::nullopt);
  pugi::xml_document svg;
  REQUIRE(svg.load_string(drawing.c_str()));
  CHECK(drawing.find("<script") == std::string::npos);
  CHECK(svg.select_node("//text[contains(., '<&>')]"));
  CHECK(nlohmann::json::parse(topo_to_json(machine, std::nullopt))["gpus"][1]["nics"][0] == "\r\n\xEF\xBF\xBD");
}

TEST_CASE("the SVG has a box for each GPU, NIC and NUMA node, and a curve for each direct link") {
  const Machine machine = machine_of(kBridged);
  pugi::xml_document svg;
  REQUIRE(svg.load_string(topo_to_svg(machine, *pick_of_machine(machine, 2, {})).c_str()));
  CHECK(svg.select_nodes("//path").size() == 2);
  CHECK(svg.select_node("//path/title[.='GPU 0 to GPU 1: 4 lanes, 100 GB/s']"));
  const double wide = svg.select_nodes("//path")[0].node().attribute("stroke-width").as_double();
  const double narrow = svg.select_nodes("//path")[1].node().attribute("stroke-width").as_double();
  CHECK(wide > narrow);
  for (const char* words : {"GPU 0 (A) #0", "GPU 1 (A) #1", "GPU 2 (A)", "GPU 5 (B)", "mlx5_1", "NUMA unknown"}) {
    CAPTURE(words);
    CHECK(svg.select_nodes(("//text[.='" + std::string(words) + "']").c_str()).size() >= 1);
  }
  CHECK(svg.select_nodes("//rect[@stroke-width='4']").size() == 2);
}

TEST_CASE("the SVG draws a switch as a hub with one curve a GPU, and bounds what it draws") {
  const std::string drawing = topo_to_svg(switched(8), std::nullopt);
  CHECK(count_of(drawing, "<path") == 8);
  CHECK(count_of(drawing, "switch of island A") == 1);
  Machine many = switched(128);
  for (Link& link : many.links) link.via_switch = false;
  CHECK(count_of(topo_to_svg(many, std::nullopt), "every pair of island A") == 1);
  many.links[0].lanes = 17;
  const std::string large = topo_to_svg(many, std::nullopt);
  CHECK(count_of(large, "<path") == kMostSvgLinks);
  CHECK(large.find("the first 4000 of 8128 links are drawn") != std::string::npos);
}

TEST_CASE("the locale decides between box characters and ASCII") {
  CHECK(glyphs_of({{"LANG", "en_US.UTF-8"}}) == Glyphs::kUnicode);
  CHECK(glyphs_of({{"LANG", "C.utf8"}}) == Glyphs::kUnicode);
  CHECK(glyphs_of({{"LC_ALL", "C"}, {"LANG", "en_US.UTF-8"}}) == Glyphs::kAscii);
  CHECK(glyphs_of({{"LC_ALL", ""}, {"LC_CTYPE", "C.UTF-8"}, {"LANG", "C"}}) == Glyphs::kUnicode);
  CHECK(glyphs_of({}) == Glyphs::kAscii);
}

TEST_CASE("islands are named as columns are") {
  const std::pair<std::size_t, const char*> names[] = {{0, "A"},   {25, "Z"},  {26, "AA"},
                                                       {51, "AZ"}, {52, "BA"}, {702, "AAA"}};
  for (const auto& [number, name] : names) CHECK(island_name(number) == name);
}

TEST_CASE("atoll topo ends with 0, 1 for a bad file or too few GPUs, 2 for wrong usage") {
  const TemporaryFile file(kBridged), nonsense("no machine\n"), svg("");
  const std::string& input = file.path();
  const struct {
    std::vector<std::string> words;
    int exit_code;
  } rows[] = {
      {{"--input", input}, kExitOk},
      {{"--input", input, "--format", "atoll", "--json", "--pick", "2", "--busy", "0-1"}, kExitOk},
      {{"--input", input, "--svg", svg.path()}, kExitOk},
      {{"--input", input, "--svg", "/nowhere/at/all.svg"}, kExitFailure},
      {{"--input", "/nowhere/at/all"}, kExitFailure},
      {{"--input", nonsense.path()}, kExitFailure},
      {{"--input", input, "--format", "nccl"}, kExitFailure},
      {{"--input", input, "--pick", "5"}, kExitFailure},
      {{"--input", input, "--pick", "99999"}, kExitFailure},
      {{"--input", input, "--pick", "2", "--busy", "7"}, kExitFailure},
      {{"--input", input, "--pick", "0"}, kExitUsage},
      {{"--input", input, "--pick", "-1"}, kExitUsage},
      {{"--input", input, "--pick", "two"}, kExitUsage},
      {{"--input", input, "--pick", "1.5"}, kExitUsage},
      {{"--input", input, "--pick", "2", "--busy", "x"}, kExitUsage},
      {{"--input", input, "--busy", "1"}, kExitUsage},
      {{"--input", input, "--format", "png"}, kExitUsage},
      {{"--format", "hwloc"}, kExitUsage},
      {{"--input", input, "--colour"}, kExitUsage},
  };
  for (const auto& row : rows) {
    std::vector<std::string> words = {"topo"};
    words.insert(words.end(), row.words.begin(), row.words.end());
    std::string said;
    for (const std::string& word : words) said += word + " ";
    CAPTURE(said);
    const Ran ran = run(words);
    CHECK(ran.exit_code == row.exit_code);
    CHECK(ran.out.empty() == (row.exit_code != kExitOk));
  }
  CHECK(svg.content().starts_with("<svg "));
  const Ran json = run({"topo", "--input", input, "--json", "--pick", "2", "--busy", "0-1"});
  CHECK(nlohmann::json::parse(json.out)["pick"]["gpus"] == std::vector<int>{2, 5});
}

}  // namespace Atoll
