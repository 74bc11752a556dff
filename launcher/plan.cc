#include "launcher/plan.h"

#include <algorithm>

#include "launcher/job_gpus.h"
#include "launcher/scrub.h"
#include "runtime/base/nodelist.h"
#include "runtime/base/resources.h"

namespace Atoll {
namespace {

// Seconds that a job lasts at least, for which its end is worth a summary.
constexpr int kSummaryFrom = 10;

Status usage(const std::string& words) { return Status(Code::kInvalidArgument, words); }

std::string job_of(const Environment& environment) {
  const std::string& job = lookup(environment, "SLURM_JOB_ID");
  return job.empty() ? lookup(environment, "SLURM_JOBID") : job;
}

bool asks_for_nodes(const ClusterOptions& options) { return !options.nodes.empty() || !options.allocation.empty(); }

Status check_daemon(const Site& site) {
  if (!site.daemon.empty()) return Status();
  return Status(Code::kUnavailable, "atolld, the node daemon, is not beside " + site.atoll +
                                        "; install both, or set ATOLL_DAEMON to its path");
}

// What every daemon is told; DESIGN §3.
Environment daemon_environment(const LaunchPlan& plan) {
  return {{"ATOLL_NODES", std::to_string(plan.nodes.size())},
          {"ATOLL_WIREUP", plan.wire_up_over_stdio ? "stdio" : "pmix"},
          {"ATOLL_CLUSTER", plan.name},
          {"ATOLL_SESSION_NAME", plan.job + "-" + plan.name}};
}

// What the job may use, under names of our own: srun must not see it, and the step's tasks are not told.
void pass_on_memory(LaunchPlan& plan, const Environment& environment) {
  for (const char* what : {"MEM_PER_NODE", "MEM_PER_CPU", "MEM_PER_GPU"})
    if (const std::string& value = lookup(environment, std::string("SLURM_") + what); !value.empty())
      plan.set[std::string("ATOLL_") + what] = value;
}

// A full path, with the job's id for %j.
std::string kept_logs_folder(std::string folder, const std::string& job, const Environment& environment) {
  for (std::size_t place; (place = folder.find("%j")) != std::string::npos;) folder.replace(place, 2, job);
  if (folder.starts_with('/')) return folder;
  const std::string& here = lookup(environment, "PWD");
  return (here.empty() ? "." : here) + "/" + folder;
}

void finish_environment(LaunchPlan& plan, const ClusterOptions& options, const Environment& environment) {
  plan.set = daemon_environment(plan);
  if (!options.resources.empty()) plan.set["ATOLL_RESOURCES"] = options.resources;
  if (options.object_memory) plan.set["ATOLL_OBJECT_MEMORY"] = std::to_string(*options.object_memory);
  if (!options.spill_folder.empty()) plan.set["ATOLL_SPILL_FOLDER"] = options.spill_folder;
  if (options.spill_limit) plan.set["ATOLL_SPILL_LIMIT"] = std::to_string(*options.spill_limit);
  if (!options.memory_watch.empty()) plan.set["ATOLL_MEMORY_WATCH"] = options.memory_watch;
  if (options.timeline_rate) plan.set["ATOLL_TIMELINE_RATE"] = std::to_string(*options.timeline_rate);
  if (!options.log_level.empty()) plan.set["ATOLL_LOG_LEVEL"] = options.log_level;
  if (options.log_bytes) plan.set["ATOLL_LOG_BYTES"] = std::to_string(*options.log_bytes);
  if (!options.keep_logs.empty()) plan.set["ATOLL_KEEP_LOGS"] = kept_logs_folder(options.keep_logs, plan.job, environment);
  if (options.command == "run" && options.summary != "off" && !options.quiet)
    plan.set["ATOLL_SUMMARY"] = std::to_string(options.summary == "on" ? 0 : kSummaryFrom);
  if (!options.metrics.empty()) plan.set["ATOLL_METRICS"] = options.metrics;
  if (options.node_timeout > 0) plan.set["ATOLL_NODE_TIMEOUT"] = std::to_string(options.node_timeout);
  if (plan.head_task > 0) plan.set["ATOLL_HEAD_TASK"] = std::to_string(plan.head_task);
  pass_on_memory(plan, environment);
  for (const std::string& name : names_to_unset(environment, plan.kind == LaunchPlan::Kind::kLocal))
    if (!plan.set.contains(name)) plan.unset.push_back(name);
}

Result<LaunchPlan> plan_local(const ClusterOptions& options, const Environment& environment, const Site& site) {
  if (asks_for_nodes(options) || !options.head.empty())
    return usage("--local is this host alone, without Slurm; leave out the options that choose nodes");
  ATOLL_RETURN_IF_ERROR(check_daemon(site));
  LaunchPlan plan;
  plan.kind = LaunchPlan::Kind::kLocal;
  plan.argv = {site.daemon};
  plan.nodes = {"localhost"};
  plan.job = job_of(environment).empty() ? "local" : job_of(environment);
  plan.name = options.name;
  plan.wire_up_over_stdio = true;
  finish_environment(plan, options, environment);
  return plan;
}

// The words with which we start ourselves again inside the new allocation.
std::vector<std::string> inner_command(const ClusterOptions& options, const Site& site) {
  std::vector<std::string> words = {site.atoll, options.command, "--name", options.name};
  if (options.quiet) words.push_back("--quiet");
  if (options.verbose) words.push_back("--verbose");
  if (options.foreground) words.push_back("--foreground");
  if (options.start_timeout > 0) words.push_back("--start-timeout=" + std::to_string(options.start_timeout));
  if (options.node_timeout > 0) words.push_back("--node-timeout=" + std::to_string(options.node_timeout));
  if (!options.resources.empty()) words.push_back("--resources=" + options.resources);
  if (!options.head.empty()) words.push_back("--head=" + options.head);
  if (options.object_memory) words.push_back("--object-memory=" + std::to_string(*options.object_memory));
  if (!options.spill_folder.empty()) words.push_back("--spill-folder=" + options.spill_folder);
  if (options.spill_limit) words.push_back("--spill-limit=" + std::to_string(*options.spill_limit));
  if (!options.memory_watch.empty()) words.push_back("--memory-watch=" + options.memory_watch);
  if (!options.timeline.empty()) words.push_back("--timeline=" + options.timeline);
  if (options.timeline_rate) words.push_back("--timeline-rate=" + std::to_string(*options.timeline_rate));
  if (!options.log_level.empty()) words.push_back("--log-level=" + options.log_level);
  if (!options.log_dedup.empty()) words.push_back("--log-dedup=" + options.log_dedup);
  if (!options.log_rate.empty()) words.push_back("--log-rate=" + options.log_rate);
  if (options.log_bytes) words.push_back("--log-bytes=" + std::to_string(*options.log_bytes));
  if (!options.keep_logs.empty()) words.push_back("--keep-logs=" + options.keep_logs);
  if (!options.summary.empty()) words.push_back("--summary=" + options.summary);
  if (!options.metrics.empty()) words.push_back("--metrics=" + options.metrics);
  if (!options.program.empty()) words.push_back("--");
  words.insert(words.end(), options.program.begin(), options.program.end());
  return words;
}

Result<LaunchPlan> plan_salloc(const ClusterOptions& options, const Site& site) {
  if (options.command != "run" && !options.foreground)
    return usage("atoll " + options.command +
                 " would lose the new allocation when it returns; add --foreground, or use "
                 "atoll run, salloc or sbatch");
  if (site.salloc.empty())
    return Status(Code::kUnavailable,
                  "there is no salloc on this host, so no nodes can be allocated; run this on a "
                  "host with Slurm's commands, or use --local");
  LaunchPlan plan;
  plan.kind = LaunchPlan::Kind::kSalloc;
  plan.name = options.name;
  plan.argv = {site.salloc, "--no-kill"};
  if (options.quiet) plan.argv.push_back("--quiet");
  if (!options.nodes.empty()) plan.argv.push_back("--nodes=" + options.nodes);
  plan.argv.insert(plan.argv.end(), options.allocation.begin(), options.allocation.end());
  for (std::string& word : inner_command(options, site)) plan.argv.push_back(std::move(word));
  return plan;
}

// The nodes of the allocation that the cluster gets: the first n, but the last of them gives way to a head elsewhere.
Result<std::vector<std::string>> choose_nodes(const ClusterOptions& options, const Environment& environment) {
  const std::string& list = lookup(environment, "SLURM_JOB_NODELIST");
  Result<std::vector<std::string>> nodes = expand_nodelist(list.empty() ? lookup(environment, "SLURM_NODELIST") : list);
  if (!nodes.ok()) return nodes.status().prefixed("SLURM_JOB_NODELIST");
  if (nodes->empty())
    return Status(Code::kUnavailable,
                  "SLURM_JOB_ID is set but SLURM_JOB_NODELIST is not, so the nodes of the job are "
                  "unknown; start atoll with the job's own environment");
  if (options.nodes.empty()) return nodes;
  const long wanted = lookup_number({{"n", options.nodes}}, "n");
  if (wanted < 1) return usage("--nodes=" + options.nodes + " inside a job must be a number of its nodes");
  if (static_cast<std::size_t>(wanted) > nodes->size())
    return usage("--nodes=" + options.nodes + " is more than the " + std::to_string(nodes->size()) + " nodes of job " +
                 job_of(environment));
  const auto count = static_cast<std::size_t>(wanted);
  const bool head_is_beyond = std::find(nodes->begin() + wanted, nodes->end(), options.head) != nodes->end();
  nodes->resize(count);
  if (head_is_beyond) nodes->back() = options.head;
  return nodes;
}

// Makes the node of options.head the first by rank.
Status place_head(LaunchPlan& plan, const ClusterOptions& options) {
  if (options.head.empty() || options.head == "first") return Status();
  auto head =
      options.head == "last" ? plan.nodes.end() - 1 : std::find(plan.nodes.begin(), plan.nodes.end(), options.head);
  if (head == plan.nodes.end())
    return usage("--head=" + options.head + " is not a node of job " + plan.job + ", nor first or last");
  plan.head_task = static_cast<int>(head - plan.nodes.begin());
  std::swap(plan.nodes.front(), *head);
  return Status();
}

Status choose_wire_up(LaunchPlan& plan, const Environment& environment, const Site& site) {
  const std::string& forced = lookup(environment, "ATOLL_WIREUP");
  if (!forced.empty() && forced != "pmix" && forced != "stdio")
    return usage("ATOLL_WIREUP=" + forced + " is neither pmix nor stdio");
  const bool offered = std::find(site.mpi.begin(), site.mpi.end(), "pmix") != site.mpi.end();
  plan.wire_up_over_stdio = forced.empty() ? !offered : forced == "stdio";
  if (forced.empty() && !offered)
    plan.notices.push_back(
        "this site's Slurm has no PMIx plugin; the daemons find each other through srun's own channel");
  return Status();
}

Status check_alone(const ClusterOptions& options, const Environment& environment) {
  if (options.lifeline >= 0) return Status();  // the plugin starts one
  if (lookup_number(environment, "SLURM_STEP_NUM_TASKS") <= 1 || lookup(environment, "SLURM_PROCID").empty())
    return Status();
  return usage("srun started atoll " + lookup(environment, "SLURM_STEP_NUM_TASKS") +
               " times, and each would start a cluster; leave out srun, atoll itself reaches all nodes of the job");
}

std::vector<std::string> srun_words(const LaunchPlan& plan, const Site& site, const std::string& gres, bool subset) {
  const std::string count = std::to_string(plan.nodes.size());
  std::vector<std::string> words = {site.srun,
                                    "--overlap",
                                    "--no-kill",
                                    "--kill-on-bad-exit=0",
                                    "--wait=0",
                                    "-N",
                                    count,
                                    "-n",
                                    count,
                                    "--ntasks-per-node=1",
                                    "--cpu-bind=none",
                                    "--gpu-bind=none",
                                    "--mpi=" + std::string(plan.wire_up_over_stdio ? "none" : "pmix"),
                                    "--export=ALL",
                                    "--input=all",
                                    "-J",
                                    plan.step_name};
  if (!gres.empty()) words.push_back("--gres=" + gres);
  if (subset) {
    std::string list;
    for (const std::string& node : plan.nodes) list += (list.empty() ? "" : ",") + node;
    words.push_back("--nodelist=" + list);
  }
  words.push_back(site.daemon);
  return words;
}

Result<LaunchPlan> plan_step(const ClusterOptions& options, const Environment& environment, const Site& site) {
  if (!options.allocation.empty())
    return usage("this is inside job " + job_of(environment) +
                 ", which has its nodes already: " + options.allocation.front() + " cannot be given here");
  ATOLL_RETURN_IF_ERROR(check_alone(options, environment));
  if (site.srun.empty())
    return Status(Code::kUnavailable,
                  "there is no srun on this host although SLURM_JOB_ID is set; add Slurm's commands "
                  "to PATH, or use --local");
  ATOLL_RETURN_IF_ERROR(check_daemon(site));
  Result<std::vector<std::string>> nodes = choose_nodes(options, environment);
  if (!nodes.ok()) return nodes.status();
  LaunchPlan plan;
  plan.nodes = *nodes;
  plan.job = job_of(environment);
  plan.name = options.name;
  plan.step_name = "atoll-" + plan.name;
  ATOLL_RETURN_IF_ERROR(choose_wire_up(plan, environment, site));
  const StepGpus gpus = choose_step_gpus(parse_job_gpus(site.job_text), plan.nodes);
  if (!gpus.warning.empty()) plan.warnings.push_back(gpus.warning);
  plan.argv = srun_words(plan, site, gpus.gres, !options.nodes.empty());
  ATOLL_RETURN_IF_ERROR(place_head(plan, options));
  finish_environment(plan, options, environment);
  return plan;
}

}  // namespace

Result<LaunchPlan> make_plan(const ClusterOptions& options, const Environment& environment, const Site& site) {
  if (const auto custom = parse_custom_resources(options.resources); !custom.ok())
    return custom.status().prefixed("--resources");
  if (options.local) return plan_local(options, environment, site);
  if (!job_of(environment).empty()) return plan_step(options, environment, site);
  if (asks_for_nodes(options)) return plan_salloc(options, site);
  return usage(
      "this is not inside a Slurm job; use sbatch or salloc, or say which nodes to allocate (atoll run -N 2 "
      "--gpus-per-node=8 -- program), or use --local for this host alone");
}

std::string shell_quote(const std::string& word) {
  static constexpr char kPlain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string quoted = "'";
  for (char sign : word) quoted += sign == '\'' ? std::string("'\\''") : std::string(1, sign);
  return quoted + "'";
}

std::string plan_to_shell(const LaunchPlan& plan) {
  std::string text;
  if (!plan.unset.empty()) {
    text += "unset";
    for (const std::string& name : plan.unset) text += " " + name;
    text += "\n";
  }
  if (!plan.set.empty()) {
    text += "export";
    for (const auto& [name, value] : plan.set) text += " " + name + "=" + shell_quote(value);
    text += "\n# ATOLL_SECRET is made anew for each cluster and never shown\n";
  }
  for (std::size_t i = 0; i < plan.argv.size(); ++i) text += (i ? " " : "") + shell_quote(plan.argv[i]);
  return text + "\n";
}

}  // namespace Atoll
