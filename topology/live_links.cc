#include "topology/live_links.h"

#include <algorithm>
#include <map>

#include "topology/link_speed.h"

namespace Atoll {

namespace {

bool works(const LiveFabric& fabric) { return fabric.completed && fabric.successful && fabric.healthy; }

const char* state_of(const LiveFabric& fabric) {
  if (!fabric.completed) return "is not completed";
  return fabric.successful ? "is unhealthy" : "failed";
}

std::string name_of(std::size_t gpu) { return "GPU " + std::to_string(gpu); }

class Joiner {
 public:
  Joiner(const LiveGpus& live, std::vector<std::string>& warnings)
      : live_(live), warnings_(warnings), direct_(live.gpus.size()), switched_(live.gpus.size()) {
    for (std::size_t i = 0; i < live.gpus.size(); ++i)
      if (!live.gpus[i].slice) positions_.emplace(live.gpus[i].pci, i);
    for (std::size_t i = 0; i < live.gpus.size(); ++i) count_lanes(i);
    warn_of_fewer_lanes();
  }

  std::vector<Link> join() {
    std::vector<Link> links;
    for (std::size_t a = 0; a < live_.gpus.size(); ++a)
      for (std::size_t b = a + 1; b < live_.gpus.size(); ++b)
        if (const auto link = join(a, b)) links.push_back(*link);
    return links;
  }

 private:
  void count_lanes(std::size_t gpu) {
    int own = 0;
    for (const LiveLane& lane : live_.gpus[gpu].slice ? std::vector<LiveLane>() : live_.gpus[gpu].lanes) {
      const auto peer = lane.pci.empty() ? positions_.end() : positions_.find(lane.pci);
      if (peer != positions_.end() && peer->second == gpu)
        ++own;
      else if (peer != positions_.end())
        ++direct_[gpu][peer->second];
      else if (lane.remote == Remote::kSwitch || lane.remote == Remote::kUnknown)
        ++switched_[gpu];
    }
    if (own > 0) warnings_.push_back(name_of(gpu) + " reports links to itself: they do not count");
    const auto& fabric = live_.gpus[gpu].fabric;
    if (switched_[gpu] == 0 || !fabric || works(*fabric)) return;
    warnings_.push_back(name_of(gpu) + " is taken to be alone: its NVLink fabric " + state_of(*fabric));
    switched_[gpu] = 0;
  }

  void warn_of_fewer_lanes() {
    const int most = switched_.empty() ? 0 : *std::max_element(switched_.begin(), switched_.end());
    for (std::size_t gpu = 0; gpu < switched_.size(); ++gpu)
      if (switched_[gpu] > 0 && switched_[gpu] < most)
        warnings_.push_back(name_of(gpu) + " has " + std::to_string(switched_[gpu]) +
                            " lanes to the NVSwitch, others " + std::to_string(most));
  }

  int direct(std::size_t from, std::size_t to) const {
    const auto lanes = direct_[from].find(to);
    return lanes == direct_[from].end() ? 0 : lanes->second;
  }

  std::optional<Link> join(std::size_t a, std::size_t b) {
    const int there = direct(a, b), back = direct(b, a);
    if (there != back)
      warnings_.push_back(name_of(a) + " and " + name_of(b) + " count the lanes between them differently, " +
                          std::to_string(there) + " and " + std::to_string(back) + ": the smaller number holds");
    const int lanes = std::min(there, back);
    const int through = lanes > 0 ? 0 : std::min(switched_[a], switched_[b]);
    if (lanes + through == 0) return std::nullopt;
    if (live_.no.size() > a && live_.no[a].size() > b && live_.no[a][b]) {
      warnings_.push_back("the driver denies peer access between " + name_of(a) + " and " + name_of(b) +
                          " over NVLink: they are taken not to be joined");
      return std::nullopt;
    }
    Link link{static_cast<int>(a), static_cast<int>(b), LinkKind::kNvlink, through > 0, lanes + through, 0};
    link.gbps = link.lanes * std::min(lane_gbps(a), lane_gbps(b));
    return link;
  }

  double lane_gbps(std::size_t gpu) const {
    const LiveGpu& info = live_.gpus[gpu];
    return nvlink_lane_gbps(info.compute_capability > 0 ? info.compute_capability : compute_capability(info.model));
  }

  const LiveGpus& live_;
  std::vector<std::string>& warnings_;
  std::map<std::string, std::size_t> positions_;    // by PCI address
  std::vector<std::map<std::size_t, int>> direct_;  // lanes, by peer
  std::vector<int> switched_;
};

}  // namespace

std::vector<Link> live_links(const LiveGpus& live, std::vector<std::string>& warnings) {
  return Joiner(live, warnings).join();
}

std::optional<Fabric> live_fabric(const LiveGpus& live, std::vector<std::string>& warnings) {
  std::optional<Fabric> found;
  for (const LiveGpu& gpu : live.gpus)
    if (!found && gpu.fabric && !gpu.fabric->uuid.empty()) found = Fabric{gpu.fabric->uuid, gpu.fabric->clique, true};
  if (!found) return std::nullopt;
  for (std::size_t i = 0; i < live.gpus.size(); ++i) {
    const auto& fabric = live.gpus[i].fabric;
    std::string why;
    if (!fabric || fabric->uuid != found->uuid || fabric->clique != found->clique)
      why = name_of(i) + " is in another NVLink fabric, or in none";
    else if (!works(*fabric))
      why = "the NVLink fabric of " + name_of(i) + " " + state_of(*fabric);
    if (why.empty()) continue;
    found->usable = false;
    warnings.push_back(why + ": the node does not count as part of the fabric");
    break;
  }
  return found;
}

}  // namespace Atoll
