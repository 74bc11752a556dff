#include "topology/nvidia_smi_topo.h"

#include <algorithm>

#include "topology/islands.h"
#include "topology/link_speed.h"
#include "topology/words.h"

namespace Atoll {

namespace {

constexpr int kMaxLanes = 1024;
constexpr int kMaxNuma = 4095;
// Affinities of more nodes than this are those of a superchip, whose GPU memory is NUMA nodes too.
constexpr std::size_t kManyNodes = 8;

std::string gpu_name(int index) { return "GPU" + std::to_string(index); }

// The GPUs of a matrix and where their rows and columns are.
struct Seat {
  int gpu = 0;
  const SmiRow* row = nullptr;
  std::optional<std::size_t> column;
};

std::vector<Seat> seats_of(const SmiMatrix& matrix) {
  std::vector<Seat> seats;
  for (const std::string& device : matrix.devices())
    if (const auto index = smi_gpu_index(device)) seats.push_back({*index, matrix.row(device), matrix.column(device)});
  std::sort(seats.begin(), seats.end(), [](const Seat& a, const Seat& b) { return a.gpu < b.gpu; });
  return seats;
}

std::string_view cell_at(const SmiRow* row, std::optional<std::size_t> column) {
  return row != nullptr && column && *column < row->cells.size() ? std::string_view(row->cells[*column]) : "";
}

// The lanes that a cell speaks of, 0 for a path over PCI; none if it says nothing.
std::optional<int> lanes_of(std::string_view cell) {
  for (const std::string_view path : {"PIX", "PXB", "PHB", "NODE", "SYS", "SOC"})
    if (cell == path) return 0;
  if (!cell.starts_with("NV")) return std::nullopt;
  const std::optional<int> lanes = to_index(cell.substr(2), kMaxLanes);
  return lanes && *lanes > 0 ? lanes : std::nullopt;
}

// How near a NIC is by its cell, 0 the nearest; none if it is not near.
std::optional<int> nearness_of(std::string_view cell) {
  int nearness = 0;
  for (const std::string_view path : {"PIX", "PXB", "PHB", "NODE"}) {
    if (cell == path) return nearness;
    ++nearness;
  }
  return std::nullopt;
}

// The CPU's NUMA node. A list names several: of a superchip the CPU's is the first and the others are GPU memory; of
// anything else nobody knows which one it is.
std::optional<int> numa_of(const SmiRow& row) {
  const Result<CpuList> nodes = parse_cpu_list(row.numa_affinity);
  if (!nodes.ok() || nodes->empty() || nodes->front() > kMaxNuma) return std::nullopt;
  if (nodes->size() == 1) return nodes->front();
  const bool gap = (*nodes)[1] > nodes->front() + 1;
  const bool superchip = to_index(row.gpu_numa, kMaxNuma).has_value() || nodes->size() > kManyNodes;
  return gap && superchip ? std::optional(nodes->front()) : std::nullopt;
}

// Reads one matrix into a machine.
class TopoReader {
 public:
  TopoReader(const SmiMatrix& matrix, const SmiKnown& known, MachineBuilder& machine)
      : matrix_(matrix), known_(known), machine_(machine), seats_(seats_of(matrix)) {}

  void read() {
    read_nics();
    for (const Seat& seat : seats_) read_gpu(seat);
    warn_of_what_is_unknown();
    read_links();
    name_switches();
    leave_out_off_fabric();
    for (const Link& link : links_.links) machine_.add_link(with_speed(link));
    if (links_.links.empty() && matrix_.hides_nvlink())
      machine_.warn("the legend does not know NV#: this may be topo -mp, which does not show NVLink");
  }

 private:
  void read_nics() {
    for (const std::string& device : matrix_.devices()) {
      if (smi_gpu_index(device)) continue;
      nics_.push_back(device);
      machine_.add_nic({matrix_.name(device), "", {}});
      nameless_nics_ |= device.starts_with("NIC") && matrix_.name(device) == device;
    }
    std::stable_sort(nics_.begin(), nics_.end(), [&](const std::string& a, const std::string& b) {
      return natural_less(matrix_.name(a), matrix_.name(b));
    });
  }

  void read_gpu(const Seat& seat) {
    const auto found = known_.gpus.find(seat.gpu);
    GpuInfo gpu = found == known_.gpus.end() ? GpuInfo{} : found->second;
    gpu.index = seat.gpu;
    gpu.nics = nearest_nics(seat);
    if (seat.row != nullptr) read_place(*seat.row, gpu);
    machine_.add_gpu(std::move(gpu));
  }

  void read_place(const SmiRow& row, GpuInfo& gpu) {
    gpu.numa = numa_of(row);
    const Result<CpuList> nodes = parse_cpu_list(row.numa_affinity);
    if (!gpu.numa && nodes.ok() && !nodes->empty()) homeless_.push_back(gpu.index);
    const Result<CpuList> cpus = parse_cpu_list(row.cpu_affinity);
    if (gpu.numa) machine_.add_numa(*gpu.numa, cpus.ok() ? *cpus : CpuList());
  }

  std::vector<std::string> nearest_nics(const Seat& seat) const {
    std::vector<std::string> nearest;
    int best = 0;
    for (const std::string& nic : nics_) {
      std::string_view cell = cell_at(seat.row, matrix_.column(nic));
      if (cell.empty()) cell = cell_at(matrix_.row(nic), seat.column);
      const std::optional<int> nearness = nearness_of(cell);
      if (!nearness || (!nearest.empty() && *nearness > best)) continue;
      if (*nearness < best) nearest.clear();
      best = *nearness;
      nearest.push_back(matrix_.name(nic));
    }
    return nearest;
  }

