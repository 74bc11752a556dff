#include "launcher/doctor_look.h"

#include <dlfcn.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cctype>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config.h"
#include "launcher/capture.h"
#include "launcher/scrub.h"
#include "launcher/site.h"
#include "runtime/base/build_id.h"
#include "runtime/wire/munge_library.h"
#include "topology/live.h"
#include "topology/nvml_library.h"

namespace Atoll {
namespace {

constexpr Duration kPatience = std::chrono::seconds(5);
constexpr std::int64_t kUnlimited = -2;

std::string node_name(const Environment& environment) {
  const std::string& name = lookup(environment, "SLURMD_NODENAME");
  if (!name.empty()) return name;
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  return std::string(host).substr(0, std::strcspn(host, "."));
}

class Look {
 public:
  explicit Look(const Environment& environment) : environment_(environment) {
    // What a job or the user asks of srun would change what it says.
    for (const std::string& name : names_to_unset(environment_, false)) environment_.erase(name);
  }

  NodeFacts all(const Environment& environment) {
    facts_.node = node_name(environment);
    facts_.in_job = environment.contains("SLURM_JOB_ID");
    facts_.time = seconds_of_epoch();
    look_at_atoll();
    look_at_slurm();
    look_at_machine(environment);
    look_at_ports();
    look_at_host();
    return facts_;
  }

 private:
  // What a command prints; "" when it cannot be run.
  std::string ask(const std::vector<std::string>& argv) const {
    const Result<std::string> text = capture(argv, environment_, kPatience);
    return text.ok() ? *text : "";
  }

  void look_at_atoll() {
    facts_.atoll_version = PACKAGE_VERSION;
    if (const Result<std::string> build = build_id_of("/proc/self/exe"); build.ok()) facts_.atoll_build = *build;
    const std::string& chosen = lookup(environment_, "ATOLL_DAEMON");
    const std::string self = own_path();
    const std::string daemon = chosen.empty() ? self.substr(0, self.rfind('/')) + "/atolld" : chosen;
    facts_.has_daemon = ::access(daemon.c_str(), X_OK) == 0;
  }

  void look_at_slurm() {
    if (find_program("srun", lookup(environment_, "PATH")).empty()) return;
    // Of scontrol, which loads no plugin: a broken one may stop srun.
    facts_.slurm_commands = parse_slurm_version(ask({"scontrol", "--version"}));
    if (facts_.slurm_commands.empty()) return;
    const std::string config = ask({"scontrol", "show", "config"});
    facts_.slurmctld = config_value(config, "SLURM_VERSION");
    facts_.slurmd = config_value(ask({"scontrol", "show", "slurmd"}), "Version");
    facts_.mpi = parse_mpi_list(ask({"srun", "--mpi=list"}));
    facts_.srun_has_options = ask({"srun", "--help"}).find("--atoll=") != std::string::npos;
    std::istringstream words(ask({"scontrol", "--oneliner", "show", "node", facts_.node}));
    for (std::string word; words >> word;)
      if (word.starts_with("Gres=")) facts_.slurm_gpus = gpus_of_gres(word.substr(5));
    if (void* library = ::dlopen("libpmix.so.2", RTLD_LAZY | RTLD_LOCAL)) {
      facts_.has_pmix_library = true;
      ::dlclose(library);
    }
    look_at_munge();
    look_at_plugin(find_plugstack(config), config_value(config, "PluginDir"));
  }

  void look_at_munge() {
    const Result<std::string> credential = munge_seal("atoll", ::geteuid());
    const Status status = credential.ok() ? munge_open(*credential).status() : credential.status();
    if (!status.ok()) facts_.munge = status.message();
  }

  // Where slurmctld has it, or where a configless node keeps its copy.
  static std::string find_plugstack(const std::string& config) {
    const std::string path = config_value(config, "PlugStackConfig");
    for (const std::string& candidate : {path, std::string("/run/slurm/conf/plugstack.conf"),
                                         config_value(config, "SlurmdSpoolDir") + "/conf-cache/plugstack.conf"})
      if (!candidate.empty() && ::access(candidate.c_str(), R_OK) == 0) return candidate;
    return path.empty() ? "/etc/slurm/plugstack.conf" : path;
  }

