#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace Atoll {

// A line of plugstack.conf, or of a file it includes, that loads our plugin.
struct PlugstackLine {
  std::string file;
  int line = 0;
  std::string kind;  // "optional" or "required"
  std::string path;  // of the plugin, as written
  std::vector<std::string> arguments;
  friend bool operator==(const PlugstackLine&, const PlugstackLine&) = default;
};

// What Slurm would load of ours.
struct Plugstack {
  std::string path;    // of the first file
  bool found = false;  // it could be read
  std::vector<PlugstackLine> ours;
  std::vector<std::string> odd_files;  // that an include with a wildcard catches, and that are no *.conf
  std::vector<std::string> bad_lines;  // "FILE:LINE", which Slurm does not understand either
  friend bool operator==(const Plugstack&, const Plugstack&) = default;
};

// How files are had: their text, nullopt when they cannot be read; the files that a pattern matches.
struct PlugstackSource {
  std::function<std::optional<std::string>(const std::string& path)> read;
  std::function<std::vector<std::string>(const std::string& pattern)> glob;
  // Whether the plugin at this path is ours; besides those that are called spank_atoll*.
  std::function<bool(const std::string& path)> is_ours = {};
};

// Reads it as Slurm does: "required|optional PLUGIN [ARGUMENT...]", "include PATTERN" (of a relative one, in the folder
// of the file that says it), "#" begins a comment. (Source: spank(8), CONFIGURATION.)
Plugstack read_plugstack(const std::string& path, const PlugstackSource& source);

// The files of this host, where Slurm looks for plugins in `plugin_folders`, its PluginDir.
PlugstackSource plugstack_of_this_host(const std::string& plugin_folders);

// Where Slurm looks for the plugin of a line: a full path is itself, another one is meant in a folder of PluginDir,
// which has them with ":" between, never in the current one. In the order in which it looks. (Source: spank(8),
// CONFIGURATION.)
std::vector<std::string> places_of_plugin(const std::string& path, const std::string& plugin_folders);
// The first of them where there is a file; when there is none, the first.
std::string find_plugin(const std::string& path, const std::string& plugin_folders);

}  // namespace Atoll
