#pragma once

// The processes of a cluster, and what memory they take, read from /proc.

#include <dirent.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace Atoll::Compare {

// The value of a line "Name:  N kB" of a file of /proc, in bytes; 0 if there is none.
inline double bytes_in(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(name + ":")) return 1024 * std::atof(line.c_str() + name.size() + 1);
  return 0;
}

inline double resident_bytes(pid_t pid) { return bytes_in("/proc/" + std::to_string(pid) + "/status", "VmRSS"); }
inline double proportional_bytes(pid_t pid) {
  return bytes_in("/proc/" + std::to_string(pid) + "/smaps_rollup", "Pss");
}
inline double private_bytes(pid_t pid) {
  const std::string rollup = "/proc/" + std::to_string(pid) + "/smaps_rollup";
  return bytes_in(rollup, "Private_Clean") + bytes_in(rollup, "Private_Dirty");
}

// All processes, and their parents.
inline std::map<pid_t, pid_t> all_processes() {
  std::map<pid_t, pid_t> parents;
  DIR* folder = opendir("/proc");
  while (const dirent* entry = folder ? readdir(folder) : nullptr) {
    const pid_t pid = std::atoi(entry->d_name);
    std::ifstream file("/proc/" + std::string(entry->d_name) + "/status");
    for (std::string line; pid > 0 && std::getline(file, line);)
      if (line.starts_with("PPid:")) parents[pid] = std::atoi(line.c_str() + 5);
  }
  if (folder) closedir(folder);
  return parents;
}

inline bool runs(pid_t pid, const std::string& word) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/cmdline");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  return text.find(word) != std::string::npos;
}

// Of what `atoll run`, the driver's parent, has started: the node daemon and its head.
struct Daemons {
  pid_t node = 0;
  pid_t head = 0;
};
inline Daemons find_daemons() {
  const std::map<pid_t, pid_t> parents = all_processes();
  Daemons found;
  for (const auto& [pid, parent] : parents)
    if (parent == getppid() && runs(pid, "atolld")) found.node = pid;
  for (const auto& [pid, parent] : parents)
    if (found.node && parent == found.node && runs(pid, "--head")) found.head = pid;
  return found;
}

}  // namespace Atoll::Compare
