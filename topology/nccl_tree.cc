#include "topology/nccl_tree.h"

#include <algorithm>
#include <charconv>
#include <pugixml.hpp>
#include <set>

#include "topology/source.h"
#include "topology/words.h"

namespace Atoll {

namespace {

constexpr int kMaxDepth = 64;
constexpr int kMaxIndex = 4095;
constexpr int kMaxLanes = 1024;
constexpr std::size_t kMaxNics = 4096;
constexpr std::size_t kMaxNameBytes = 64;
constexpr std::size_t kMaskBits = 32;
constexpr std::size_t kMaxMaskWords = 2048;

// The CPUs of "00000000,0000ffff": words of 32 bits, the highest first. None for anything else.
CpuList cpus_of_mask(std::string_view mask) {
  std::vector<std::string_view> words = split_fields(mask, ',');
  if (words.size() > kMaxMaskWords) return {};
  std::reverse(words.begin(), words.end());
  CpuList cpus;
  for (std::size_t at = 0; at < words.size(); ++at) {
    std::uint32_t bits = 0;
    const char* end = words[at].data() + words[at].size();
    const auto [stop, error] = std::from_chars(words[at].data(), end, bits, 16);
    if (error != std::errc() || stop != end) return {};
    for (std::size_t bit = 0; bit < kMaskBits; ++bit)
      if ((bits >> bit & 1U) != 0) cpus.push_back(static_cast<int>(at * kMaskBits + bit));
  }
  return cpus;
}

// "sm90" and the like have been seen nowhere: digits only.
int number_or_zero(const pugi::xml_attribute& attribute, int most) {
  return to_index(attribute.value(), most).value_or(0);
}

bool is_zero(std::string_view number) { return number.empty() || number == "0" || number == "0x0"; }

// NCCL's sockets have neither a port nor a GUID; devices of InfiniBand, RoCE, EFA and Slingshot have one of them.
bool is_plain_interface(const pugi::xml_node& net) {
  return is_zero(net.attribute("port").value()) && is_zero(net.attribute("guid").value());
}

// Where in the tree an element stands.
struct Place {
  int node = -1;  // in NcclTree::nodes
  std::string pci;
  std::optional<int> numa;
};

// Walks the XML once, from the root down.
class TreeReader {
 public:
  TreeReader(std::string_view xml, MachineBuilder& machine) : xml_(xml), machine_(machine) {}

  Result<NcclTree> read() {
    pugi::xml_document document;
    const pugi::xml_parse_result parsed =
        document.load_buffer(xml_.data(), xml_.size(), pugi::parse_default, pugi::encoding_utf8);
    if (!parsed) return error_at(parsed.offset, std::string("the XML is broken: ") + parsed.description());
    const pugi::xml_node system = document.child("system");
    if (!system) return error_at(0, "expected <system> of NCCL");
    ATOLL_RETURN_IF_ERROR(read_children(system, Place(), 1));
    number_the_rest();
    return std::move(tree_);
  }

 private:
  Status error_at(std::ptrdiff_t offset, const std::string& why) const {
    const auto end = std::clamp<std::ptrdiff_t>(offset, 0, static_cast<std::ptrdiff_t>(xml_.size()));
    const auto line = 1 + std::count(xml_.begin(), xml_.begin() + end, '\n');
    return Status(Code::kInvalidArgument, "line " + std::to_string(line) + ": " + why);
  }

  Status read_children(const pugi::xml_node& parent, const Place& place, int depth) {
    for (const pugi::xml_node& node : parent.children()) {
      if (depth > kMaxDepth) return error_at(node.offset_debug(), "elements are nested too deep");
      ATOLL_RETURN_IF_ERROR(read_element(node, place, depth));
    }
    return {};
  }

  Status read_element(const pugi::xml_node& node, const Place& place, int depth) {
    const std::string_view name = node.name();
    if (name == "cpu") return read_cpu(node, depth);
    if (name == "pci") return read_pci(node, place, depth);
    if (name == "nic") return read_children(node, place, depth + 1);
    if (name == "gpu") return read_gpu(node, place);
    if (name == "net") return read_net(node, place);
    return {};
  }

