#include <doctest/doctest.h>

#include <functional>
#include <map>

#include "launcher/doctor_checks.h"
#include "launcher/doctor_look.h"
#include "launcher/doctor_site.h"
#include "launcher/doctor_text.h"

using namespace Atoll;

namespace {

// A node of a site where all is well.
NodeFacts well(const std::string& node = "n1") {
  NodeFacts facts;
  facts.node = node;
  facts.time = 1000;
  facts.atoll_version = "0.1.0";
  facts.atoll_build = "aaaaaaaabbbb";
  facts.has_daemon = true;
  facts.slurm_commands = facts.slurmd = facts.slurmctld = "22.05.8";
  facts.plugstack.path = "/etc/slurm/plugstack.conf";
  facts.plugstack.found = true;
  facts.plugstack.ours = {{"/etc/slurm/plugstack.conf.d/atoll.conf",
                           5,
                           "optional",
                           "/usr/lib/slurm/spank_atoll.so",
                           {"atoll=/usr/bin/atoll", "max_nodes=8"}}};
  facts.plugins = {{"/usr/lib/slurm/spank_atoll.so", "", {"atoll", 0x160508, "ccccccccdddd", true}}};
  facts.srun_has_options = true;
  facts.mpi = {"none", "pmi2", "pmix"};
  facts.has_pmix_library = true;
  facts.cpus = 64;
  facts.numa_nodes = 2;
  facts.gpus = facts.slurm_gpus = 8;
  facts.has_nvidia_device = true;
  facts.ports = {"mlx5_0:1 ACTIVE InfiniBand"};
  facts.shm_bytes = facts.tmp_bytes = std::int64_t{64} << 30;
  facts.memlock = -2;
  facts.open_files = 65536;
  return facts;
}

const Finding* find(const std::vector<Finding>& findings, const std::string& check, Health health) {
  for (const Finding& finding : findings)
    if (finding.check == check && finding.health == health) return &finding;
  return nullptr;
}

}  // namespace

TEST_CASE("where all is well the doctor says so of every check") {
  const std::vector<Finding> findings = judge({well()}, {.plugin = true});
  CHECK(all_well(findings));
  for (const char* check : {"atoll", "slurm", "plugstack", "plugin", "settings", "options", "pmix", "munge", "hwloc",
                            "network", "nvml", "gpus", "shm", "tmp", "limits"}) {
    CAPTURE(check);
    CHECK(find(findings, check, Health::kOk) != nullptr);
  }
  CHECK(findings.size() == 15);
}

