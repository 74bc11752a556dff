#include "runtime/client/command_port.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>
#include <system_error>
#include <vector>

#include "runtime/base/read_file.h"

namespace Atoll {
namespace {

constexpr const char* kListening = "0A";  // TCP_LISTEN

struct Process {
  pid_t id = 0;
  pid_t parent = 0;
  pid_t group = 0;
};

std::vector<std::filesystem::path> entries_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> entries;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    entries.push_back(entry->path());
  return entries;
}

// /proc/PID/stat: after the name in parentheses, which may hold anything, state, parent and group.
std::vector<Process> processes() {
  std::vector<Process> all;
  for (const std::filesystem::path& folder : entries_of("/proc")) {
    const int id = std::atoi(folder.filename().c_str());
    if (id <= 0) continue;
    const std::string stat = read_file(folder / "stat").value_or("");
    const std::size_t name_end = stat.rfind(')');
    Process process{id, 0, 0};
    if (name_end != std::string::npos &&
        std::sscanf(stat.c_str() + name_end + 1, " %*c %d %d", &process.parent, &process.group) == 2)
      all.push_back(process);
  }
  return all;
}

std::set<pid_t> family_in(const std::vector<Process>& all, pid_t process) {
  std::set<pid_t> family = {process};
  for (std::size_t before = 0; before != family.size();) {
    before = family.size();
    for (const Process& each : all)
      if (family.contains(each.parent)) family.insert(each.id);
  }
  return family;
}

bool has_socket(pid_t process, const std::set<std::uint64_t>& inodes) {
  for (const std::filesystem::path& fd : entries_of("/proc/" + std::to_string(process) + "/fd")) {
    std::error_code error;
    const std::string target = std::filesystem::read_symlink(fd, error).string();
    std::uint64_t inode = 0;
    if (!error && std::sscanf(target.c_str(), "socket:[%lu]", &inode) == 1 && inodes.contains(inode)) return true;
  }
  return false;
}

}  // namespace

std::set<std::uint64_t> listeners_in(const std::string& table, int port) {
  std::set<std::uint64_t> inodes;
  std::istringstream lines(table);
  std::string line;
  std::getline(lines, line);  // the heading
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string place, local, remote, state, skipped;
    std::uint64_t inode = 0;
    fields >> place >> local >> remote >> state;
    for (int i = 0; i < 5; ++i) fields >> skipped;  // queues, timer, retransmits, user, timeout
    const std::size_t colon = local.rfind(':');
    if (!(fields >> inode) || state != kListening || colon == std::string::npos) continue;
    if (std::strtol(local.c_str() + colon + 1, nullptr, 16) == port) inodes.insert(inode);
  }
  return inodes;
}

std::string why_not_listening(pid_t process, int port) {
  std::set<std::uint64_t> inodes;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"})
    inodes.merge(listeners_in(read_file(table).value_or(""), port));
  const std::string nothing = "nothing of it listens on port " + std::to_string(port);
  if (inodes.empty()) return nothing;
  const std::vector<Process> all = processes();
  std::set<pid_t> own = family_in(all, process);
  for (const Process& each : all)
    if (each.group == ::getpgrp() && each.id != ::getpid()) own.insert(each.id);
  const bool listens = std::ranges::any_of(own, [&](pid_t each) { return has_socket(each, inodes); });
  return listens ? "" : nothing + ", but another process does";
}

std::set<pid_t> family_of(pid_t process) { return family_in(processes(), process); }

}  // namespace Atoll