  Status read_cpu(const pugi::xml_node& node, int depth) {
    const std::string host = node.attribute("host_hash").value();
    if (host_.empty()) host_ = host;
    if (!host.empty() && host_ != host) {
      if (!other_hosts_) machine_.warn("the file describes several hosts; only the first is read");
      other_hosts_ = true;
      return {};
    }
    Place place = enter(Place());
    place.numa = to_index(node.attribute("numaid").value(), kMaxIndex);
    if (place.numa) machine_.add_numa(*place.numa, cpus_of_mask(node.attribute("affinity").value()));
    return read_children(node, place, depth + 1);
  }

  Status read_pci(const pugi::xml_node& node, const Place& around, int depth) {
    Place place = enter(around);
    place.pci = normal_pci(std::string_view(node.attribute("busid").value()).substr(0, kMaxNameBytes));
    return read_children(node, place, depth + 1);
  }

  Place enter(Place place) {
    const int depth = place.node < 0 ? 0 : tree_.nodes[static_cast<std::size_t>(place.node)].depth + 1;
    tree_.nodes.push_back({place.node, depth});
    place.node = static_cast<int>(tree_.nodes.size()) - 1;
    return place;
  }

  Status read_gpu(const pugi::xml_node& node, Place place) {
    if (place.node < 0) place = enter(place);
    NcclGpu gpu;
    gpu.node = place.node;
    gpu.info.pci = place.pci;
    gpu.info.numa = place.numa;
    gpu.sm = number_or_zero(node.attribute("sm"), kMaxIndex);
    gpu.gcn = quote(node.attribute("gcn").value());
    for (const pugi::xml_node& link : node.children()) read_link(link, gpu);
    const std::optional<int> dev = to_index(node.attribute("dev").value(), kMaxIndex);
    const bool numbered = dev && numbers_.insert(*dev).second;
    const bool again = !place.pci.empty() && !addresses_.insert(place.pci).second;
    if (!numbered && again) {
      machine_.warn("GPU " + quote(place.pci) + " is there twice; the first is taken");
    } else if (numbered) {
      gpu.info.index = *dev;
      tree_.gpus.push_back(std::move(gpu));
    } else {
      unnumbered_.push_back(std::move(gpu));
    }
    if (tree_.gpus.size() + unnumbered_.size() > static_cast<std::size_t>(kMaxSourceGpus))
      return error_at(node.offset_debug(), "more than " + std::to_string(kMaxSourceGpus) + " GPUs");
    return {};
  }

  void read_link(const pugi::xml_node& node, NcclGpu& gpu) {
    const std::string_view name = node.name();
    if (name != "nvlink" && name != "xgmi") return;
    NcclLink link;
    link.kind = name == "xgmi" ? LinkKind::kXgmi : LinkKind::kNvlink;
    link.target = normal_pci(std::string_view(node.attribute("target").value()).substr(0, kMaxNameBytes));
    link.target_class = to_lower(quote(node.attribute("tclass").value()));
    const std::optional<int> lanes = to_index(node.attribute("count").value(), kMaxLanes);
    if (!lanes) machine_.warn("GPU " + quote(gpu.info.pci) + " has a link without a count of lanes; it is left out");
    link.lanes = lanes.value_or(0);
    if (link.lanes > 0) gpu.links.push_back(std::move(link));
  }

  Status read_net(const pugi::xml_node& node, Place place) {
    const std::string_view name = node.attribute("name").value();
    if (name.empty() || name.size() > kMaxNameBytes || is_plain_interface(node)) return {};
    if (place.node < 0) place = enter(place);
    if (tree_.nics.size() == kMaxNics) return error_at(node.offset_debug(), "too many NICs");
    tree_.nics.push_back({{std::string(name), place.pci, place.numa}, place.node});
    return {};
  }

  // GPUs without a number of their own take the lowest free ones.
  void number_the_rest() {
    int next = 0;
    for (NcclGpu& gpu : unnumbered_) {
      while (!numbers_.insert(next).second) ++next;
      gpu.info.index = next;
      machine_.warn("GPU " + quote(gpu.info.pci) + " has no number (dev) of its own; it is called " +
                    std::to_string(next));
      tree_.gpus.push_back(std::move(gpu));
    }
  }

  std::string_view xml_;
  MachineBuilder& machine_;
  NcclTree tree_;
  std::vector<NcclGpu> unnumbered_;
  std::set<int> numbers_;
  std::set<std::string> addresses_;
  std::string host_;  // its hash
  bool other_hosts_ = false;
};

}  // namespace

Result<NcclTree> read_nccl_tree(std::string_view xml, MachineBuilder& machine) {
  return TreeReader(xml, machine).read();
}

}  // namespace Atoll
