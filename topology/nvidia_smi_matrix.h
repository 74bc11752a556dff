#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/base/status.h"
#include "topology/machine_builder.h"
#include "topology/nvidia_smi_row.h"

namespace Atoll {

// A matrix as `nvidia-smi topo -m` or `topo -p2p` prints it, taken apart but not yet believed.
class SmiMatrix {
 public:
  SmiMatrix(SmiLine line, SmiHeader header);

  // Adds a row. One whose X does not stand in its own column, or that is there already, is left out with a warning.
  void add_row(SmiRow row, MachineBuilder& machine);
  // Says that `device` stands for `name`: NIC0 for mlx5_0.
  void add_name(const std::string& device, const std::string& name) { names_.emplace(device, name); }
  // Says that the legend explains this kind of cell.
  void add_legend(const std::string& cell) { legend_.insert(cell); }

  const SmiLine& line() const { return line_; }
  const SmiHeader& header() const { return header_; }
  bool has_column(const std::string& device) const { return column_.contains(device); }

  // The devices of columns and rows, the columns first.
  std::vector<std::string> devices() const;
  std::size_t rows_only() const { return rows_only_.size(); }
  const SmiRow* row(const std::string& device) const;
  // The number of the device's column; none if it has only a row.
  std::optional<std::size_t> column(const std::string& device) const;
  std::string name(const std::string& device) const;
  // Whether its cells speak of peer access (OK, NS), not of what joins the devices.
  bool is_p2p() const;
  // Whether there is a legend that knows paths over PCI but no NV#: `topo -mp` does not show NVLink.
  bool hides_nvlink() const { return legend_.contains("PIX") && !legend_.contains("NV#"); }

 private:
  SmiLine line_;
  SmiHeader header_;
  std::map<std::string, std::size_t> column_;
  std::map<std::string, SmiRow> rows_;
  std::vector<std::string> rows_only_;  // devices that have a row and no column
  std::map<std::string, std::string> names_;
  std::set<std::string> legend_;
};

// The number in "GPU12"; none for other devices and for numbers above 4095.
std::optional<int> smi_gpu_index(std::string_view device);

// All matrices of the text, in order. What is odd in rows is left out with a warning. kInvalidArgument for a header
// that names a device twice or a GPU above 4095, and for more than kMaxSourceGpus GPUs.
Result<std::vector<SmiMatrix>> read_smi_matrices(const std::vector<SmiLine>& lines, MachineBuilder& machine);

}  // namespace Atoll
