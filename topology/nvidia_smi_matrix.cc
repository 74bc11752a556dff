#include "topology/nvidia_smi_matrix.h"

#include <algorithm>

#include "topology/source.h"
#include "topology/words.h"

namespace Atoll {

namespace {

constexpr int kMaxGpuIndex = 4095;
constexpr std::size_t kMaxMatrices = 16;
constexpr std::size_t kMaxDevices = 2 * kMaxSourceGpus;

bool is_gpu(std::string_view device) {
  return device.size() > 3 && device.starts_with("GPU") &&
         device.find_first_not_of("0123456789", 3) == std::string_view::npos;
}

Status check_devices(const SmiLine& line, const std::vector<std::string>& devices) {
  if (devices.size() > kMaxDevices)
    return smi_error(line,
                     std::to_string(devices.size()) + " devices, at most " + std::to_string(kMaxDevices) + " are read");
  std::set<std::string> seen;
  for (const std::string& device : devices) {
    if (is_gpu(device) && !smi_gpu_index(device)) return smi_error(line, "no GPU has the number of " + quote(device));
    if (!seen.insert(device).second) return smi_error(line, quote(device) + " has two columns");
  }
  const auto gpus = std::count_if(devices.begin(), devices.end(), is_gpu);
  if (gpus > kMaxSourceGpus)
    return smi_error(line, std::to_string(gpus) + " GPUs, at most " + std::to_string(kMaxSourceGpus) + " are read");
  return {};
}

// "NIC0: mlx5_0" and "PIX = Connection …" in the legend.
void read_legend(const SmiLine& line, SmiMatrix& matrix) {
  const std::vector<std::string_view> words = split_words(line.text);
  if (words.size() > 2 && words[1] == "=" && words[0].size() <= 4) matrix.add_legend(std::string(words[0]));
  if (words.size() != 2 || words[0].size() < 2 || !words[0].ends_with(':')) return;
  const std::string device(words[0].substr(0, words[0].size() - 1));
  if (device.starts_with("NIC") && words[1].size() <= 64) matrix.add_name(device, std::string(words[1]));
}

// A row whose cells are missing looks like a header of one device.
bool is_bare_row(const SmiHeader& header, const SmiMatrix& matrix) {
  return header.devices.size() == 1 && header.titles.empty() && matrix.has_column(header.devices[0]);
}

bool is_row(const SmiLine& line, const SmiMatrix& matrix) {
  const std::string first(split_words(line.text).front());
  return matrix.has_column(first) || smi_gpu_index(first).has_value();
}

}  // namespace

SmiMatrix::SmiMatrix(SmiLine line, SmiHeader header) : line_(std::move(line)), header_(std::move(header)) {
  for (std::size_t at = 0; at < header_.devices.size(); ++at) column_.emplace(header_.devices[at], at);
}

void SmiMatrix::add_row(SmiRow row, MachineBuilder& machine) {
  const auto warn = [&](const std::string& why) {
    machine.warn("line " + std::to_string(row.line) + ": the row of " + quote(row.device) + " " + why);
  };
  const auto own = column_.find(row.device);
  for (std::size_t at = 0; at < row.cells.size(); ++at) {
    const bool self = own != column_.end() && own->second == at;
    if (row.cells[at].empty() || (row.cells[at] == "X") == self) continue;
    return warn("does not have its X in the column of " + quote(row.device) + "; it is left out");
  }
  if (rows_.contains(row.device)) return warn("is there already; the first is taken");
  if (own == column_.end()) rows_only_.push_back(row.device);
  const std::string device = row.device;
  rows_.emplace(device, std::move(row));
}

std::vector<std::string> SmiMatrix::devices() const {
  std::vector<std::string> all = header_.devices;
  all.insert(all.end(), rows_only_.begin(), rows_only_.end());
  return all;
}

const SmiRow* SmiMatrix::row(const std::string& device) const {
  const auto found = rows_.find(device);
  return found == rows_.end() ? nullptr : &found->second;
}

std::optional<std::size_t> SmiMatrix::column(const std::string& device) const {
  const auto found = column_.find(device);
  return found == column_.end() ? std::nullopt : std::optional(found->second);
}

std::string SmiMatrix::name(const std::string& device) const {
  const auto found = names_.find(device);
  return found == names_.end() ? device : found->second;
}

bool SmiMatrix::is_p2p() const {
  for (const auto& [device, row] : rows_)
    for (const std::string& cell : row.cells)
      for (const std::string_view word : {"OK", "NS", "CNS", "GNS", "TNS", "DR", "U"})
        if (cell == word) return true;
  return false;
}

std::optional<int> smi_gpu_index(std::string_view device) {
  if (!is_gpu(device)) return std::nullopt;
  return to_index(device.substr(3), kMaxGpuIndex);
}

Result<std::vector<SmiMatrix>> read_smi_matrices(const std::vector<SmiLine>& lines, MachineBuilder& machine) {
  std::vector<SmiMatrix> matrices;
  for (const SmiLine& line : lines) {
    const std::optional<SmiHeader> header = read_smi_header(line.text);
    if (header && (matrices.empty() || !is_bare_row(*header, matrices.back()))) {
      if (matrices.size() == kMaxMatrices) return smi_error(line, "too many matrices in one text");
      ATOLL_RETURN_IF_ERROR(check_devices(line, header->devices));
      matrices.emplace_back(line, *header);
    } else if (!matrices.empty() && is_row(line, matrices.back())) {
      SmiMatrix& matrix = matrices.back();
      const std::size_t rows_only = matrix.rows_only();
      matrix.add_row(read_smi_row(line, matrix.header()), machine);
      if (matrix.rows_only() > rows_only) ATOLL_RETURN_IF_ERROR(check_devices(line, matrix.devices()));
    } else if (!matrices.empty()) {
      read_legend(line, matrices.back());
    }
  }
  return matrices;
}

}  // namespace Atoll