  void warn_of_what_is_unknown() {
    CpuList missing;
    for (const Seat& seat : seats_)
      if (seat.row == nullptr) missing.push_back(seat.gpu);
    if (!missing.empty())
      machine_.warn("the matrix has no row for GPU " + to_string(missing) +
                    ": of their links only those to other GPUs' rows are known");
    if (!homeless_.empty())
      machine_.warn("the NUMA affinity of GPU " + to_string(homeless_) +
                    " names several nodes: which one is the GPU's is not known");
    if (nameless_nics_) machine_.warn("the NIC legend is missing: NICs are called as nvidia-smi calls them");
  }

  void read_links() {
    std::size_t unknown = 0, odd = 0;
    for (std::size_t i = 0; i < seats_.size(); ++i) {
      links_.gpus.push_back({});
      links_.gpus.back().index = seats_[i].gpu;
      for (std::size_t j = i + 1; j < seats_.size(); ++j) {
        const std::string_view forth = cell_at(seats_[i].row, seats_[j].column);
        const std::string_view back = cell_at(seats_[j].row, seats_[i].column);
        const std::optional<int> there = lanes_of(forth), here = lanes_of(back);
        odd += (!forth.empty() && !there) + (!back.empty() && !here);
        unknown += !there && !here;
        if (const int lanes = agreed(seats_[i].gpu, seats_[j].gpu, there, here); lanes > 0)
          links_.links.push_back({seats_[i].gpu, seats_[j].gpu, LinkKind::kNvlink, false, lanes, 0});
      }
    }
    if (odd > 0) machine_.warn(std::to_string(odd) + " cells between GPUs are neither NV# nor a path over PCI");
    if (unknown > 0) machine_.warn("nothing is known of the links of " + std::to_string(unknown) + " pairs of GPUs");
  }

  // The lanes that the two cells of a pair leave.
  int agreed(int a, int b, std::optional<int> there, std::optional<int> here) {
    if (!there || !here) return there.value_or(here.value_or(0));
    if (*there != *here) {
      const std::string pair = gpu_name(a) + " and " + gpu_name(b);
      const int fewer = std::min(*there, *here);
      machine_.warn("the cells of " + pair + " contradict each other: " + std::to_string(*there) + " and " +
                    std::to_string(*here) + " lanes; " + (fewer == 0 ? "no link" : "the fewer") + " is taken");
    }
    return std::min(*there, *here);
  }

  // The lanes that a GPU can have in all; `most` is what one pair has.
  int lanes_in_all(int gpu, int most) const {
    const int capability = capability_of(gpu);
    if (capability == 0 && most > nvlink_lanes(0)) return 2 * nvlink_lanes(0);
    return nvlink_lanes(capability);
  }

  int capability_of(int gpu) const {
    const auto found = known_.gpus.find(gpu);
    return found == known_.gpus.end() ? 0 : compute_capability(found->second.model);
  }

  void name_switches() {
    struct Lanes {
      int most = 0;
      long all = 0;
    };
    std::map<int, Lanes> lanes;
    for (const Link& link : links_.links)
      for (const int gpu : {link.a, link.b}) {
        lanes[gpu].most = std::max(lanes[gpu].most, link.lanes);
        lanes[gpu].all += link.lanes;
      }
    std::map<int, bool> on_switch;
    for (const Island& island : find_islands(links_)) {
      const bool found = std::any_of(island.gpus.begin(), island.gpus.end(),
                                     [&](int gpu) { return lanes[gpu].all > lanes_in_all(gpu, lanes[gpu].most); });
      for (const int gpu : island.gpus) on_switch[gpu] = found;
    }
    for (Link& link : links_.links) link.via_switch = on_switch[link.a];
  }

  void leave_out_off_fabric() {
    const auto off = [&](int gpu) { return known_.off_fabric.contains(gpu); };
    const std::size_t gone =
        std::erase_if(links_.links, [&](const Link& link) { return link.via_switch && (off(link.a) || off(link.b)); });
    if (gone > 0) machine_.warn("links of GPUs that cannot use their fabric are left out");
  }

  Link with_speed(Link link) const {
    link.gbps = link.lanes * std::min(nvlink_lane_gbps(capability_of(link.a)), nvlink_lane_gbps(capability_of(link.b)));
    return link;
  }

  const SmiMatrix& matrix_;
  const SmiKnown& known_;
  MachineBuilder& machine_;
  std::vector<Seat> seats_;
  std::vector<std::string> nics_;  // devices that are no GPUs, by name
  CpuList homeless_;               // GPUs whose NUMA affinity names several nodes
  bool nameless_nics_ = false;
  Machine links_;  // the GPUs by index and their links, as yet without speeds
};

}  // namespace

void add_smi_topo(const SmiMatrix& matrix, const SmiKnown& known, MachineBuilder& machine) {
  TopoReader(matrix, known, machine).read();
}

void add_smi_p2p(const SmiMatrix& matrix, const SmiKnown& known, MachineBuilder& machine) {
  const std::vector<Seat> seats = seats_of(matrix);
  std::size_t reachable = 0;
  for (const Seat& from : seats) {
    const auto found = known.gpus.find(from.gpu);
    GpuInfo gpu = found == known.gpus.end() ? GpuInfo{} : found->second;
    gpu.index = from.gpu;
    machine.add_gpu(std::move(gpu));
    for (const Seat& to : seats) reachable += cell_at(from.row, to.column) == "OK";
  }
  machine.warn("nvidia-smi topo -p2p says which GPUs may reach each other, not what joins them: no links are known");
  if (seats.size() > 1 && reachable == 0) machine.warn("no GPU can reach another: there is no usable island");
}

}  // namespace Atoll
