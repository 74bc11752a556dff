#include "runtime/control/slurm_topology.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <sstream>

#include "runtime/base/fd.h"
#include "runtime/base/nodelist.h"

namespace Atoll {
namespace {

constexpr std::size_t kMaxBytes = 16 << 20;

// One line of the answer.
struct Unit {
  std::string name;
  std::vector<std::string> nodes;  // of a switch: all below it
};

Unit read_line(const std::string& line) {
  Unit unit;
  std::istringstream words(line);
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) continue;
    const std::string key = word.substr(0, equals), value = word.substr(equals + 1);
    if (key == "SwitchName" || key == "BlockName") unit.name = value;
    if (key != "Nodes") continue;
    if (Result<std::vector<std::string>> nodes = expand_nodelist(value); nodes.ok()) unit.nodes = std::move(*nodes);
  }
  return unit;
}

// Everything until the end of the stream, or `deadline`.
std::string read_until(int fd, Time deadline) {
  std::string text;
  char bytes[4096];
  while (text.size() < kMaxBytes) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now()).count();
    pollfd ready = {fd, POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(std::max<long>(left, 0))) <= 0) return "";
    const ssize_t size = ::read(fd, bytes, sizeof bytes);
    if (size <= 0) return text;
    text.append(bytes, static_cast<std::size_t>(size));
  }
  return "";
}

}  // namespace

SlurmTopology parse_slurm_topology(std::string_view text) {
  std::vector<Unit> units;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);)
    if (Unit unit = read_line(line); !unit.name.empty() && !unit.nodes.empty()) units.push_back(std::move(unit));
  // Whoever is above has more nodes below it.
  std::ranges::stable_sort(units, [](const Unit& a, const Unit& b) { return a.nodes.size() > b.nodes.size(); });
  SlurmTopology topology;
  for (const Unit& unit : units)
    for (const std::string& node : unit.nodes) topology[node].push_back(unit.name);
  return topology;
}

SlurmTopology ask_slurm_topology(Duration limit) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  const Fd from(ends[0]);
  Fd to(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to.get(), STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::string words[] = {"scontrol", "show", "topology"};
  char* const argv[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
  pid_t pid = 0;
  const int failed = ::posix_spawnp(&pid, argv[0], &actions, nullptr, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return {};
  to.reset();
  const std::string text = read_until(from.get(), now() + limit);
  if (text.empty()) ::kill(pid, SIGKILL);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return parse_slurm_topology(text);
}

}  // namespace Atoll
