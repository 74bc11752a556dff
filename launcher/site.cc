#include "launcher/site.h"

#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "launcher/capture.h"
#include "launcher/job_gpus.h"

namespace Atoll {
namespace {

constexpr Duration kPatience = std::chrono::seconds(5);

// Slurm has no shorter name for it: a word that is one plugin's name.
bool is_plugin_name(const std::string& word) {
  return !word.empty() && word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
}

std::string daemon_path(const Environment& environment, const std::string& self) {
  const std::string& chosen = lookup(environment, "ATOLL_DAEMON");
  const std::string path = chosen.empty() ? self.substr(0, self.rfind('/')) + "/atolld" : chosen;
  return ::access(path.c_str(), X_OK) == 0 ? path : "";
}

// The output of a Slurm command; "" when it fails: then srun will say why.
std::string ask(const std::vector<std::string>& argv, const Environment& environment) {
  Result<std::string> text = capture(argv, environment, kPatience);
  return text.ok() ? *text : "";
}

}  // namespace

Site explore_site(const ClusterOptions& options, const Environment& environment) {
  Site site;
  const std::string& path = lookup(environment, "PATH");
  site.srun = find_program("srun", path);
  site.salloc = find_program("salloc", path);
  site.atoll = own_path();
  site.daemon = daemon_path(environment, site.atoll);
  const std::string& job = lookup(environment, "SLURM_JOB_ID");
  if (options.local || job.empty() || site.srun.empty()) return site;
  if (lookup(environment, "ATOLL_WIREUP").empty())
    site.mpi = parse_mpi_list(ask({site.srun, "--mpi=list"}, environment));
  if (gpus_need_asking(environment)) site.job_text = ask({"scontrol", "show", "job", "--details", job}, environment);
  return site;
}

std::vector<std::string> parse_mpi_list(std::string_view text) {
  std::istringstream lines{std::string(text)};
  std::vector<std::string> types;
  for (std::string line; std::getline(lines, line);) {
    // "specific pmix plugin versions available: pmix_v4,pmix_v3", "srun: pmix", "\tpmix"
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream words(line.substr(line.rfind(':') + 1));
    std::vector<std::string> found;
    for (std::string word; words >> word;) found.push_back(word);
    const bool names = !found.empty() && std::all_of(found.begin(), found.end(), is_plugin_name);
    if (names && (found.size() == 1 || line.starts_with("specific")))
      types.insert(types.end(), found.begin(), found.end());
  }
  std::sort(types.begin(), types.end());
  types.erase(std::unique(types.begin(), types.end()), types.end());
  return types;
}

std::string find_program(const std::string& name, const std::string& path) {
  std::istringstream folders(path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string program = (folder.empty() ? "." : folder) + "/" + name;
    if (::access(program.c_str(), X_OK) == 0) return program;
  }
  return "";
}

std::string own_path() {
  char path[4096];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
  return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : "atoll";
}

}  // namespace Atoll
