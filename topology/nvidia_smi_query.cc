#include "topology/nvidia_smi_query.h"

#include <algorithm>

#include "topology/source.h"
#include "topology/words.h"

namespace Atoll {

namespace {

constexpr std::size_t kMaxValueBytes = 128;

// "    Product Name      : NVIDIA H100": how far it is indented, the key, the value ("" if none).
struct Entry {
  std::size_t indent = 0;
  std::string_view key;
  std::string value;
};

Entry entry_of(const SmiLine& line) {
  const std::string_view text = line.text;
  const std::size_t colon = std::min(text.find(':'), text.size());
  Entry entry;
  entry.indent = std::min(text.find_first_not_of(" \t"), text.size());
  entry.key = trim(text.substr(0, colon));
  if (colon < text.size()) entry.value = trim(text.substr(colon + 1)).substr(0, kMaxValueBytes);
  return entry;
}

std::string key_of_fabric(std::string_view key) {
  std::string plain = to_lower(key);
  std::erase(plain, ' ');
  return plain;
}

bool belongs_to_fabric(const std::string& key) {
  for (const std::string_view known :
       {"state", "status", "cliqueid", "clusteruuid", "health", "summary", "bandwidth", "routerecoveryinprogress",
        "routeunhealthy", "accesstimeoutrecovery", "incorrectconfiguration"})
    if (key == known) return true;
  return false;
}

// Goes through the text line by line.
class QueryReader {
 public:
  explicit QueryReader(MachineBuilder& machine) : machine_(machine) {}

  Result<SmiQuery> read(const std::vector<SmiLine>& lines) {
    for (const SmiLine& line : lines) {
      if (is_smi_query(line))
        begin_gpu(line);
      else
        read_entry(entry_of(line));
      if (query_.gpus.size() > static_cast<std::size_t>(kMaxSourceGpus))
        return smi_error(line, "more than " + std::to_string(kMaxSourceGpus) + " GPUs");
    }
    if (announced_ && static_cast<std::size_t>(*announced_) != query_.gpus.size())
      machine_.warn("the text announces " + std::to_string(*announced_) + " GPUs and describes " +
                    std::to_string(query_.gpus.size()));
    return std::move(query_);
  }

 private:
  void begin_gpu(const SmiLine& line) {
    GpuInfo gpu;
    gpu.index = static_cast<int>(query_.gpus.size());
    gpu.pci = normal_pci(trim(line.text).substr(4));
    query_.gpus.push_back(std::move(gpu));
    query_.fabrics.emplace_back();
    section_.clear();
    fabric_indent_.reset();
  }

  void read_entry(const Entry& entry) {
    if (entry.key == "Attached GPUs") announced_ = to_index(entry.value, 1 << 20);
    if (entry.key == "Fabric" && entry.value.empty()) return begin_fabric(entry);
    if (fabric_indent_ && read_fabric(entry)) return;
    if (entry.value.empty()) section_ = entry.key;
    if (!query_.gpus.empty()) read_gpu(entry, query_.gpus.back());
  }

  void read_gpu(const Entry& entry, GpuInfo& gpu) {
    if (entry.key == "Product Name" && gpu.model.empty()) gpu.model = entry.value;
    if (entry.key == "GPU UUID" && gpu.uuid.empty() && entry.value != "N/A") gpu.uuid = entry.value;
    if (entry.key == "Current" && section_ == "MIG Mode" && entry.value == "Enabled")
      machine_.warn("GPU " + std::to_string(gpu.index) + " is in MIG mode; nvidia-smi -L tells its instances");
  }

  void begin_fabric(const Entry& entry) {
    fabric_indent_ = entry.indent;
    if (query_.fabrics.empty()) query_.fabrics.emplace_back();
  }

  // False, and the section is over, if the entry is none of its.
  bool read_fabric(const Entry& entry) {
    const std::string key = key_of_fabric(entry.key);
    if (entry.indent <= *fabric_indent_ && !belongs_to_fabric(key)) {
      fabric_indent_.reset();
      return false;
    }
    if (belongs_to_fabric(key)) query_.fabrics.back().emplace(key, entry.value);
    return true;
  }

