#include "topology/nvidia_smi_list.h"

#include <algorithm>
#include <optional>
#include <set>

#include "topology/source.h"
#include "topology/words.h"

namespace Atoll {

namespace {

constexpr int kMaxGpuIndex = 4095;
constexpr std::string_view kUuid = "(UUID:";

// What stands between "(UUID:" and ")"; "" if there is none.
std::string uuid_in(std::string_view line) {
  const std::size_t at = line.find(kUuid);
  if (at == line.npos) return "";
  const std::string_view rest = line.substr(at + kUuid.size());
  return std::string(trim(rest.substr(0, rest.find(')'))));
}

// The words of `text` before the UUID, one blank between them.
std::string model_in(std::string_view text) {
  std::string model;
  for (const std::string_view word : split_words(text.substr(0, text.find(kUuid))))
    model += (model.empty() ? "" : " ") + std::string(word);
  return model.substr(0, 128);
}

// "GPU 0: model (UUID: …)"
struct ListedGpu {
  std::string_view number;
  std::string_view rest;
};

std::optional<ListedGpu> read_gpu(std::string_view line) {
  line = trim(line);
  const std::size_t colon = line.find(':');
  if (!line.starts_with("GPU ") || colon == line.npos || line.find(kUuid) == line.npos) return std::nullopt;
  const std::string_view number = trim(line.substr(4, colon - 4));
  if (number.empty() || number.find_first_not_of("0123456789") != number.npos) return std::nullopt;
  return ListedGpu{number, line.substr(colon + 1)};
}

// "MIG 1g.5gb Device 0: (UUID: MIG-…)": the profile.
std::optional<std::string> read_mig(std::string_view line) {
  line = trim(line);
  const std::vector<std::string_view> words = split_words(line);
  if (words.size() < 3 || words[0] != "MIG" || line.find(kUuid) == line.npos) return std::nullopt;
  return std::string(words[1]);
}

// A GPU of the list and its MIG instances.
struct Board {
  GpuInfo gpu;
  std::vector<GpuInfo> instances;
};

std::vector<GpuInfo> number_anew(const std::vector<Board>& boards) {
  std::vector<GpuInfo> gpus;
  for (const Board& board : boards) {
    const std::vector<GpuInfo> whole{board.gpu};
    for (GpuInfo gpu : board.instances.empty() ? whole : board.instances) {
      gpu.index = static_cast<int>(gpus.size());
      gpus.push_back(std::move(gpu));
    }
  }
  return gpus;
}

}  // namespace

bool is_smi_list(const SmiLine& line) { return read_gpu(line.text).has_value(); }

Result<std::vector<GpuInfo>> read_smi_list(const std::vector<SmiLine>& lines, MachineBuilder& machine) {
  std::vector<Board> boards;
  std::set<int> indices;
  std::size_t instances = 0;
  for (const SmiLine& line : lines) {
    if (const auto listed = read_gpu(line.text)) {
      const std::optional<int> index = to_index(listed->number, kMaxGpuIndex);
      if (!index) return smi_error(line, "no GPU has the number " + quote(listed->number));
      if (!indices.insert(*index).second) return smi_error(line, "GPU " + std::to_string(*index) + " again");
      boards.push_back({{*index, uuid_in(line.text), "", model_in(listed->rest), {}, {}}, {}});
    } else if (const auto profile = read_mig(line.text); profile && !boards.empty()) {
      Board& board = boards.back();
      board.instances.push_back({0, uuid_in(line.text), "", board.gpu.model + " MIG " + quote(*profile), {}, {}});
      ++instances;
    }
    if (boards.size() + instances > static_cast<std::size_t>(kMaxSourceGpus))
      return smi_error(line, "more than " + std::to_string(kMaxSourceGpus) + " GPUs");
  }
  if (instances > 0)
    machine.warn("MIG instances have no links; GPUs and instances are numbered anew, in the order of the text");
  std::vector<GpuInfo> gpus;
  if (instances > 0) return number_anew(boards);
  for (Board& board : boards) gpus.push_back(std::move(board.gpu));
  return gpus;
}

}  // namespace Atoll
