#include "launcher/doctor_checks.h"

#include <algorithm>
#include <functional>
#include <map>

#include "launcher/status_text.h"
#include "runtime/base/words.h"

namespace Atoll {
namespace {

constexpr double kClockSkew = 5;  // seconds; munge refuses credentials at 300
constexpr std::int64_t kShmBytes = std::int64_t{1} << 30;
constexpr std::int64_t kOpenFiles = 4096;
constexpr std::int64_t kUnlimited = -2;

struct Verdict {
  Health health = Health::kOk;
  std::string says = {}, advice = {};
};
using Verdicts = std::vector<Verdict>;

Verdict ok(const std::string& says) { return {Health::kOk, says}; }

Verdict check_atoll(const NodeFacts& facts) {
  if (!facts.has_daemon)
    return {Health::kFailed, "atoll " + facts.atoll_version + " has no atolld beside it", "install both together"};
  return ok("atoll " + facts.atoll_version + ", build " + facts.atoll_build.substr(0, 8));
}

Verdict check_slurm(const NodeFacts& facts) {
  if (facts.slurm_commands.empty())
    return {Health::kSkipped, "there is no Slurm here, or none that is configured", "atoll run --local works without"};
  if (facts.slurmctld.empty())
    return {Health::kFailed, "Slurm " + facts.slurm_commands + " has no answer from slurmctld", "see scontrol ping"};
  const std::string controller = major_minor(facts.slurmctld);
  for (const auto& [who, version] :
       {std::pair("the commands", facts.slurm_commands), std::pair("slurmd", facts.slurmd)})
    if (!version.empty() && major_minor(version) != controller)
      return {Health::kWarning, std::string(who) + " are of Slurm " + version + ", slurmctld is of " + facts.slurmctld,
              "Slurm allows it during an upgrade; the plugin must fit each of them"};
  return ok("Slurm " + facts.slurmctld);
}

std::string place_of(const PlugstackLine& line) { return line.file + ":" + std::to_string(line.line); }

std::string how_to_load() { return "add the line of share/atoll/plugstack.conf.d/atoll.conf; see atoll-admin(7)"; }

// The lines that load the plugin.
Verdicts check_plugstack(const NodeFacts& facts, const Expectations& expected) {
  const Plugstack& stack = facts.plugstack;
  const Health missing = expected.plugin ? Health::kFailed : Health::kSkipped;
  if (facts.slurm_commands.empty()) return {};
  if (stack.ours.empty() && !stack.found)
    return {{missing, "the plugin is not installed: there is no " + stack.path, how_to_load()}};
  if (stack.ours.empty())
    return {{missing, "the plugin is not installed: " + stack.path + " does not load it", how_to_load()}};
  Verdicts verdicts;
  for (const std::string& file : stack.odd_files)
    verdicts.push_back({Health::kWarning, "an include of " + stack.path + " catches " + file,
                        "include *.conf only: what an editor or a package manager leaves there can stop every job"});
  for (const std::string& line : stack.bad_lines)
    verdicts.push_back({Health::kWarning, line + " is no line for Slurm",
                        "correct it, or take it out: Slurm ignores it, and says so in each command and step"});
  if (stack.ours.size() > 1) {
    std::string places;
    for (const PlugstackLine& line : stack.ours) places += (places.empty() ? "" : " and ") + place_of(line);
    verdicts.push_back({Health::kFailed,
                        "the plugin is loaded " + std::to_string(stack.ours.size()) + " times, by " + places,
                        "leave one line: the others cost each job a warning"});
  }
  const PlugstackLine& line = stack.ours.front();
  if (line.kind == "required")
    verdicts.push_back(
        {Health::kWarning, place_of(line) + " says required", "say optional: jobs then run without it too"});
  if (!line.path.starts_with("/"))
    verdicts.push_back({Health::kWarning, place_of(line) + " names " + line.path + " without its folder",
                        "give the full path: programs look for it in different folders"});
  if (verdicts.empty()) verdicts.push_back(ok(place_of(line) + " loads " + line.path + " once"));
  return verdicts;
}

Verdict judge_plugin(const NodeFacts& facts, const NodeFacts::Plugin& plugin) {
  if (!plugin.why.empty())
    return {Health::kFailed, "the plugin cannot be read: " + plugin.why,
            "install it on every node, or take its line out"};
  if (plugin.file.name != "atoll")
    return {Health::kFailed, plugin.path + " calls itself " + plugin.file.name, "install Atoll's own"};
  const std::string wanted = major_minor(facts.slurmd.empty() ? facts.slurm_commands : facts.slurmd);
  if (major_minor(plugin.file.slurm_version) != wanted)
    return {Health::kFailed,
            plugin.path + " is built for Slurm " + major_minor(plugin.file.slurm_version) + ", but Slurm " + wanted +
                " runs here, which refuses it: \"Incompatible Slurm plugin version\"",
            "install Atoll's plugin for Slurm " + wanted + ", or build it with that Slurm's headers"};
  if (!plugin.file.safe)
    return {Health::kFailed, plugin.path + " can be written by others than root, and runs as root",
            "chown root and chmod 755"};
  return ok(plugin.path + " is built for Slurm " + slurm_version_text(plugin.file.slurm_version) + ", build " +
            plugin.file.build.substr(0, 8));
}

Verdicts check_plugin(const NodeFacts& facts, const Expectations&) {
  Verdicts verdicts;
  for (const NodeFacts::Plugin& plugin : facts.plugins) verdicts.push_back(judge_plugin(facts, plugin));
  return verdicts;
}

bool is_setting(const std::string& word) {
  for (const char* key : {"atoll=", "enabled=", "sbatch=", "max_nodes=", "bind_timeout=", "stop_timeout="})
    if (word.starts_with(key)) return true;
  return false;
}

Verdicts check_settings(const NodeFacts& facts, const Expectations&) {
  Verdicts verdicts;
  for (const PlugstackLine& line : facts.plugstack.ours)
    for (const std::string& word : line.arguments)
      if (!is_setting(word))
        verdicts.push_back({Health::kWarning, place_of(line) + " has the setting " + word + ", which there is not",
                            "see spank_atoll(8), SETTINGS"});
  for (const std::string& program : facts.missing_programs)
    verdicts.push_back({Health::kFailed, program + ", which the plugin starts, cannot be executed",
                        "install atoll there on every node, or correct atoll= in plugstack.conf"});
  for (const std::string& program : facts.other_programs)
    verdicts.push_back({Health::kWarning, program + ", which the plugin starts, is another build than this atoll",
                        "install both together, or correct atoll= in plugstack.conf"});
  if (verdicts.empty() && !facts.plugstack.ours.empty())
    verdicts.push_back(ok("the plugin's settings are known, and its atoll is there"));
  return verdicts;
}

Verdicts check_options(const NodeFacts& facts, const Expectations&) {
  if (facts.plugstack.ours.empty()) return {};
  if (facts.srun_has_options) return {ok("srun has the option --atoll")};
  const auto& arguments = facts.plugstack.ours.front().arguments;
  if (std::find(arguments.begin(), arguments.end(), "enabled=no") != arguments.end())
    return {
        {Health::kWarning, "the plugin is switched off: enabled=no", "take it out of plugstack.conf to switch it on"}};
  return {
      {Health::kFailed, "srun --help does not know --atoll, although plugstack.conf names the plugin",
       "see what srun --verbose says of plugins; in a configless cluster included files are not sent before 23.11"}};
}

Verdict check_pmix(const NodeFacts& facts) {
  if (facts.slurm_commands.empty()) return {Health::kSkipped, "no PMIx without Slurm"};
  if (std::find(facts.mpi.begin(), facts.mpi.end(), "pmix") == facts.mpi.end())
    return {Health::kWarning, "srun --mpi=list does not have pmix",
            "Atoll works without, over srun's own streams; MPI programs want Slurm's pmix plugin"};
  if (!facts.has_pmix_library)
    return {Health::kFailed, "Slurm has its pmix plugin, but libpmix.so.2 cannot be loaded", "install libpmix2"};
  return ok("Slurm has its pmix plugin, and libpmix.so.2 loads");
}

Verdict check_munge(const NodeFacts& facts) {
  if (facts.munge.empty()) return ok("munge seals and opens a credential");
  return {facts.slurm_commands.empty() ? Health::kSkipped : Health::kWarning, facts.munge,
          "without munge a cluster's secret travels in the step's environment"};
}

Verdicts check_hwloc(const NodeFacts& facts, const Expectations&) {
  if (!facts.machine_why.empty())
    return {{Health::kFailed, "the machine cannot be read: " + facts.machine_why, "see atoll topo"}};
  Verdicts verdicts;
  for (const std::string& warning : facts.machine_warnings)
    verdicts.push_back({Health::kWarning, warning, "see atoll topo"});
  verdicts.push_back(ok("hwloc sees " + std::to_string(facts.cpus) + " CPUs on " + std::to_string(facts.numa_nodes) +
                        (facts.numa_nodes == 1 ? " NUMA node" : " NUMA nodes") +
                        (facts.machine_is_a_file ? " of the machine that ATOLL_TOPOLOGY describes" : "")));
  return verdicts;
}

Verdict check_network(const NodeFacts& facts) {
  if (facts.ports.empty()) return ok("no InfiniBand or RoCE port; UCX uses TCP and shared memory");
  std::size_t active = 0;
  for (const std::string& port : facts.ports) active += port.find(" ACTIVE") != std::string::npos;
  const std::string count =
      std::to_string(active) + " of " + std::to_string(facts.ports.size()) + " InfiniBand or RoCE ports";
  if (active == 0) return {Health::kWarning, count + " are active", "see ibstat; UCX then uses TCP"};
  if (facts.memlock != kUnlimited)
    return {Health::kWarning, count + " are active, but locked memory is limited",
            "LimitMEMLOCK=infinity for slurmd: registering memory needs it"};
  return ok(count + " are active");
}

Verdict check_nvml(const NodeFacts& facts) {
  if (facts.nvml.empty()) return ok("NVML loads");
  if (!facts.has_nvidia_device) return {Health::kSkipped, "no NVIDIA driver here"};
  return {Health::kFailed, "an NVIDIA driver is loaded, but not its library: " + facts.nvml,
          "install libnvidia-ml.so.1 of the driver; links between GPUs are read through it"};
}

Verdict check_gpus(const NodeFacts& facts) {
  if (facts.slurm_gpus < 0 || facts.gpus < 0) return {Health::kSkipped, "Slurm does not say which GPUs this node has"};
  const std::string counts = "Slurm's Gres has " + std::to_string(facts.slurm_gpus) + " GPUs for this node, " +
                             (facts.machine_is_a_file ? "ATOLL_TOPOLOGY describes " : "the node shows ") +
                             std::to_string(facts.gpus);
  if (facts.slurm_gpus == facts.gpus) return ok(counts);
  if (facts.in_job && facts.gpus < facts.slurm_gpus && !facts.machine_is_a_file)
    return {Health::kSkipped, counts + " to a step without them"};
  return {Health::kWarning, counts, "correct Gres= in slurm.conf and gres.conf"};
}

Verdict check_shm(const NodeFacts& facts) {
  if (facts.shm_bytes < 0)
    return {Health::kFailed, "/dev/shm cannot be used", "mount a tmpfs there; UCX and NCCL need it"};
  if (facts.shm_bytes < kShmBytes)
    return {Health::kWarning, format_bytes(static_cast<std::uint64_t>(facts.shm_bytes)) + " are free in /dev/shm",
            "UCX and NCCL want 1 GiB and more"};
  return ok("/dev/shm has 1 GiB free, or more");
}

Verdict check_tmp(const NodeFacts& facts) {
  if (facts.tmp_bytes < 0)
    return {Health::kFailed, "/tmp cannot be written", "sessions of clusters lie there, or in TMPDIR"};
  return ok("/tmp can be written");
}

Verdict check_limits(const NodeFacts& facts) {
  if (facts.open_files >= 0 && facts.open_files < kOpenFiles)
    return {Health::kWarning, "a process may have " + std::to_string(facts.open_files) + " open files",
            "LimitNOFILE for slurmd: a head holds a connection for each node and driver"};
  return ok(facts.open_files == kUnlimited ? "open files are not limited"
                                           : "a process may have " + std::to_string(facts.open_files) + " open files");
}

struct Check {
  const char* name;
  std::function<Verdicts(const NodeFacts&, const Expectations&)> verdicts;
};

Check single(const char* name, Verdict (*check)(const NodeFacts&)) {
  return {name, [check](const NodeFacts& facts, const Expectations&) { return Verdicts{check(facts)}; }};
}

std::vector<Check> all_checks() {
  return {single("atoll", check_atoll),     single("slurm", check_slurm), {"plugstack", check_plugstack},
          {"plugin", check_plugin},         {"settings", check_settings}, {"options", check_options},
          single("pmix", check_pmix),       single("munge", check_munge), {"hwloc", check_hwloc},
          single("network", check_network), single("nvml", check_nvml),   single("gpus", check_gpus),
          single("shm", check_shm),         single("tmp", check_tmp),     single("limits", check_limits)};
}

// The same words of several nodes are one finding.
void add(std::vector<Finding>& findings, const char* check, const Verdict& verdict, const std::string& node) {
  for (Finding& finding : findings)
    if (finding.check == check && finding.health == verdict.health && finding.says == verdict.says &&
        finding.advice == verdict.advice)
      return finding.nodes.push_back(node);
  findings.push_back({check, verdict.health, {node}, verdict.says, verdict.advice});
}

// Nodes by what they have; those that have "" are left out.
using Groups = std::map<std::string, std::vector<std::string>>;

void compare(std::vector<Finding>& findings, const std::vector<NodeFacts>& nodes, const std::string& what,
             const std::function<std::string(const NodeFacts&)>& value, const std::string& advice) {
  Groups groups;
  for (const NodeFacts& facts : nodes)
    if (const std::string has = value(facts); !has.empty()) groups[has].push_back(facts.node);
  if (groups.size() < 2) return;
  const auto most = std::max_element(groups.begin(), groups.end(),
                                     [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
  for (const auto& [has, group] : groups)
    if (has != most->first)
      findings.push_back({"same", Health::kFailed, group,
                          what + " is " + has.substr(0, 16) + " here and " + most->first.substr(0, 16) + " on " +
                              std::to_string(most->second.size()) + " other nodes",
                          advice});
}

// How far a node's clock is ahead of that of who asked: it looked at some moment between the question and the answer,
// so nodes that were asked one after another do not seem to differ.
struct ClockOffset {
  double seconds = 0, error = 0;
};

ClockOffset offset_of(const NodeFacts& facts) {
  return {facts.time - (facts.asked + facts.heard) / 2, (facts.heard - facts.asked) / 2};
}

void compare_clocks(std::vector<Finding>& findings, const std::vector<NodeFacts>& nodes) {
  std::vector<ClockOffset> offsets;
  for (const NodeFacts& facts : nodes) offsets.push_back(offset_of(facts));
  const auto middle = offsets.begin() + static_cast<long>(offsets.size() / 2);
  std::nth_element(offsets.begin(), middle, offsets.end(),
                   [](const ClockOffset& a, const ClockOffset& b) { return a.seconds < b.seconds; });
  const ClockOffset usual = *middle;
  for (const NodeFacts& facts : nodes) {
    const ClockOffset offset = offset_of(facts);
    const double off = std::abs(offset.seconds - usual.seconds);
    if (off - offset.error - usual.error > kClockSkew)
      findings.push_back({"clock",
                          Health::kWarning,
                          {facts.node},
                          "the clock is " + std::to_string(static_cast<int>(off)) + " s off the others'",
                          "see chronyc tracking; munge refuses credentials at 300 s"});
  }
}

}  // namespace

const char* to_string(Health health) {
  switch (health) {
    case Health::kOk:
      return "ok";
    case Health::kSkipped:
      return "skipped";
    case Health::kWarning:
      return "warning";
    case Health::kFailed:
      return "failed";
  }
  return "?";
}

std::vector<Finding> judge(const std::vector<NodeFacts>& nodes, const Expectations& expected) {
  std::vector<Finding> findings;
  for (const Check& check : all_checks())
    for (const NodeFacts& facts : nodes)
      for (const Verdict& verdict : check.verdicts(facts, expected)) add(findings, check.name, verdict, facts.node);
  if (nodes.size() < 2) return findings;
  compare(
      findings, nodes, "atoll's build", [](const NodeFacts& facts) { return facts.atoll_build; },
      "install the same atoll on every node");
  compare(
      findings, nodes, "the plugin's build",
      [](const NodeFacts& facts) { return facts.plugins.empty() ? "" : facts.plugins.front().file.build; },
      "install the same plugin on every node");
  compare_clocks(findings, nodes);
  return findings;
}

bool all_well(const std::vector<Finding>& findings) {
  return std::none_of(findings.begin(), findings.end(), [](const Finding& f) { return f.health == Health::kFailed; });
}

}  // namespace Atoll