TEST_CASE("each thing that is wrong is a finding with what to do") {
  struct Case {
    const char* check;
    Health health;
    const char* says;
    std::function<void(NodeFacts&)> spoil;
  };
  const Case cases[] = {
      {"atoll", Health::kFailed, "has no atolld beside it", [](NodeFacts& f) { f.has_daemon = false; }},
      {"slurm", Health::kFailed, "no answer from slurmctld", [](NodeFacts& f) { f.slurmctld = ""; }},
      {"slurm", Health::kWarning, "slurmd are of Slurm 21.08.1, slurmctld is of 22.05.8",
       [](NodeFacts& f) { f.slurmd = "21.08.1", f.plugins[0].file.slurm_version = 0x150801; }},
      {"slurm", Health::kWarning, "the commands are of Slurm 23.02.0",
       [](NodeFacts& f) { f.slurm_commands = "23.02.0"; }},
      {"plugstack", Health::kFailed, "there is no /etc/slurm/plugstack.conf",
       [](NodeFacts& f) { f.plugstack.ours.clear(), f.plugstack.found = false; }},
      {"plugstack", Health::kFailed, "/etc/slurm/plugstack.conf does not load it",
       [](NodeFacts& f) { f.plugstack.ours.clear(); }},
      {"plugstack", Health::kFailed, "loaded 2 times, by /etc/slurm/plugstack.conf.d/atoll.conf:5 and /etc/x.conf:1",
       [](NodeFacts& f) {
         f.plugstack.ours.push_back({"/etc/x.conf", 1, "optional", "/a/spank_atoll.so", {}});
       }},
      {"plugstack", Health::kWarning, "says required", [](NodeFacts& f) { f.plugstack.ours[0].kind = "required"; }},
      {"plugstack", Health::kWarning, "without its folder",
       [](NodeFacts& f) { f.plugstack.ours[0].path = "spank_atoll.so"; }},
      {"plugstack", Health::kWarning, "catches /etc/slurm/plugstack.conf.d/.atoll.conf.swp",
       [](NodeFacts& f) { f.plugstack.odd_files = {"/etc/slurm/plugstack.conf.d/.atoll.conf.swp"}; }},
      {"plugstack", Health::kWarning, "/etc/x.conf:3 is no line for Slurm",
       [](NodeFacts& f) { f.plugstack.bad_lines = {"/etc/x.conf:3"}; }},
      {"plugin", Health::kFailed, "cannot be read: no such file",
       [](NodeFacts& f) { f.plugins[0].why = "no such file"; }},
      {"plugin", Health::kFailed, "built for Slurm 24.11, but Slurm 22.05 runs here",
       [](NodeFacts& f) { f.plugins[0].file.slurm_version = 0x180b05; }},
      {"plugin", Health::kFailed, "calls itself pyxis", [](NodeFacts& f) { f.plugins[0].file.name = "pyxis"; }},
      {"plugin", Health::kFailed, "can be written by others than root",
       [](NodeFacts& f) { f.plugins[0].file.safe = false; }},
      {"settings", Health::kWarning, "has the setting colour=blue, which there is not",
       [](NodeFacts& f) { f.plugstack.ours[0].arguments.push_back("colour=blue"); }},
      {"settings", Health::kFailed, "/opt/atoll, which the plugin starts, cannot be executed",
       [](NodeFacts& f) { f.missing_programs = {"/opt/atoll"}; }},
      {"options", Health::kFailed, "srun --help does not know --atoll",
       [](NodeFacts& f) { f.srun_has_options = false; }},
      {"options", Health::kWarning, "switched off",
       [](NodeFacts& f) { f.srun_has_options = false, f.plugstack.ours[0].arguments = {"enabled=no"}; }},
      {"pmix", Health::kWarning, "does not have pmix", [](NodeFacts& f) { f.mpi = {"none"}; }},
      {"pmix", Health::kFailed, "libpmix.so.2 cannot be loaded", [](NodeFacts& f) { f.has_pmix_library = false; }},
      {"munge", Health::kWarning, "no socket", [](NodeFacts& f) { f.munge = "no socket"; }},
      {"hwloc", Health::kFailed, "the machine cannot be read: bad file",
       [](NodeFacts& f) { f.machine_why = "bad file"; }},
      {"hwloc", Health::kWarning, "GPU 3 has no NUMA node",
       [](NodeFacts& f) { f.machine_warnings = {"GPU 3 has no NUMA node"}; }},
      {"network", Health::kWarning, "0 of 1 InfiniBand or RoCE ports are active",
       [](NodeFacts& f) { f.ports = {"mlx5_0:1 DOWN InfiniBand"}; }},
      {"network", Health::kWarning, "locked memory is limited", [](NodeFacts& f) { f.memlock = 8 << 20; }},
      {"nvml", Health::kFailed, "not its library: not found", [](NodeFacts& f) { f.nvml = "not found"; }},
      {"nvml", Health::kSkipped, "no NVIDIA driver",
       [](NodeFacts& f) { f.nvml = "not found", f.has_nvidia_device = false; }},
      {"gpus", Health::kWarning, "Gres has 8 GPUs for this node, the node shows 7", [](NodeFacts& f) { f.gpus = 7; }},
      {"gpus", Health::kWarning, "Gres has 0 GPUs for this node, the node shows 8",
       [](NodeFacts& f) { f.slurm_gpus = 0; }},
      {"gpus", Health::kSkipped, "does not say", [](NodeFacts& f) { f.slurm_gpus = -1; }},
      {"shm", Health::kWarning, "64 MiB are free in /dev/shm", [](NodeFacts& f) { f.shm_bytes = 64 << 20; }},
      {"settings", Health::kWarning, "is another build than this atoll",
       [](NodeFacts& f) { f.other_programs = {"/opt/atoll"}; }},
      {"gpus", Health::kSkipped, "the node shows 0 to a step without them",
       [](NodeFacts& f) { f.gpus = 0, f.in_job = true; }},
      {"tmp", Health::kFailed, "/tmp cannot be written", [](NodeFacts& f) { f.tmp_bytes = -1; }},
      {"shm", Health::kFailed, "/dev/shm cannot be used", [](NodeFacts& f) { f.shm_bytes = -1; }},
      {"limits", Health::kWarning, "1024 open files", [](NodeFacts& f) { f.open_files = 1024; }},
  };
  for (const Case& one : cases) {
    CAPTURE(one.says);
    NodeFacts facts = well();
    one.spoil(facts);
    const std::vector<Finding> findings = judge({facts}, {.plugin = true});
    const Finding* finding = find(findings, one.check, one.health);
    REQUIRE(finding != nullptr);
    CHECK_MESSAGE(finding->says.find(one.says) != std::string::npos, finding->says);
    CHECK(all_well(findings) == (one.health != Health::kFailed));
  }
}

