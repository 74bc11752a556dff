#include "launcher/cluster_options.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <iostream>

#include "launcher/commands.h"
#include "launcher/say.h"
#include "launcher/site.h"
#include "runtime/metrics/metrics_address.h"
#include "runtime/objects/spill_folders.h"
#include "runtime/node/memory_watch.h"
#include "runtime/session/session_folder.h"

namespace Atoll {
namespace {

struct Passed {
  const char* names;  // ours
  const char* word;   // salloc's
  const char* help;
};

// Options of salloc, by their own names.
constexpr Passed kPassed[] = {
    {"-p,--partition", "--partition", "partition"},
    {"-t,--time", "--time", "time limit"},
    {"-A,--account", "--account", "account"},
    {"-q,--qos", "--qos", "quality of service"},
    {"-C,--constraint", "--constraint", "features the nodes must have"},
    {"-w,--nodelist", "--nodelist", "these nodes"},
    {"-x,--exclude", "--exclude", "not these nodes"},
    {"-J,--job-name", "--job-name", "name of the job"},
    {"--reservation", "--reservation", "reservation"},
    {"--gpus-per-node", "--gpus-per-node", "GPUs on each node"},
    {"--gres", "--gres", "generic resources on each node"},
    {"--mem", "--mem", "memory on each node"},
};

void add_allocation_options(CLI::App& command, ClusterOptions& options) {
  const std::string group = "A new allocation (outside of a job; as for salloc)";
  auto& words = options.allocation;
  for (const Passed& option : kPassed)
    command
        .add_option_function<std::string>(
            option.names,
            [&words, option](const std::string& value) { words.push_back(std::string(option.word) + "=" + value); },
            option.help)
        ->group(group);
  command
      .add_option_function<std::string>(
          "--cpus-per-node",
          [&words](const std::string& value) {
            words.push_back("--ntasks-per-node=1");
            words.push_back("--cpus-per-task=" + value);
          },
          "CPUs on each node")
      ->group(group);
  command
      .add_flag_callback(
          "--exclusive", [&words] { words.push_back("--exclusive"); }, "whole nodes")
      ->group(group);
  command
      .add_option_function<std::vector<std::string>>(
          "--salloc",
          [&words](const std::vector<std::string>& more) { words.insert(words.end(), more.begin(), more.end()); },
          "any other option of salloc, e.g. --salloc=--switches=1")
      ->group(group)
      ->allow_extra_args(false);
}

}  // namespace

void add_cluster_options(CLI::App& command, ClusterOptions& options, bool& dry_run) {
  command.add_option("-N,--nodes", options.nodes, "number of nodes: of this job, or of a new allocation")
      ->envname("ATOLL_RUN_NODES");
  command.add_option("--name", options.name, "name of the cluster (default: four random letters)")
      ->envname("ATOLL_RUN_NAME");
  command.add_option("--head", options.head, "the node for the cluster's head: first (default), last or its name")
      ->envname("ATOLL_RUN_HEAD");
  command
      .add_option("--object-memory", options.object_memory,
                  "memory of each node that is for large objects, not for tasks, e.g. 8G, or 0 (default: three tenths of it)")
      ->envname("ATOLL_RUN_OBJECT_MEMORY")
      ->transform(CLI::AsSizeValue(false));
  command
      .add_option("--spill-folder", options.spill_folder,
                  "folders on each node's disks for objects that its memory has no room for, between commas, or none "
                  "(default: the session folder below TMPDIR, unless that lies in memory)")
      ->envname("ATOLL_RUN_SPILL_FOLDER")
      ->check(CLI::Validator(complain_of_spill_folders, "FOLDER,..."));
  command
      .add_option("--spill-limit", options.spill_limit,
                  "bytes that a node may spill to disk, e.g. 200G (default: until 95 % of the file system are in use)")
      ->envname("ATOLL_RUN_SPILL_LIMIT")
      ->transform(CLI::AsSizeValue(false));
  command
      .add_option("--memory-watch", options.memory_watch,
                  "share of a node's memory beyond which a worker of it is ended, e.g. 0.9, or off (default: 0.95)")
      ->envname("ATOLL_RUN_MEMORY_WATCH")
      ->check([](const std::string& text) {
        const Result<double> share = parse_memory_watch(text);
        return share.ok() ? std::string() : share.status().message();
      });
  command
      .add_option("--timeline-rate", options.timeline_rate,
                  "tasks a second that each process records for atoll timeline of those it submits; 0: none (default: 1000)")
      ->envname("ATOLL_RUN_TIMELINE_RATE")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1'000'000}));
  command
      .add_option("--log-level", options.log_level, "what head and daemons log: trace, debug, info, warn, error or off")
      ->envname("ATOLL_RUN_LOG_LEVEL")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}));
  const auto check_rate = [](const std::string& text) {
    const bool is_number = !text.empty() && text.size() < 10 && text.find_first_not_of("0123456789") == std::string::npos;
    return is_number || text == "auto" || text == "off" ? "" : "\"" + text + "\" is not a number of lines, auto or off";
  };
  command
      .add_option("--log-dedup", options.log_dedup,
                  "show lines that several workers print within 5 s once, and how often: on, off or auto, which is on where "
                  "a terminal shows them (default: auto)")
      ->envname("ATOLL_RUN_LOG_DEDUP")
      ->check(CLI::IsMember({"auto", "on", "off"}));
  command
      .add_option("--log-rate", options.log_rate,
                  "lines of one worker that are shown in a second, or off; auto is 1000 where a terminal shows them (default: auto)")
      ->envname("ATOLL_RUN_LOG_RATE")
      ->check(check_rate);
  command
      .add_option("--log-bytes", options.log_bytes,
                  "bytes of each process's output that its node keeps in files for atoll logs, 16 times as much of all "
                  "together, e.g. 64M, or 0 (default: 16M)")
      ->envname("ATOLL_RUN_LOG_BYTES")
      ->transform(CLI::AsSizeValue(false));
  command
      .add_option("--keep-logs", options.keep_logs,
                  "a folder that all nodes see, for these files, which stay there after the end; %j is the job's id "
                  "(default: the session folder, which goes)")
      ->envname("ATOLL_RUN_KEEP_LOGS");
  command
      .add_option("--metrics", options.metrics,
                  "serve metrics for Prometheus from each node: 127.0.0.1:PORT, where PORT 0 is any, or unix; atoll-metrics(7)")
      ->envname("ATOLL_RUN_METRICS")
      ->check([](const std::string& text) {
        const Result<MetricsAddress> address = parse_metrics_address(text);
        return address.ok() ? std::string() : address.status().message();
      });
  command
      .add_option("--resources", options.resources,
                  "custom resources of each node for tasks and actors to ask for, e.g. license=4,scratch=0.5")
      ->envname("ATOLL_RESOURCES");
  command.add_flag("--local", options.local, "this host alone, without Slurm");
  command
      .add_option("--start-timeout", options.start_timeout,
                  "seconds until a cluster that is not up is given up (default: 10, and 1 for each 100 nodes)")
      ->envname("ATOLL_START_TIMEOUT")
      ->check(CLI::PositiveNumber);
  command
      .add_option("--node-timeout", options.node_timeout,
                  "seconds of silence after which a node counts as dead (default: 2.5)")
      ->envname("ATOLL_NODE_TIMEOUT")
      ->check(CLI::Range(1.0, 3600.0));
  command.add_flag("--dry-run", dry_run, "print the command that would start the daemons, and run nothing");
  auto* quiet = command.add_flag("--quiet", options.quiet, "say only warnings and errors");
  command.add_flag("-v,--verbose", options.verbose, "say what is being done")->excludes(quiet);
  add_allocation_options(command, options);
}

