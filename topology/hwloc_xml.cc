#include "topology/hwloc_xml.h"

#include <algorithm>
#include <string>

#include "topology/hwloc_clean.h"
#include "topology/hwloc_gpus.h"
#include "topology/hwloc_links.h"
#include "topology/hwloc_nics.h"
#include "topology/hwloc_places.h"
#include "topology/hwloc_topology.h"

namespace Atoll {

namespace {

Status refuse(const std::string& why) { return {Code::kInvalidArgument, why}; }

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

// What the XML declaration, if there is one, says; "" without one.
std::string declared_encoding(std::string_view xml) {
  if (!xml.starts_with("<?xml")) return "";
  const std::string_view declaration = xml.substr(0, xml.find("?>"));
  std::size_t at = declaration.find("encoding");
  if (at == std::string_view::npos) return "";
  at = declaration.find_first_of("\"'", at);
  if (at == std::string_view::npos) return "none";
  std::string name(declaration.substr(at + 1, declaration.find(declaration[at], at + 1) - at - 1));
  std::transform(name.begin(), name.end(), name.begin(), upper);
  return name;
}

// XML-1: each character stands for itself, so that what is searched for below cannot be hidden from us.
Status check_encoding(std::string_view xml) {
  if (xml.empty() || xml[0] != '<') return refuse("expected XML that begins with <");
  if (xml.find('\0') != std::string_view::npos) return refuse("a zero byte: no XML in UTF-8");
  const std::string encoding = declared_encoding(xml);
  for (const char* plain : {"", "UTF-8", "US-ASCII", "ISO-8859-1"})
    if (encoding == plain) return Status();
  return refuse("expected XML in UTF-8, not " + encoding.substr(0, 40));
}

// XML-2: no document type but the one that hwloc writes, and no entity. None is passed on to hwloc in any case, nor
// would libxml2, which is behind Debian's, load one.
Status check_document_type(std::string_view xml) {
  std::size_t at = xml.find("<!DOCTYPE");
  for (const std::string_view plain :
       {"<!DOCTYPE topology SYSTEM \"hwloc.dtd\">", "<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">"})
    if (at != std::string_view::npos && xml.substr(at).starts_with(plain)) {
      at = xml.find("<!DOCTYPE", at + plain.size());
      break;
    }
  if (at == std::string_view::npos && xml.find("<!ENTITY") == std::string_view::npos) return Status();
  return refuse("a document type or an entity of its own: hwloc writes none");
}

void describe_cpus(hwloc_topology_t topology, Machine& machine) {
  machine.name = info_of(hwloc_get_root_obj(topology), "HostName");
  machine.numa = numa_nodes(topology);
  if (share_processors(topology))
    machine.warnings.push_back(
        "some CPUs are beside several NUMA nodes; each is said to be beside the one with the fewest CPUs");
  machine.cpus = to_list(hwloc_topology_get_allowed_cpuset(topology));
  for (const NumaNode& node : machine.numa) machine.memory += node.memory;
}

void describe_devices(hwloc_topology_t topology, Machine& machine) {
  const std::vector<HwlocNic> nics = hwloc_nics(topology);
  for (const HwlocNic& nic : nics) machine.nics.push_back(nic.info);
  std::vector<HwlocGpu> gpus = hwloc_gpus(topology);
  for (HwlocGpu& gpu : gpus) {
    gpu.info.nics = nearest_nics(nics, gpu.function, gpu.info.numa);
    machine.gpus.push_back(gpu.info);
  }
  machine.links = hwloc_links(topology, gpus, machine.warnings);
}

}  // namespace

Result<Machine> parse_hwloc(std::string_view xml) {
  if (xml.size() > kMaxHwlocBytes) return refuse("longer than 16 MiB: no description of a machine");
  xml.remove_prefix(std::min(xml.find_first_not_of(" \t\r\n"), xml.size()));
  ATOLL_RETURN_IF_ERROR(check_encoding(xml));
  ATOLL_RETURN_IF_ERROR(check_document_type(xml));
  const Result<std::string> clean = clean_hwloc_xml(xml);
  if (!clean.ok()) return clean.status();
  const Result<HwlocTopology> topology = HwlocTopology::load_xml(*clean);
  if (!topology.ok()) return topology.status();
  Machine machine;
  machine.synthetic = true;
  describe_cpus(topology->get(), machine);
  describe_devices(topology->get(), machine);
  return machine;
}

}  // namespace Atoll
