#include "topology/nccl_xml.h"

#include <algorithm>

#include "topology/link_speed.h"
#include "topology/nccl_tree.h"
#include "topology/words.h"

namespace Atoll {

namespace {

constexpr std::string_view kSwitchClass = "0x068000";
constexpr std::string_view kCpuClass = "0x068001";  // POWER's NVLink to the CPU

// "fffffff:ff:ff.0"
bool is_invisible(std::string_view address) {
  const std::string_view bus = address.substr(0, address.rfind('.'));
  return bus.size() > 4 && bus.find_first_not_of("f:") == bus.npos;
}

double lane_gbps(const NcclGpu& gpu, LinkKind kind) {
  return kind == LinkKind::kXgmi ? xgmi_lane_gbps(gpu.gcn) : nvlink_lane_gbps(gpu.sm);
}

std::string gpu_name(const NcclGpu& gpu) { return "GPU " + std::to_string(gpu.info.index); }

// Finds out which of the links that GPUs claim are links between them.
class LinkReader {
 public:
  LinkReader(const std::vector<NcclGpu>& gpus, MachineBuilder& machine)
      : gpus_(gpus), machine_(machine), switch_lanes_(gpus.size(), 0) {
    for (std::size_t at = 0; at < gpus.size(); ++at) by_address_.emplace(gpus[at].info.pci, at);
  }

  void read() {
    bool any = false;
    for (std::size_t at = 0; at < gpus_.size(); ++at)
      for (const NcclLink& link : gpus_[at].links) {
        read_claim(at, link);
        any = true;
      }
    if (!any && !gpus_.empty()) machine_.warn("the file lists no NVLink or XGMI: none are known");
    add_switched();
    add_direct();
  }

 private:
  using Pair = std::pair<std::size_t, std::size_t>;
  struct Claim {
    LinkKind kind = LinkKind::kNvlink;
    int lanes = 0;
  };

  void read_claim(std::size_t from, const NcclLink& link) {
    const auto target = by_address_.find(link.target);
    const bool known = target != by_address_.end() && !link.target.empty();
    if (known && target->second == from)
      return machine_.warn(gpu_name(gpus_[from]) + " has a link to itself; it is left out");
    if (known && link.target_class != kSwitchClass) {
      Claim& claim = claims_[{from, target->second}];
      claim.kind = link.kind;
      claim.lanes += link.lanes;
    } else if (!known && (link.target_class == kSwitchClass || is_invisible(link.target))) {
      switch_lanes_[from] += link.lanes;
    } else if (link.target_class != kCpuClass) {
      machine_.warn(gpu_name(gpus_[from]) + " has a link to " + quote(link.target) +
                    (known ? ", a GPU that is called a switch" : ", which is no GPU or switch of this file") +
                    "; it is left out");
    }
  }

  void add_switched() {
    const int most = switch_lanes_.empty() ? 0 : *std::max_element(switch_lanes_.begin(), switch_lanes_.end());
    if (most == 0) return;
    for (std::size_t a = 0; a < gpus_.size(); ++a) {
      if (switch_lanes_[a] < most)
        machine_.warn(gpu_name(gpus_[a]) + " has " + std::to_string(switch_lanes_[a]) +
                      " lanes to the switch, others " + std::to_string(most));
      for (std::size_t b = a + 1; b < gpus_.size(); ++b)
        add(a, b, LinkKind::kNvlink, true, std::min(switch_lanes_[a], switch_lanes_[b]));
    }
  }

  void add_direct() {
    for (const auto& [pair, claim] : claims_) {
      const auto [from, to] = pair;
      const auto back = claims_.find({to, from});
      const int lanes = back == claims_.end() ? 0 : back->second.lanes;
      if (lanes > 0 && from > to) continue;  // seen from the other end
      if (lanes != claim.lanes) warn_of_unequal(from, to, claim.lanes, lanes);
      add(from, to, claim.kind, false, std::min(claim.lanes, lanes));
    }
  }

  void warn_of_unequal(std::size_t from, std::size_t to, int there, int here) {
    machine_.warn(gpu_name(gpus_[from]) + " claims " + std::to_string(there) + " lanes to " + gpu_name(gpus_[to]) +
                  ", which claims " + std::to_string(here) + "; " + (here == 0 ? "no link" : "the fewer") +
                  " is taken");
  }

  void add(std::size_t a, std::size_t b, LinkKind kind, bool via_switch, int lanes) {
    const double gbps = lanes * std::min(lane_gbps(gpus_[a], kind), lane_gbps(gpus_[b], kind));
    machine_.add_link({gpus_[a].info.index, gpus_[b].info.index, kind, via_switch, lanes, gbps});
  }

  const std::vector<NcclGpu>& gpus_;
  MachineBuilder& machine_;
  std::map<std::string, std::size_t> by_address_;
  std::map<Pair, Claim> claims_;   // lanes from one GPU to another, as the first says
  std::vector<int> switch_lanes_;  // of each GPU
};

// The depth of the innermost element that both are below; none if they are below different CPUs.
std::optional<int> common_depth(const std::vector<NcclNode>& nodes, int a, int b) {
  const auto at = [&](int node) -> const NcclNode& { return nodes[static_cast<std::size_t>(node)]; };
  while (a != b) {
    if (a < 0 || b < 0) return std::nullopt;
    if (at(a).depth >= at(b).depth)
      a = at(a).parent;
    else
      b = at(b).parent;
  }
  return a < 0 ? std::nullopt : std::optional(at(a).depth);
}

std::vector<std::string> nearest_nics(const NcclTree& tree, const NcclGpu& gpu) {
  std::vector<std::string> nearest;
  int best = 0;
  for (const NcclNic& nic : tree.nics) {
    const std::optional<int> depth = common_depth(tree.nodes, gpu.node, nic.node);
    if (!depth || (!nearest.empty() && *depth < best)) continue;
    if (*depth > best) nearest.clear();
    best = *depth;
    nearest.push_back(nic.info.name);
  }
  std::sort(nearest.begin(), nearest.end(), natural_less);
  nearest.erase(std::unique(nearest.begin(), nearest.end()), nearest.end());
  return nearest;
}

}  // namespace

Result<Machine> parse_nccl(std::string_view xml) {
  MachineBuilder machine;
  const Result<NcclTree> tree = read_nccl_tree(xml, machine);
  if (!tree.ok()) return tree.status();
  for (const NcclNic& nic : tree->nics) machine.add_nic(nic.info);
  for (const NcclGpu& gpu : tree->gpus) {
    GpuInfo info = gpu.info;
    info.nics = nearest_nics(*tree, gpu);
    machine.add_gpu(std::move(info));
  }
  if (tree->gpus.empty()) machine.warn("the file lists no GPUs: it is a template, or of a node without any");
  LinkReader(tree->gpus, machine).read();
  return std::move(machine).finish();
}

}  // namespace Atoll