void add_summary_option(CLI::App& command, ClusterOptions& options) {
  command
      .add_option("--summary", options.summary,
                  "what the cluster did, in two lines on stderr at the end: on, off or auto, which is after 10 s (default: auto)")
      ->envname("ATOLL_RUN_SUMMARY")
      ->check(CLI::IsMember({"auto", "on", "off"}));
}

Result<LaunchPlan> plan_cluster(ClusterOptions& options) {
  if (options.name.empty()) options.name = random_session_name();
  ATOLL_RETURN_IF_ERROR(check_session_name(options.name));
  const Environment environment = current_environment();
  return make_plan(options, environment, explore_site(options, environment));
}

std::optional<LaunchPlan> plan_or_complain(ClusterOptions& options, bool dry_run, int& exit_code) {
  Result<LaunchPlan> plan = plan_cluster(options);
  if (plan.ok() && !dry_run) return std::move(*plan);
  if (plan.ok()) {
    for (const std::string& warning : plan->warnings) say_warning(warning);
    std::cout << plan_to_shell(*plan) << std::flush;
    exit_code = kExitOk;
    return std::nullopt;
  }
  say_error(plan.status().message());
  exit_code = plan.status().code() == Code::kInvalidArgument ? kExitUsage : kExitFailure;
  return std::nullopt;
}

int become_salloc(const LaunchPlan& plan) {
  std::vector<std::string> words = plan.argv;
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  ::execv(pointers[0], pointers.data());
  say_error(errno_status("cannot run " + words[0], errno).message());
  return kExitFailure;
}

}  // namespace Atoll
