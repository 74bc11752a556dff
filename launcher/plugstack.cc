#include "launcher/plugstack.h"

#include <glob.h>
#include <unistd.h>

#include <sstream>

#include "launcher/plugin_file.h"
#include "runtime/base/read_file.h"

namespace Atoll {
namespace {

constexpr int kMaxDepth = 8;  // of files that include each other

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }
std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

class Reader {
 public:
  Reader(const PlugstackSource& source, Plugstack& result) : source_(source), result_(result) {}

  bool read(const std::string& path, int depth) {
    const std::optional<std::string> text = source_.read(path);
    if (!text) return false;
    std::istringstream lines(*text);
    int number = 0;
    for (std::string line; std::getline(lines, line);) read_line(path, ++number, line, depth);
    return true;
  }

 private:
  void read_line(const std::string& file, int number, const std::string& line, int depth) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string kind, path;
    if (!(words >> kind)) return;
    words >> path;
    if (kind == "include" && !path.empty())
      return include(path.starts_with("/") ? path : folder_of(file) + path, depth);
    if ((kind != "optional" && kind != "required") || path.empty()) {
      result_.bad_lines.push_back(file + ":" + std::to_string(number));
      return;
    }
    if (!name_of(path).starts_with("spank_atoll") && !(source_.is_ours && source_.is_ours(path))) return;
    PlugstackLine ours{file, number, kind, path, {}};
    for (std::string argument; words >> argument;) ours.arguments.push_back(argument);
    result_.ours.push_back(std::move(ours));
  }

  void include(const std::string& pattern, int depth) {
    if (depth >= kMaxDepth) return;
    for (const std::string& path : source_.glob(pattern)) {
      if (pattern.find_first_of("*?[") != std::string::npos && !path.ends_with(".conf"))
        result_.odd_files.push_back(path);
      read(path, depth + 1);
    }
  }

  const PlugstackSource& source_;
  Plugstack& result_;
};

std::vector<std::string> expand(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  return paths;
}

}  // namespace

Plugstack read_plugstack(const std::string& path, const PlugstackSource& source) {
  Plugstack result;
  result.path = path;
  result.found = Reader(source, result).read(path, 0);
  return result;
}

PlugstackSource plugstack_of_this_host(const std::string& plugin_folders) {
  return {[](const std::string& path) { return read_file(path); },
          expand,
          [plugin_folders](const std::string& path) {
            const Result<PluginFile> file = read_plugin_file(find_plugin(path, plugin_folders));
            return file.ok() && file->name == "atoll";
          }};
}

std::vector<std::string> places_of_plugin(const std::string& path, const std::string& plugin_folders) {
  if (path.starts_with("/")) return {path};
  std::vector<std::string> places;
  std::istringstream folders(plugin_folders);
  for (std::string folder; std::getline(folders, folder, ':');)
    if (!folder.empty()) places.push_back(folder + (folder.ends_with('/') ? "" : "/") + path);
  return places;
}

std::string find_plugin(const std::string& path, const std::string& plugin_folders) {
  const std::vector<std::string> places = places_of_plugin(path, plugin_folders);
  for (const std::string& place : places)
    if (::access(place.c_str(), F_OK) == 0) return place;
  // No folder is known: still not the current one, which is nobody's.
  return places.empty() ? "PluginDir/" + path : places.front();
}

}  // namespace Atoll
