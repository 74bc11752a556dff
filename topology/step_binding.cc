#include "topology/step_binding.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

namespace Atoll {

namespace {

constexpr std::size_t kMaxDigits = 16384;  // of one mask: CPUs up to 65,535

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

bool names_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

// Of a value such as "gpu:verbose,closest" or "none": whether tasks get GPUs of their own.
bool binds_gpus(std::string_view value) {
  if (value.starts_with("gpu:")) value.remove_prefix(4);
  for (const std::string_view word : split(value, ','))
    if (word != "verbose" && word != "v" && word != "quiet" && word != "q") return word != "none" && word != "n";
  return false;
}

// The variable by which Slurm says that it gives each task its GPUs; "" if it does not.
std::string gpu_binder(const Environment& environment) {
  for (const char* name : {"SLURMD_TRES_BIND", "SLURM_TRES_BIND", "SLURM_GPU_BIND"})
    if (const std::string& value = lookup(environment, name); !value.empty()) return binds_gpus(value) ? name : "";
  for (const char* name : {"SLURM_GPUS_PER_TASK", "SLURM_NTASKS_PER_GPU", "SLURM_NTASKS_PER_TRES"})
    if (!lookup(environment, name).empty()) return name;
  const char* per_task = "SLURM_TRES_PER_TASK";
  return names_any(lookup(environment, per_task), {"gpu"}) ? per_task : "";
}

std::optional<int> hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return std::nullopt;
}

// The CPUs of a mask that task/affinity wrote, "0x3"; none for anything else.
CpuList parse_mask(std::string_view mask) {
  if (!mask.starts_with("0x") || mask.size() > kMaxDigits + 2) return {};
  mask.remove_prefix(2);
  CpuList cpus;
  for (std::size_t i = 0; i < mask.size(); ++i) {
    const std::optional<int> value = hex_value(mask[mask.size() - 1 - i]);
    if (!value) return {};
    for (int bit = 0; bit < 4; ++bit)
      if ((*value >> bit) & 1) cpus.push_back(static_cast<int>(4 * i) + bit);
  }
  return cpus;
}

// Of all masks together; none if one of them was not written by task/affinity.
CpuList parse_masks(std::string_view masks) {
  CpuList all;
  for (const std::string_view mask : split(masks, ',')) {
    const CpuList cpus = parse_mask(mask);
    if (cpus.empty()) return {};
    all = unite(all, cpus);
  }
  return all;
}

}  // namespace

StepBinding read_step_binding(const Environment& environment, int tasks) {
  StepBinding step;
  if (const std::string binder = gpu_binder(environment); !binder.empty() && tasks > 1)
    step.unclear = "Slurm gives each task GPUs of its own (" + binder + "=" + lookup(environment, binder) + ")";
  else if (!lookup(environment, "SLURM_OVERCOMMIT").empty())
    step.unclear = "the step has more tasks than CPUs (SLURM_OVERCOMMIT)";
  const std::string& type = lookup(environment, "SLURM_CPU_BIND_TYPE");
  step.keeps_cpus = names_any(type, {"map_cpu", "rank", "ldom"});
  if (!step.keeps_cpus && names_any(type, {"mask_cpu"})) {
    step.cpus = parse_masks(lookup(environment, "SLURM_CPU_BIND_LIST"));
    step.keeps_cpus = step.cpus.empty();
  }
  const std::string& memory = lookup(environment, "SLURM_MEM_BIND_TYPE");
  step.keeps_memory = !memory.empty() && !names_any(memory, {"none"});
  return step;
}

}  // namespace Atoll
