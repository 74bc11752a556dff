#include "topology/hwloc_clean.h"

#include <algorithm>
#include <map>
#include <pugixml.hpp>
#include <set>
#include <sstream>

#include "topology/hwloc_forms.h"

namespace Atoll {

namespace {

constexpr int kMaxDepth = 64, kMaxObjects = 100'000;
constexpr std::size_t kMaxString = 4096, kMaxMatrix = 1100;
constexpr std::uint64_t kMaxIndex = 65'535;

enum class Class { kNone, kNormal, kMemory, kProcessor, kBridge, kPci, kDevice };

Class class_of(std::string_view type) {
  static const std::map<std::string_view, Class> classes = {
      {"Machine", Class::kNormal},  {"Package", Class::kNormal},  {"Socket", Class::kNormal},
      {"Die", Class::kNormal},      {"Core", Class::kNormal},     {"Group", Class::kNormal},
      {"Cache", Class::kNormal},    {"L1Cache", Class::kNormal},  {"L2Cache", Class::kNormal},
      {"L3Cache", Class::kNormal},  {"L4Cache", Class::kNormal},  {"L5Cache", Class::kNormal},
      {"L1iCache", Class::kNormal}, {"L2iCache", Class::kNormal}, {"L3iCache", Class::kNormal},
      {"NUMANode", Class::kMemory}, {"PU", Class::kProcessor},    {"Bridge", Class::kBridge},
      {"PCIDev", Class::kPci},      {"OSDev", Class::kDevice}};
  const auto found = classes.find(type);
  return found == classes.end() ? Class::kNone : found->second;
}

bool is_io(Class of) { return of == Class::kBridge || of == Class::kPci || of == Class::kDevice; }

// The attributes that are passed on, and the form that they must have; "" for any number, "*" for any string.
struct Form {
  const char* name;
  const char* pattern;
};
constexpr Form kForms[] = {{"os_index", ""},
                           {"gp_index", ""},
                           {"local_memory", ""},
                           {"cache_size", ""},
                           {"depth", ""},
                           {"cache_linesize", ""},
                           {"cache_type", ""},
                           {"name", "*"},
                           {"subtype", "*"},
                           {"osdev_type", ""},
                           {"pci_busid", "X:xx:xx.x"},
                           {"pci_type", "xxxx [xxxx:xxxx] [xxxx:xxxx] xx"},
                           {"pci_link_speed", "9"},
                           {"bridge_pci", "X:[xx-xx]"}};

class Cleaner {
 public:
  Result<std::string> clean(std::string_view xml) {
    pugi::xml_document from;
    if (!from.load_buffer(xml.data(), xml.size(), pugi::parse_default, pugi::encoding_utf8))
      return Status(Code::kInvalidArgument, "this is no well-formed XML");
    const pugi::xml_node topology = from.child("topology");
    if (!topology) return Status(Code::kInvalidArgument, "expected an element topology: this is no file of hwloc");
    copy_topology(topology);
    if (!status_.ok()) return status_;
    std::ostringstream out;
    to_.save(out, "", pugi::format_indent, pugi::encoding_utf8);
    return out.str();
  }

 private:
  void fail(const std::string& why) {
    if (status_.ok()) status_ = Status(Code::kInvalidArgument, "not as hwloc writes it: " + why);
  }

  void copy_topology(pugi::xml_node from) {
    const std::string version = from.attribute("version").value();
    if (!version.empty() && version != "2.0") return fail("format " + version.substr(0, 20));
    pugi::xml_node to = to_.append_child("topology");
    if (!version.empty()) to.append_attribute("version") = version.c_str();
    first_format_ = version.empty();
    without_memory_ = first_format_ && !from.find_node([](pugi::xml_node node) {
      return std::string_view(node.attribute("type").value()) == "NUMANode";
    });
    pugi::xml_node root;
    for (pugi::xml_node object : from.children("object")) {
      if (root || std::string_view(object.attribute("type").value()) != "Machine")
        return fail("the root is not one Machine");
      root = object;
    }
    if (!root) return fail("the root is not one Machine");
    copy_object(root, to, Class::kNone, nullptr, 0);
    if (!has_memory_ && !without_memory_) return fail("no NUMA node");
    for (const char* matrix : {"distances2", "distances2hetero"})
      for (pugi::xml_node each : from.children(matrix))
        if (status_.ok()) copy_matrix(each, to);
  }

  // Whether an object may be below another.
  bool belongs(Class below, Class above) const {
    switch (above) {
      case Class::kNone:
        return below == Class::kNormal;
      case Class::kMemory:
        return first_format_ || below == Class::kNone;
      case Class::kProcessor:
        return is_io(below);
      case Class::kBridge:
        return below == Class::kBridge || below == Class::kPci;
      case Class::kPci:
        return below == Class::kDevice;
      case Class::kDevice:
        return false;
      default:
        return true;
    }
  }

