// atoll bind: which GPUs, CPUs and NICs each task of a job step has on this node.

#include <ifaddrs.h>
#include <net/if.h>
#include <sched.h>

#include <iostream>
#include <memory>
#include <set>

#include "launcher/bind_text.h"
#include "launcher/commands.h"
#include "launcher/say.h"
#include "launcher/subcommand.h"
#include "topology/active_nics.h"
#include "topology/cores.h"
#include "topology/live.h"
#include "topology/source.h"
#include "topology/step_binding.h"

namespace Atoll {
namespace {

struct BindCommand {
  std::string mode = "pack", ranks, input;
  int tasks = 0;
  bool json = false, for_plugin = false, verbose = false;
};

// What may run here: slurmd has bound the task in which this runs to its own part of the step's CPUs. The kernel keeps
// it inside the cpuset. Where it cannot be done, less is seen.
void look_beyond_own_task(const CpuList& cpus) {
  if (cpus.empty()) return;
  const auto count = static_cast<std::size_t>(cpus.back()) + 1;
  cpu_set_t* set = CPU_ALLOC(count);
  if (set == nullptr) return;
  CPU_ZERO_S(CPU_ALLOC_SIZE(count), set);
  for (const int cpu : cpus) CPU_SET_S(static_cast<std::size_t>(cpu), CPU_ALLOC_SIZE(count), set);
  (void)sched_setaffinity(0, CPU_ALLOC_SIZE(count), set);
  CPU_FREE(set);
}

// The network interfaces of this node that are up and reach beyond it.
std::vector<std::string> network_interfaces() {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return {};
  std::set<std::string> names;
  for (const ifaddrs* entry = all; entry != nullptr; entry = entry->ifa_next)
    if ((entry->ifa_flags & IFF_UP) != 0 && (entry->ifa_flags & IFF_LOOPBACK) == 0) names.insert(entry->ifa_name);
  freeifaddrs(all);
  return {names.begin(), names.end()};
}

// A file's machine is shared out whole, of this node what Slurm granted.
Result<NodeBinding> bind_node(const BindCommand& command, TaskRequest& request, std::string& node) {
  if (!command.input.empty()) {
    const Result<Machine> machine = load_source(command.input);
    if (!machine.ok()) return machine.status();
    node = machine->name.empty() ? command.input : machine->name;
    request.environment.clear();
    return bind_tasks(*machine, whole_machine(*machine), request);
  }
  look_beyond_own_task(read_step_binding(request.environment, request.tasks).cpus);
  Result<Machine> machine = machine_of_this_node(request.environment);
  if (!machine.ok()) return machine.status();
  node = machine->name;
  if (machine->synthetic) {
    request.interfaces = network_interfaces();
  } else {
    request.cores = find_cores(machine->cpus);
    drop_inactive_nics(*machine);
  }
  Result<NodeBinding> binding = bind_tasks(*machine, granted_resources(request.environment, *machine), request);
  if (binding.ok()) binding->notes.insert(binding->notes.end(), machine->warnings.begin(), machine->warnings.end());
  return binding;
}

// What the plugin reads. Where it says "nothing", the sentence why is in `reason`.
std::string answer_of(const BindReport& report, std::string& reason) {
  reason = report.reason;
  if (!report.binding) return nothing_for_plugin();
  const Result<std::string> answer = bind_for_plugin(*report.binding);
  if (answer.ok()) return *answer;
  reason = answer.status().message();
  return nothing_for_plugin();
}

void answer_plugin(const BindCommand& command, const BindReport& report) {
  std::string reason;
  std::cout << answer_of(report, reason);
  if (report.mode == BindMode::kNone) return;
  if (!reason.empty())
    say_warning(reason + "; the step runs without Atoll's binding");
  else if (command.verbose)
    std::cerr << bind_to_text(report) << std::flush;
}

// The command line as a report that binds nothing yet. kInvalidArgument for what makes no sense.
Result<BindReport> read_command(const BindCommand& command) {
  const Result<BindMode> mode = parse_bind_mode(command.mode);
  if (!mode.ok()) return mode.status().prefixed("--mode");
  if (command.tasks < 1 || command.tasks > kMaxBindTasks)
    return Status(Code::kInvalidArgument, "--tasks takes a number from 1 to " + std::to_string(kMaxBindTasks));
  Result<std::vector<int>> ranks = parse_ranks(command.ranks);
  if (!ranks.ok()) return ranks.status().prefixed("--ranks");
  const auto tasks = static_cast<std::size_t>(command.tasks);
  if (!ranks->empty() && ranks->size() != tasks)
    return Status(Code::kInvalidArgument,
                  "--ranks has " + std::to_string(ranks->size()) + " numbers for --tasks " + std::to_string(tasks));
  if (command.for_plugin && command.json)
    return Status(Code::kInvalidArgument, "--for-plugin and --json exclude each other");
  BindReport report{"this node", *mode, std::move(*ranks), std::nullopt, ""};
  if (report.ranks.empty())
    for (int rank = 0; rank < command.tasks; ++rank) report.ranks.push_back(rank);
  return report;
}

// What is unclear is part of the report; other failures are the caller's to tell.
Status fill_in(const BindCommand& command, BindReport& report) {
  if (report.mode == BindMode::kNone) {
    report.reason = "the mode is none";
    return Status();
  }
  TaskRequest request{report.mode, command.tasks, current_environment(), {}, {}};
  Result<NodeBinding> binding = bind_node(command, request, report.node);
  if (binding.ok()) report.binding = std::move(*binding);
  report.reason = binding.status().message();
  return binding.status().code() == Code::kInfeasible ? Status() : binding.status();
}

int execute(const BindCommand& command) {
  Result<BindReport> report = read_command(command);
  if (!report.ok()) {
    say_error(report.status().message());
    return kExitUsage;
  }
  const Status filled = fill_in(command, *report);
  if (!filled.ok() && !command.for_plugin) {
    say_error(filled.message());
    return kExitFailure;
  }
  if (command.for_plugin)
    answer_plugin(command, *report);
  else
    std::cout << (command.json ? bind_to_json(*report) : bind_to_text(*report));
  std::cout << std::flush;
  return std::cout ? kExitOk : kExitFailure;
}

}  // namespace

void add_bind(CLI::App& app, CommandLine& line) {
  auto command = std::make_shared<BindCommand>();
  Subcommand bind(app, "bind", "Show which GPUs, CPUs and NICs srun --atoll-bind gives each task of a node");
  bind.add("--tasks", command->tasks, "how many tasks the node has").required();
  bind.add("--mode", command->mode, "pack, spread, island, numa or none (default pack)");
  bind.add("--ranks", command->ranks, "the tasks' ranks in the step, such as 0,8-11 (default from 0)");
  bind.add("--input", command->input,
           "a file that describes a machine, - for standard input (default: this node)");
  bind.add("--json", command->json, "print JSON; see atoll-bind(1)");
  bind.add("--for-plugin", command->for_plugin, "print what the Slurm plugin reads; see atoll-bind(1)");
  bind.add("--verbose", command->verbose, "with --for-plugin: print the table on stderr");
  bind.run([command, &line] { line.exit_code = execute(*command); });
}

}  // namespace Atoll