TEST_CASE("without a plugin a host is well, a site is not") {
  NodeFacts facts = well();
  facts.plugstack.ours.clear();
  facts.plugins.clear();
  CHECK(all_well(judge({facts}, {})));
  CHECK_FALSE(all_well(judge({facts}, {.plugin = true})));
}

TEST_CASE("without Slurm a host is well") {
  NodeFacts facts;
  facts.node = "laptop";
  facts.has_daemon = true;
  facts.munge = "no munged";
  facts.nvml = "not found";
  facts.cpus = facts.numa_nodes = 1;
  facts.shm_bytes = facts.tmp_bytes = std::int64_t{1} << 40;
  CHECK(all_well(judge({facts}, {})));
}

TEST_CASE("what holds of many nodes is said once, and what differs is named") {
  std::vector<NodeFacts> nodes = {well("n1"), well("n2"), well("n3")};
  CHECK(judge(nodes, {.plugin = true}).size() == 15);
  nodes[1].atoll_build = "eeee";
  nodes[2].plugins[0].file.build = "ffff";
  nodes[0].time += 60;
  const std::vector<Finding> findings = judge(nodes, {.plugin = true});
  std::map<std::string, std::vector<std::string>> failed;
  for (const Finding& finding : findings)
    if (finding.check == "same") failed[finding.says] = finding.nodes;
  REQUIRE(failed.size() == 2);
  CHECK(failed.begin()->first == "atoll's build is eeee here and aaaaaaaabbbb on 2 other nodes");
  CHECK(failed.begin()->second == std::vector<std::string>{"n2"});
  CHECK(failed.rbegin()->first == "the plugin's build is ffff here and ccccccccdddd on 2 other nodes");
  CHECK(failed.rbegin()->second == std::vector<std::string>{"n3"});
  const Finding* clock = find(findings, "clock", Health::kWarning);
  REQUIRE(clock != nullptr);
  CHECK(clock->nodes == std::vector<std::string>{"n1"});
  CHECK(clock->says == "the clock is 60 s off the others'");
}

TEST_CASE("nodes that are asked one after another have no wrong clocks") {
  std::vector<NodeFacts> nodes;
  for (int i = 0; i < 40; ++i) {
    nodes.push_back(well("n" + std::to_string(i)));
    nodes.back().asked = 1000 + 0.5 * i;
    nodes.back().time = nodes.back().asked + 0.3;
    nodes.back().heard = nodes.back().asked + 0.5;
  }
  CHECK(find(judge(nodes, {}), "clock", Health::kWarning) == nullptr);
  nodes[30].time -= 20;
  const std::vector<Finding> late = judge(nodes, {});
  const Finding* clock = find(late, "clock", Health::kWarning);
  REQUIRE(clock != nullptr);
  CHECK(clock->nodes == std::vector<std::string>{"n30"});
  nodes[30].heard += 40;  // it may have looked at any moment of these, but not before it was asked
  CHECK(find(judge(nodes, {}), "clock", Health::kWarning) != nullptr);
  nodes[30].time += 50;
  CHECK(find(judge(nodes, {}), "clock", Health::kWarning) == nullptr);
}