  void copy_object(pugi::xml_node from, pugi::xml_node to, Class above, const HwlocWords* within_cpus, int depth) {
    const std::string type = from.attribute("type").value();
    const Class of = class_of(type);
    if (of == Class::kNone) return;  // Misc and the like, with what is below: nothing that we use
    if (!belongs(of, above) || (depth > 0 && type == "Machine")) return fail("a " + type + " where none can be");
    if (depth >= kMaxDepth || ++objects_ > kMaxObjects) return fail("more objects or deeper than any machine's");
    pugi::xml_node object = to.append_child("object");
    object.append_attribute("type") = type.c_str();
    copy_attributes(from, object);
    const HwlocWords cpus = is_io(of) ? HwlocWords() : copy_sets(from, object, within_cpus);
    check_indices(from, of, cpus);
    if (of == Class::kBridge || of == Class::kPci) check_pci(from, object, of);
    if (of == Class::kDevice &&
        (!from.attribute("name") || hwloc_number(from.attribute("osdev_type").value()).value_or(99) > 6))
      return fail("a device without a name or a type");
    for (pugi::xml_node info : from.children("info")) copy_info(info, object);
    check_order(from);
    for (pugi::xml_node child : from.children("object"))
      if (status_.ok()) copy_object(child, object, of, is_io(of) ? nullptr : &cpus, depth + 1);
  }

  // Children come by the lowest processor that they have or once had; memory hangs beside them.
  void check_order(pugi::xml_node parent) {
    std::optional<unsigned> last;
    for (pugi::xml_node child : parent.children("object")) {
      const Class of = class_of(child.attribute("type").value());
      if (is_io(of) || of == Class::kNone || (of == Class::kMemory && !first_format_)) continue;
      const auto first = first_of(hwloc_words(child.attribute("complete_cpuset").value()).value_or(HwlocWords()));
      if (first && last && *first < *last) return fail("objects that are not in the order of their processors");
      if (first) last = first;
    }
  }

  void copy_attributes(pugi::xml_node from, pugi::xml_node to) {
    for (const Form& form : kForms) {
      const pugi::xml_attribute attribute = from.attribute(form.name);
      if (!attribute) continue;
      const std::string_view value = attribute.value(), pattern = form.pattern;
      const bool good = pattern.empty()  ? hwloc_number(value).has_value()
                        : pattern == "*" ? value.size() <= kMaxString
                                         : has_form(value, pattern);
      if (!good) return fail(std::string(form.name) + " is \"" + std::string(value.substr(0, 40)) + "\"");
      to.append_attribute(form.name) = attribute.value();
    }
  }

  // The cpuset.
  HwlocWords copy_sets(pugi::xml_node from, pugi::xml_node to, const HwlocWords* within_cpus) {
    const auto copy = [&](const std::string& name, bool needed) {
      const pugi::xml_attribute attribute = from.attribute(name.c_str());
      if (!attribute && needed) fail("an object without " + name);
      if (!attribute) return HwlocWords();
      const auto words = hwloc_words(attribute.value());
      if (!words) fail(name + " is no finite set");
      to.append_attribute(name.c_str()) = to_string(words.value_or(HwlocWords())).c_str();
      return words.value_or(HwlocWords());
    };
    const HwlocWords cpus = copy("cpuset", true), all_cpus = copy("complete_cpuset", true);
    for (const char* name : {"allowed_cpuset", "online_cpuset"}) copy(name, false);
    if (within_cpus != nullptr && !within(cpus, *within_cpus)) fail("a cpuset that reaches beyond its parent's");
    if (!within(cpus, all_cpus)) fail("a cpuset that reaches beyond the complete one");
    if (without_memory_) return cpus;
    const HwlocWords nodes = copy("nodeset", true), all_nodes = copy("complete_nodeset", true);
    copy("allowed_nodeset", false);
    if (!within(nodes, all_nodes)) fail("a nodeset that reaches beyond the complete one");
    return cpus;
  }

  void check_indices(pugi::xml_node from, Class of, const HwlocWords& cpus) {
    const auto index = hwloc_number(from.attribute("os_index").value());
    if (of == Class::kProcessor || of == Class::kMemory) {
      if (!index || *index > kMaxIndex) return fail("a processor or NUMA node without a number");
      if (!indices_[of].insert(*index).second) return fail("two processors or NUMA nodes of one number");
    }
    if (of == Class::kProcessor && cpus != only(*index)) fail("a processor whose cpuset is not its own");
    if (of == Class::kMemory && hwloc_words(from.attribute("nodeset").value()) == only(*index)) has_memory_ = true;
    const auto id = hwloc_number(from.attribute("gp_index").value());
    if (id && !ids_.emplace(*id, from.attribute("type").value()).second) fail("two objects of one gp_index");
  }