  void look_at_plugin(const std::string& plugstack, const std::string& plugin_folders) {
    facts_.plugstack = read_plugstack(plugstack, plugstack_of_this_host(plugin_folders));
    for (const PlugstackLine& line : facts_.plugstack.ours) {
      const std::string path = find_plugin(line.path, plugin_folders);
      const Result<PluginFile> file = read_plugin_file(path);
      facts_.plugins.push_back({path, file.ok() ? "" : file.status().message(), file.ok() ? *file : PluginFile{}});
      for (const std::string& word : line.arguments)
        if (word.starts_with("atoll=")) look_at_program(word.substr(6));
    }
  }

  void look_at_program(const std::string& path) {
    const Result<std::string> build = build_id_of(path);
    if (::access(path.c_str(), X_OK) != 0 || !build.ok())
      facts_.missing_programs.push_back(path);
    else if (*build != facts_.atoll_build)
      facts_.other_programs.push_back(path);
  }

  void look_at_machine(const Environment& environment) {
    facts_.machine_is_a_file = !lookup(environment, "ATOLL_TOPOLOGY").empty();
    const Result<Machine> machine = machine_of_this_node(environment);
    if (machine.ok()) {
      facts_.cpus = static_cast<int>(machine->cpus.size());
      facts_.numa_nodes = static_cast<int>(machine->numa.size());
      facts_.gpus = static_cast<int>(machine->gpus.size());
      facts_.machine_warnings = machine->warnings;
    } else {
      facts_.machine_why = machine.status().message();
    }
    const std::string& chosen = lookup(environment, "ATOLL_NVML");
    const Result<NvmlLibrary> nvml = NvmlLibrary::open(chosen.empty() ? "libnvidia-ml.so.1" : chosen);
    if (!nvml.ok()) facts_.nvml = nvml.status().message();
    facts_.has_nvidia_device = ::access("/dev/nvidiactl", F_OK) == 0;
  }

  static std::string first_line(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
  }

  // "4: ACTIVE" of each port, and its link layer.
  void look_at_ports() {
    std::error_code error;
    for (const auto& device : std::filesystem::directory_iterator("/sys/class/infiniband", error))
      for (const auto& port : std::filesystem::directory_iterator(device.path() / "ports", error)) {
        const std::string state = first_line(port.path() / "state");
        facts_.ports.push_back(device.path().filename().string() + ":" + port.path().filename().string() + " " +
                               state.substr(state.rfind(' ') + 1) + " " + first_line(port.path() / "link_layer"));
      }
  }

  static std::int64_t free_bytes(const char* path) {
    struct statvfs info;
    if (::statvfs(path, &info) != 0 || ::access(path, W_OK) != 0) return -1;
    return static_cast<std::int64_t>(info.f_bavail * info.f_frsize);
  }

  static std::int64_t limit_of(__rlimit_resource resource) {
    rlimit limit{};
    if (::getrlimit(resource, &limit) != 0) return -1;
    return limit.rlim_max == RLIM_INFINITY ? kUnlimited : static_cast<std::int64_t>(limit.rlim_max);
  }

  void look_at_host() {
    facts_.shm_bytes = free_bytes("/dev/shm");
    facts_.tmp_bytes = free_bytes("/tmp");
    facts_.memlock = limit_of(RLIMIT_MEMLOCK);
    facts_.open_files = limit_of(RLIMIT_NOFILE);
  }

  Environment environment_;
  NodeFacts facts_;
};

}  // namespace

double seconds_of_epoch() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

NodeFacts look_at_this_node(const Environment& environment) { return Look(environment).all(environment); }

std::string parse_slurm_version(std::string_view text) {
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name, version, more;
    if (words >> name >> version && !(words >> more) && name.starts_with("slurm") && !major_minor(version).empty())
      return version;
  }
  return "";
}

std::string config_value(std::string_view text, std::string_view key) {
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name, equals, value;
    if (words >> name >> equals && name == key && equals == "=") {
      std::getline(words >> std::ws, value);
      return value.substr(0, value.find_last_not_of(' ') + 1);
    }
  }
  return "";
}

int gpus_of_gres(std::string_view gres) {
  int gpus = 0;
  std::istringstream parts{std::string(gres)};
  for (std::string part; std::getline(parts, part, ',');) {
    part = part.substr(0, part.find('('));
    if (part != "gpu" && !part.starts_with("gpu:")) continue;
    const std::string last = part.substr(part.rfind(':') + 1);
    const bool is_count = !last.empty() && last.size() < 6 && last.find_first_not_of("0123456789") == std::string::npos;
    gpus += is_count ? std::stoi(last) : 1;
  }
  return gpus;
}

}  // namespace Atoll
