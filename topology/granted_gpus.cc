#include "topology/granted_gpus.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

namespace Atoll {

namespace {

// How a variable calls a GPU: by number, or by a UUID (number -1).
struct Name {
  int number = -1;
  std::string uuid;
};

struct NameList {
  std::string variable;  // where it was read
  std::vector<Name> names;
  bool has_uuids() const {
    return std::any_of(names.begin(), names.end(), [](const Name& name) { return !name.uuid.empty(); });
  }
};

bool is_uuid(std::string_view word) { return word.starts_with("GPU-") || word.starts_with("MIG-"); }

void add_word(std::string_view word, NameList& list, std::vector<std::string>& warnings) {
  if (word.empty() || word == "NoDevFiles") return;
  if (is_uuid(word)) {
    list.names.push_back({-1, std::string(word.substr(0, 100))});
    return;
  }
  const Result<CpuList> numbers = parse_cpu_list(word);
  if (!numbers.ok()) {
    warnings.push_back(list.variable + " names a GPU that is neither a number nor a UUID: \"" +
                       std::string(word.substr(0, 40)) + "\"");
    return;
  }
  for (int number : *numbers) list.names.push_back({number, ""});
}

// nullopt when the variable is not set.
std::optional<NameList> read_list(const Environment& environment, const char* variable,
                                  std::vector<std::string>& warnings) {
  const auto found = environment.find(variable);
  if (found == environment.end()) return std::nullopt;
  NameList list{variable, {}};
  for (std::string_view rest = found->second; !rest.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    add_word(rest.substr(0, comma), list, warnings);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return list;
}

std::optional<NameList> first_list(const Environment& environment, bool in_slurm, std::vector<std::string>& warnings) {
  std::vector<std::string> ignored;
  const auto cuda = read_list(environment, "CUDA_VISIBLE_DEVICES", ignored);
  if (in_slurm && !(cuda && cuda->has_uuids())) {
    for (const char* variable : {"SLURM_STEP_GPUS", "SLURM_JOB_GPUS"})
      if (auto list = read_list(environment, variable, warnings)) return list;
  }
  for (const char* variable : {"CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL"})
    if (auto list = read_list(environment, variable, warnings)) return list;
  return std::nullopt;
}

const GpuInfo* find_by_name(const Machine& machine, const Name& name) {
  if (name.uuid.empty()) return find_gpu(machine, name.number);
  const GpuInfo* match = nullptr;
  for (const GpuInfo& gpu : machine.gpus) {
    if (!gpu.uuid.starts_with(name.uuid)) continue;
    if (match != nullptr) return nullptr;  // the beginning of several
    match = &gpu;
  }
  return match;
}

// Turns names into GPUs, each with an index of its own.
class Resolver {
 public:
  Resolver(const Machine& machine, const NameList& list, const std::optional<NameList>& cuda)
      : machine_(machine), list_(list), cuda_(cuda) {}

  std::vector<GpuInfo> resolve(std::vector<std::string>& warnings) {
    for (const Name& name : list_.names)
      if (const GpuInfo* gpu = find_by_name(machine_, name); gpu != nullptr && used_.insert(gpu->index).second)
        gpus_.push_back(*gpu);
    for (std::size_t i = 0; i < list_.names.size(); ++i)
      if (find_by_name(machine_, list_.names[i]) == nullptr) add_unknown(i);
    if (!unknown_.empty())
      warnings.push_back(list_.variable + " grants GPUs that the topology of " + machine_.name +
                         " does not know: " + unknown_ + "; they are used without knowing their place or their links");
    std::sort(gpus_.begin(), gpus_.end(), [](const GpuInfo& a, const GpuInfo& b) { return a.index < b.index; });
    return std::move(gpus_);
  }

 private:
  void add_unknown(std::size_t position) {
    const Name& name = list_.names[position];
    if (!seen_.insert(name.uuid + "/" + std::to_string(name.number)).second) return;  // named twice
    GpuInfo gpu;
    gpu.uuid = name.uuid;
    gpu.index = name.number;
    if (cuda_ && cuda_->names.size() == list_.names.size() && cuda_->names[position].number >= 0)
      gpu.index = cuda_->names[position].number;
    if (gpu.index < 0) gpu.index = static_cast<int>(position);
    while (!used_.insert(gpu.index).second) ++gpu.index;
    unknown_ += (unknown_.empty() ? "" : ", ") + (name.uuid.empty() ? std::to_string(name.number) : name.uuid);
    gpus_.push_back(std::move(gpu));
  }

  const Machine& machine_;
  const NameList& list_;
  const std::optional<NameList>& cuda_;
  std::vector<GpuInfo> gpus_;
  std::set<int> used_;
  std::set<std::string> seen_;
  std::string unknown_;
};

}  // namespace

std::vector<GpuInfo> granted_gpus(const Environment& environment, const Machine& machine, bool in_slurm,
                                  std::vector<std::string>& warnings) {
  const std::optional<NameList> list = first_list(environment, in_slurm, warnings);
  if (!list) return in_slurm ? std::vector<GpuInfo>() : machine.gpus;
  if (in_slurm && !list->has_uuids() && list->names.size() == machine.gpus.size()) return machine.gpus;
  std::vector<std::string> ignored;
  const auto cuda = read_list(environment, "CUDA_VISIBLE_DEVICES", ignored);
  return Resolver(machine, *list, cuda).resolve(warnings);
}

}  // namespace Atoll