  static HwlocWords only(std::uint64_t member) {
    HwlocWords words(member / 32 + 1, 0);
    words.back() = 1U << (member % 32);
    return words;
  }

  void check_pci(pugi::xml_node from, pugi::xml_node to, Class of) {
    const std::string kind = from.attribute("bridge_type").value();
    const bool host = of == Class::kBridge && kind == "0-1";
    if (of == Class::kBridge && !host && kind != "1-1") return fail("a bridge of another kind");
    if (of == Class::kBridge) to.append_attribute("bridge_type") = kind.c_str();
    if (of == Class::kBridge && (!from.attribute("bridge_pci") || !from.attribute("depth")))
      return fail("a bridge without its buses");
    if (!host && (!from.attribute("pci_busid") || !from.attribute("pci_type")))
      return fail("a PCI function without address or type");
  }

  static void copy_info(pugi::xml_node from, pugi::xml_node to) {
    const std::string_view name = from.attribute("name").value(), value = from.attribute("value").value();
    if (name.empty() || name.size() > kMaxString || value.size() > kMaxString) return;
    pugi::xml_node info = to.append_child("info");
    info.append_attribute("name") = from.attribute("name").value();
    info.append_attribute("value") = from.attribute("value").value();
  }

  void copy_matrix(pugi::xml_node from, pugi::xml_node to) {
    const std::string_view name = from.attribute("name").value();
    if (name != "NVLinkBandwidth" && name != "XGMIBandwidth") return;
    const auto count = hwloc_number(from.attribute("nbobjs").value());
    const bool mixed = std::string_view(from.name()) == "distances2hetero";
    const std::string type = from.attribute("type").value(), indexing = from.attribute("indexing").value();
    if (!count || *count < 2 || *count > kMaxMatrix || !hwloc_number(from.attribute("kind").value()))
      return fail("a matrix of no size or kind");
    if (!mixed && (type != "OSDev" || indexing != "gp")) return;  // not between devices
    pugi::xml_node matrix = to.append_child(from.name());
    if (!mixed) matrix.append_attribute("type") = "OSDev";
    for (const char* attribute : {"nbobjs", "kind", "name"})
      matrix.append_attribute(attribute) = from.attribute(attribute).value();
    if (!mixed) matrix.append_attribute("indexing") = "gp";
    copy_words(from, matrix, "indexes", *count, [&](const std::string& word) { return is_known(word, mixed); });
    copy_words(from, matrix, "u64values", *count * *count,
               [](const std::string& word) { return hwloc_number(word).has_value(); });
  }

  // Whether it is the gp_index of an object, in a mixed matrix with its type before it.
  bool is_known(const std::string& word, bool mixed) {
    const std::size_t colon = mixed ? word.find(':') : std::string::npos;
    const auto id = hwloc_number(mixed ? std::string_view(word).substr(std::min(colon + 1, word.size())) : word);
    const auto found = id ? ids_.find(*id) : ids_.end();
    if (found == ids_.end() || (mixed && colon == std::string::npos)) return false;
    return found->second == (mixed ? word.substr(0, colon) : "OSDev");
  }

  // In pieces of ten words, each with its length, as hwloc writes them.
  template <typename Good>
  void copy_words(pugi::xml_node from, pugi::xml_node to, const char* name, std::size_t count, Good good) {
    std::string all, line;
    for (pugi::xml_node piece : from.children(name)) all += std::string(piece.child_value()) + " ";
    std::istringstream words(all);
    std::size_t seen = 0;
    const auto flush = [&] {
      if (line.empty()) return;
      pugi::xml_node piece = to.append_child(name);
      piece.append_attribute("length") = static_cast<unsigned long long>(line.size());
      piece.append_child(pugi::node_pcdata).set_value(line.c_str());
      line.clear();
    };
    for (std::string word; words >> word && seen <= count;) {
      if (!good(word)) return fail("a matrix with \"" + word.substr(0, 40) + "\" in it");
      line += word + " ";
      if (++seen % 10 == 0) flush();
    }
    flush();
    if (seen != count) fail("a matrix with more or fewer entries than it says");
  }

  pugi::xml_document to_;
  Status status_;
  bool first_format_ = false;
  bool without_memory_ = false;  // a file of the first format that knows no NUMA node: hwloc makes one
  bool has_memory_ = false;      // a NUMA node that is the one of its set was seen
  int objects_ = 0;
  std::map<Class, std::set<std::uint64_t>> indices_;
  std::map<std::uint64_t, std::string> ids_;  // types, by gp_index
};

}  // namespace

Result<std::string> clean_hwloc_xml(std::string_view xml) { return Cleaner().clean(xml); }

}  // namespace Atoll