TEST_CASE("a plugin without its folder is looked for where Slurm does, not in the current folder") {
  using Places = std::vector<std::string>;
  CHECK(places_of_plugin("/opt/spank_atoll.so", "/usr/lib/slurm") == Places{"/opt/spank_atoll.so"});
  CHECK(places_of_plugin("spank_atoll.so", "/usr/lib/slurm:/opt/slurm/::/x") ==
        Places{"/usr/lib/slurm/spank_atoll.so", "/opt/slurm/spank_atoll.so", "/x/spank_atoll.so"});
  CHECK(places_of_plugin("spank_atoll.so", "").empty());
  CHECK(find_plugin("status", "/nowhere:/proc/self") == "/proc/self/status");
  CHECK(find_plugin("spank_atoll.so", "/nowhere:/proc/self") == "/nowhere/spank_atoll.so");
}

TEST_CASE("facts survive the way through srun, mixed with others and with noise") {
  NodeFacts one = well("n1"), two = well("n2");
  two.munge = std::string(2000, 'x') + "\n\"\xff";
  const std::string first = facts_to_lines(one), second = facts_to_lines(two);
  std::string mixed = "srun: job 7 queued\n";
  std::size_t a = 0, b = 0;
  while (a < first.size() || b < second.size())
    for (auto [text, at] : {std::pair(&first, &a), std::pair(&second, &b)}) {
      const std::size_t end = text->find('\n', *at);
      if (end == std::string::npos) continue;
      CHECK(end - *at < 1024);
      mixed += text->substr(*at, end + 1 - *at);
      *at = end + 1;
    }
  const std::vector<NodeFacts> found = find_facts(mixed);
  REQUIRE(found.size() == 2);
  CHECK(facts_to_json(found[0]) == facts_to_json(one));
  CHECK(facts_to_json(found[1]) == facts_to_json(two));
  CHECK(find_facts(first.substr(0, first.rfind('\n', first.size() - 2) + 1)).empty());  // a line is missing
  CHECK(find_facts("atoll-facts \natoll-facts n1 x\natoll-facts n1 1/1 {}\natoll-facts n1 1/1 {\"node\":3}\n").empty());
}

TEST_CASE("what Slurm's commands print is read") {
  const std::string config =
      "Configuration data as of 2026-01-01T00:00:00\nPlugStackConfig         = /etc/slurm/plugstack.conf\n"
      "LaunchParameters        = use_interactive_step,mpir_use_nodeaddr \nSLURM_VERSION           = 22.05.8\n";
  CHECK(config_value(config, "PlugStackConfig") == "/etc/slurm/plugstack.conf");
  CHECK(config_value(config, "LaunchParameters") == "use_interactive_step,mpir_use_nodeaddr");
  CHECK(config_value(config, "SLURM_VERSION") == "22.05.8");
  CHECK(config_value(config, "Nothing").empty());
  CHECK(parse_slurm_version("srun: error: no plugin x: 3.5\nslurm-wlm 22.05.8\n") == "22.05.8");
  CHECK(parse_slurm_version("slurm 24.11.5\n") == "24.11.5");
  CHECK(parse_slurm_version("srun: fatal: Could not establish a configuration source\n").empty());
  CHECK(gpus_of_gres("gpu:8") == 8);
  CHECK(gpus_of_gres("gpu:a100:4(S:0-1),gpu:v100:2,shard:16") == 6);
  CHECK(gpus_of_gres("gpu") == 1);
  CHECK(gpus_of_gres("(null)") == 0);
  CHECK(gpus_of_gres("") == 0);
  CHECK(parse_node_states("n1 idle cpu\nn2 mixed gpu\nn1 idle gpu\n\nn3 down* gpu\nn4 a\n") ==
        std::vector<NodeState>{{"n1", "idle", "cpu"}, {"n2", "mixed", "gpu"}, {"n3", "down*", "gpu"}});
  CHECK(major_minor("slurm-wlm 22.05.8") == "22.05");
  CHECK(major_minor("24.11.5") == "24.11");
  CHECK(major_minor("none").empty());
  CHECK(major_minor(0x160508) == "22.05");
  CHECK(slurm_version_text(0x180b05) == "24.11.5");
}

