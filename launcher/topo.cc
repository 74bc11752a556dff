// atoll topo: a machine's GPUs, what joins them, and which to use.

#include <fstream>
#include <iostream>
#include <memory>

#include "launcher/commands.h"
#include "launcher/say.h"
#include "launcher/subcommand.h"
#include "launcher/topo_json.h"
#include "launcher/topo_pick.h"
#include "launcher/topo_svg.h"
#include "launcher/topo_text.h"
#include "topology/cpus.h"
#include "topology/live.h"
#include "topology/source.h"

namespace Atoll {
namespace {

struct TopoCommand {
  std::string input, format = "auto", busy, svg;
  int pick = 0;
  bool json = false, picks = false;
};

Result<Machine> machine_of(const TopoCommand& command, SourceFormat format) {
  return command.input.empty() ? machine_of_this_node(current_environment()) : load_source(command.input, format);
}

Status write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text << std::flush;
  return file ? Status() : errno_status("cannot write " + path, errno);
}

int fail(const Status& status, int exit_code) {
  say_error(status.message());
  return exit_code;
}

int show(const TopoCommand& command, SourceFormat format, const CpuList& busy) {
  const Result<Machine> machine = machine_of(command, format);
  if (!machine.ok()) return fail(machine.status(), kExitFailure);
  std::optional<TopoPick> pick;
  if (command.picks) {
    const Result<TopoPick> answer = pick_of_machine(*machine, command.pick, busy);
    if (!answer.ok()) return fail(answer.status(), kExitFailure);
    pick = *answer;
  }
  if (!command.svg.empty())
    if (const Status written = write_file(command.svg, topo_to_svg(*machine, pick)); !written.ok())
      return fail(written, kExitFailure);
  std::cout << (command.json ? topo_to_json(*machine, pick)
                             : topo_to_text(*machine, pick, glyphs_of(current_environment())))
            << std::flush;
  return kExitOk;
}

int execute(const TopoCommand& command) {
  const Result<SourceFormat> format = parse_source_format(command.format);
  if (!format.ok()) return fail(format.status().prefixed("--format"), kExitUsage);
  const Result<CpuList> busy = parse_cpu_list(command.busy);
  if (!busy.ok())
    return fail(Status(busy.status().code(), "--busy takes GPU numbers such as 0,2-3, not \"" + command.busy + "\""),
                kExitUsage);
  if (command.picks && command.pick < 1)
    return fail({Code::kInvalidArgument, "--pick takes a number of at least 1"}, kExitUsage);
  if (!command.busy.empty() && !command.picks) return fail({Code::kInvalidArgument, "--busy needs --pick"}, kExitUsage);
  if (command.format != "auto" && command.input.empty())
    return fail({Code::kInvalidArgument, "--format needs --input"}, kExitUsage);
  return show(command, *format, *busy);
}

}  // namespace

void add_topo(CLI::App& app, CommandLine& line) {
  auto command = std::make_shared<TopoCommand>();
  Subcommand topo(app, "topo", "Show the GPUs of this node or of a file, and what joins them");
  topo.add("--input", command->input,
           "a file that describes a machine, - for standard input (default: this node)");
  topo.add("--format", command->format, "auto, atoll, hwloc, nccl or nvidia-smi (default auto)");
  topo.add("--json", command->json, "print JSON; see atoll-topo(1)");
  const CommandOption pick = topo.add("--pick", command->pick, "which so many GPUs are best used together");
  topo.add("--busy", command->busy, "GPUs that --pick must leave out, such as 0,2-3");
  topo.add("--svg", command->svg, "write a drawing to this file");
  topo.run([command, pick, &line] {
    command->picks = pick.given();
    line.exit_code = execute(*command);
  });
}

}  // namespace Atoll