  MachineBuilder& machine_;
  SmiQuery query_;
  std::string section_;  // the last key without a value
  std::optional<std::size_t> fabric_indent_;
  std::optional<int> announced_;
};

std::string value_of(const SmiFabric& fabric, const std::string& key) {
  const auto found = fabric.find(key);
  return found == fabric.end() || found->second == "N/A" ? "" : found->second;
}

// The cluster's UUID in lower case; "" if there is none or it is all zero.
std::string cluster_of(const SmiFabric& fabric) {
  const std::string uuid = to_lower(value_of(fabric, "clusteruuid"));
  return uuid.find_first_not_of("0-") == std::string::npos ? "" : uuid;
}

bool has_fabric(const SmiFabric& fabric) {
  const std::string state = value_of(fabric, "state");
  return !state.empty() && state != "Not Supported";
}

// Why the GPU cannot use the fabric; "" if it can.
std::string trouble_of(const SmiFabric& fabric) {
  if (value_of(fabric, "state") != "Completed") return "its state is \"" + quote(value_of(fabric, "state")) + "\"";
  if (value_of(fabric, "status") != "Success") return "its status is \"" + quote(value_of(fabric, "status")) + "\"";
  if (value_of(fabric, "summary") == "Unhealthy") return "it is unhealthy";
  for (const char* key : {"routeunhealthy", "routerecoveryinprogress", "accesstimeoutrecovery"})
    if (value_of(fabric, key) == "True") return std::string(key) + " is True";
  const std::string incorrect = value_of(fabric, "incorrectconfiguration");
  if (!incorrect.empty() && incorrect != "None") return "its configuration is incorrect: " + quote(incorrect);
  return "";
}

bool is_degraded(const SmiFabric& fabric) {
  return value_of(fabric, "bandwidth") == "Degraded" || value_of(fabric, "summary") == "Limited Capacity";
}

}  // namespace

bool is_smi_query(const SmiLine& line) {
  const std::string_view text = trim(line.text);
  if (!text.starts_with("GPU ")) return false;
  const std::string pci = normal_pci(text.substr(4));
  return pci.size() >= 12 && pci.find(' ') == pci.npos && pci[pci.size() - 2] == '.' && pci[pci.size() - 8] == ':';
}

Result<SmiQuery> read_smi_query(const std::vector<SmiLine>& lines, MachineBuilder& machine) {
  return QueryReader(machine).read(lines);
}

std::set<int> smi_off_fabric(const std::vector<SmiFabric>& fabrics) {
  std::set<int> off;
  for (std::size_t gpu = 0; gpu < fabrics.size(); ++gpu)
    if (has_fabric(fabrics[gpu]) && !trouble_of(fabrics[gpu]).empty()) off.insert(static_cast<int>(gpu));
  return off;
}

void add_smi_fabric(const std::vector<SmiFabric>& fabrics, MachineBuilder& machine) {
  const auto first =
      std::find_if(fabrics.begin(), fabrics.end(), [](const SmiFabric& fabric) { return !cluster_of(fabric).empty(); });
  const bool none = first == fabrics.end();
  Fabric together;
  if (!none) {
    together.uuid = cluster_of(*first);
    together.clique = static_cast<std::uint32_t>(to_index(value_of(*first, "cliqueid"), 1 << 30).value_or(0));
    together.usable = true;
  }
  for (std::size_t gpu = 0; gpu < fabrics.size(); ++gpu) {
    const SmiFabric& fabric = fabrics[gpu];
    if (none && !has_fabric(fabric)) continue;
    std::string trouble = trouble_of(fabric);
    if (trouble.empty() && !none && cluster_of(fabric) != together.uuid) trouble = "it names another cluster or none";
    if (trouble.empty() && !none && value_of(fabric, "cliqueid") != value_of(*first, "cliqueid"))
      trouble = "it is in another clique";
    if (!trouble.empty()) {
      together.usable = false;
      machine.warn("GPU " + std::to_string(gpu) + " cannot use the fabric: " + trouble);
    } else if (is_degraded(fabric)) {
      machine.warn("GPU " + std::to_string(gpu) + " uses the fabric with less bandwidth than it should");
    }
  }
  if (!none) machine.set_fabric(together);
}

}  // namespace Atoll