TEST_CASE("plugstack.conf is read as Slurm reads it") {
  const std::map<std::string, std::string> files = {
      {"/etc/slurm/plugstack.conf",
       "# all of ours\nrequired /usr/lib/pyxis.so\n\ninclude plugstack.conf.d/*\nnonsense here\noptional\n"},
      {"/etc/slurm/plugstack.conf.d/atoll.conf", "  optional /opt/spank_atoll.so atoll=/opt/atoll sbatch=no # ours\n"},
      {"/etc/slurm/plugstack.conf.d/atoll.conf.dpkg-old", "optional spank_atoll-24.11.so\n"}};
  const PlugstackSource source = {[&](const std::string& path) -> std::optional<std::string> {
                                    return files.contains(path) ? std::optional(files.at(path)) : std::nullopt;
                                  },
                                  [&](const std::string& pattern) {
                                    std::vector<std::string> found;
                                    for (const auto& [path, text] : files)
                                      if (path.starts_with(pattern.substr(0, pattern.size() - 1)))
                                        found.push_back(path);
                                    return found;
                                  }};
  const Plugstack stack = read_plugstack("/etc/slurm/plugstack.conf", source);
  CHECK(stack.found);
  CHECK(stack.ours ==
        std::vector<PlugstackLine>{
            {"/etc/slurm/plugstack.conf.d/atoll.conf",
             1,
             "optional",
             "/opt/spank_atoll.so",
             {"atoll=/opt/atoll", "sbatch=no"}},
            {"/etc/slurm/plugstack.conf.d/atoll.conf.dpkg-old", 1, "optional", "spank_atoll-24.11.so", {}}});
  const PlugstackSource knows = {source.read, source.glob,
                                 [](const std::string& path) { return path == "/usr/lib/pyxis.so"; }};
  CHECK(read_plugstack("/etc/slurm/plugstack.conf", knows).ours.size() == 3);
  CHECK(stack.odd_files == std::vector<std::string>{"/etc/slurm/plugstack.conf.d/atoll.conf.dpkg-old"});
  CHECK(stack.bad_lines == std::vector<std::string>{"/etc/slurm/plugstack.conf:5", "/etc/slurm/plugstack.conf:6"});
  CHECK_FALSE(read_plugstack("/nowhere", source).found);
}

TEST_CASE("files that include each other are read to an end") {
  const PlugstackSource source = {[](const std::string&) { return std::optional<std::string>("include x\n"); },
                                  [](const std::string& pattern) { return std::vector<std::string>{pattern}; }};
  CHECK(read_plugstack("/etc/x", source).ours.empty());
}

TEST_CASE("a program is no plugin, and neither is a broken file") {
  CHECK(read_plugin_file("/proc/self/exe").status().code() == Code::kInvalidArgument);
  CHECK(read_plugin_file("/nowhere").status().code() != Code::kOk);
  std::string elf(4096, '\xff');
  elf.replace(0, 5,
              "\x7f"
              "ELF\x02");
  CHECK(find_object(elf, "plugin_version").empty());
  CHECK(find_object("", "plugin_version").empty());
  CHECK(find_object("\x7f"
                    "ELF",
                    "plugin_version")
            .empty());
}

TEST_CASE("the doctor's words fold nodes and say what to do") {
  const std::vector<Finding> findings = {{"slurm", Health::kOk, {"n1", "n2"}, "Slurm 22.05.8", ""},
                                         {"shm", Health::kWarning, {"n2"}, "64 MiB are free", "make it larger"},
                                         {"nodes", Health::kFailed, {"n3"}, "gave no answer", "look"}};
  CHECK(findings_to_text(findings, 2, Glyphs::kAscii) ==
        "ok      slurm      Slurm 22.05.8\n"
        "warning shm        64 MiB are free  (n2)\n"
        "                   make it larger\n"
        "FAILED  nodes      gave no answer  (n3)\n"
        "                   look\n"
        "2 nodes: 1 failure, 1 warning\n");
  CHECK(findings_to_text({findings[0]}, 2, Glyphs::kUnicode) == "✓ slurm      Slurm 22.05.8\n2 nodes: all is well\n");
  std::vector<std::string> many;
  for (int i = 1; i <= 20; ++i) many.push_back("n" + std::to_string(i));
  const std::string folded =
      findings_to_text({{"shm", Health::kWarning, many, "64 MiB are free", ""}}, 30, Glyphs::kAscii);
  CHECK_MESSAGE(folded.find("(n[1-20])\n") != std::string::npos, folded);
  const std::string json = findings_to_json(findings, {"n1", "n2"});
  for (const char* part :
       {"\"ok\": false", "\"check\": \"shm\"", "\"state\": \"warning\"", "\"do\": \"make it larger\""})
    CHECK_MESSAGE(json.find(part) != std::string::npos, json);
}
