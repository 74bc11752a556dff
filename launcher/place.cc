// atoll place: plans groups and tasks on a cluster that a file describes.

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include "launcher/commands.h"
#include "launcher/place_plan.h"
#include "launcher/say.h"
#include "launcher/subcommand.h"
#include "topology/source.h"

namespace Atoll {
namespace {

constexpr std::size_t kMaxFile = 64 << 20;

struct PlaceCommand {
  std::string cluster, request;
  bool json = false, stats = false;
};

Result<std::string> read_file(const std::string& path) {
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file || std::filesystem::is_directory(path))
      return Status(Code::kNotFound, path + ": cannot be read");
  }
  std::istream& in = path == "-" ? std::cin : file;
  std::string text;
  for (std::istreambuf_iterator<char> c(in), end; c != end && text.size() <= kMaxFile; ++c) text.push_back(*c);
  if (text.size() > kMaxFile) return Status(Code::kInvalidArgument, path + ": larger than 64 MiB");
  return text;
}

// A topology file's path begins where the cluster file is.
LoadMachine loader_beside(const std::string& cluster) {
  return [folder = std::filesystem::path(cluster).parent_path()](const std::string& path) -> Result<Machine> {
    return load_source((folder / path).string());
  };
}

Result<PlacePlan> plan(const PlaceCommand& command) {
  const auto cluster = read_file(command.cluster);
  if (!cluster.ok()) return cluster.status();
  const auto nodes = read_cluster(*cluster, loader_beside(command.cluster));
  if (!nodes.ok()) return nodes.status().prefixed(command.cluster);
  const auto text = read_file(command.request);
  if (!text.ok()) return text.status();
  const auto request = read_request(*text);
  if (!request.ok()) return request.status().prefixed(command.request);
  const auto planned = plan_placement(*nodes, *request, [] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  });
  return planned.ok() ? planned : planned.status().prefixed(command.cluster);
}

int execute(const PlaceCommand& command) {
  const Result<PlacePlan> planned = plan(command);
  if (!planned.ok()) {
    say_error(planned.status().message());
    return kExitFailure;
  }
  std::cout << (command.json ? plan_to_json(*planned, command.stats) : plan_to_text(*planned)) << std::flush;
  if (command.stats && !command.json) std::cerr << plan_stats(*planned) << std::flush;
  if (std::cout) return kExitOk;
  say_error("the plan could not be written");
  return kExitFailure;
}

}  // namespace

void add_place(CLI::App& app, CommandLine& line) {
  auto command = std::make_shared<PlaceCommand>();
  Subcommand place(app, "place", "Plan groups and tasks on a cluster that a file describes, without Slurm");
  place.add("--cluster", command->cluster, "JSON file of the nodes; see atoll-place(1)").required();
  place.add("--request", command->request, "JSON file of the groups and tasks, - for standard input").required();
  place.add("--json", command->json, "print JSON; see atoll-place(1)");
  place.add("--stats", command->stats, "print how long each group took to decide");
  place.run([command, &line] { line.exit_code = execute(*command); });
}

}  // namespace Atoll
