#include "topology/text_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "topology/pair_speed.h"

namespace Atoll {

namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr int kMaxIndex = 4095;
constexpr std::size_t kMaxGpus = 1024;
constexpr int kMaxLanes = 1024;
constexpr double kMaxGbps = 1e6;

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> words;
  for (std::size_t at = 0; (at = text.find_first_not_of(separators, at)) != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(separators, at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

template <typename Number>
std::optional<Number> to_number(std::string_view word, Number most) {
  Number number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size() || !(number >= 0 && number <= most)) return std::nullopt;
  return number;
}

std::string list(const std::vector<std::string>& keys) {
  std::string text;
  for (const std::string& key : keys) text += (text.empty() ? "" : &key == &keys.back() ? " or " : ", ") + key;
  return text;
}

std::string value_of(const std::map<std::string, std::string>& values, const std::string& key) {
  const auto found = values.find(key);
  return found == values.end() ? "" : found->second;
}

bool all_zero(std::string_view uuid) { return uuid.find_first_not_of("0-") == std::string_view::npos; }

}  // namespace

Result<Machine> TextReader::read(std::string_view text) {
  for (std::size_t at = 0; at <= text.size() && status_.ok(); ++number_) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    read_line(text.substr(at, end - at));
    at = end + 1;
  }
  if (status_.ok()) finish();
  if (!status_.ok()) return status_;
  return std::move(machine_);
}

void TextReader::fail_at(int line, const std::string& why) {
  if (status_.ok()) status_ = Status(Code::kInvalidArgument, "line " + std::to_string(line) + ": " + why);
}

void TextReader::read_line(std::string_view line) {
  const Words words = split(line.substr(0, line.find('#')), " \t\r");
  if (words.empty()) return;
  if (words[0] == "machine") return read_name(words);
  if (words[0] == "numa") return read_numa(words);
  if (words[0] == "gpu") return read_gpu(words);
  if (words[0] == "nic") return read_nic(words);
  if (words[0] == "link") return read_link(words);
  if (words[0] == "switch") return read_switch(words);
  if (words[0] == "fabric") return read_fabric(words);
  fail("expected machine, numa, gpu, nic, link, switch or fabric, not \"" + words[0].substr(0, 40) + "\"");
}

void TextReader::read_name(const Words& words) {
  if (words.size() != 2) return fail("expected \"machine\" and one name");
  if (!machine_.name.empty()) return fail("a second name; the machine is " + machine_.name);
  machine_.name = words[1];
}

void TextReader::read_numa(const Words& words) {
  NumaNode node;
  node.index = read_index(words, numa_lines_);
  const Values values = read_values(words, 2, {"cpus", "memory"});
  if (values.contains("cpus")) {
    const Result<CpuList> cpus = parse_cpu_list(values.at("cpus"));
    if (!cpus.ok()) return fail("expected CPUs such as 0-3,8 after \"cpus\", not \"" + values.at("cpus") + "\"");
    node.cpus = *cpus;
  }
  if (values.contains("memory")) {
    const auto mebibytes = to_number<std::uint64_t>(values.at("memory"), 1ULL << 40);
    if (!mebibytes) return fail("expected MiB, a whole number, after \"memory\", not \"" + values.at("memory") + "\"");
    node.memory = *mebibytes * kMiB;
  }
  machine_.numa.push_back(std::move(node));
}

void TextReader::read_gpu(const Words& words) {
  GpuInfo gpu;
  gpu.index = read_index(words, gpu_lines_);
  const Values values = read_values(words, 2, {"numa", "uuid", "pci", "model", "nics"});
  gpu.numa = read_numa_number(values);
  gpu.uuid = value_of(values, "uuid");
  gpu.pci = value_of(values, "pci");
  gpu.model = value_of(values, "model");
  gpu.nics = split(value_of(values, "nics"), ",");
  if (!gpu.uuid.empty() && !uuids_.insert(gpu.uuid).second) return fail("another GPU has the uuid " + gpu.uuid);
  if (machine_.gpus.size() == kMaxGpus) return fail("more than " + std::to_string(kMaxGpus) + " GPUs");
  machine_.gpus.push_back(std::move(gpu));
}

void TextReader::read_nic(const Words& words) {
  if (words.size() < 2 || words[1].find(',') != std::string::npos)
    return fail("expected a name without commas after \"nic\"");
  const auto [first, fresh] = nic_lines_.emplace(words[1], number_);
  if (!fresh) return fail("nic " + words[1] + " again; it is on line " + std::to_string(first->second));
  const Values values = read_values(words, 2, {"numa", "pci"});
  machine_.nics.push_back({words[1], value_of(values, "pci"), read_numa_number(values)});
}

void TextReader::read_link(const Words& words) {
  Joint joint{number_, {}, {}};
  for (std::size_t i : {1U, 2U}) {
    const auto gpu = i < words.size() ? to_number<int>(words[i], kMaxIndex) : std::nullopt;
    if (!gpu) return fail("expected two GPUs' numbers after \"link\"");
    joint.gpus.push_back(*gpu);
  }
  if (joint.gpus[0] == joint.gpus[1]) return fail("a link of GPU " + words[1] + " with itself");
  const std::string kind = words.size() > 3 ? words[3] : "";
  if (kind != "nvlink" && kind != "xgmi") return fail("expected nvlink or xgmi after the GPUs, not \"" + kind + "\"");
  joint.like.kind = kind == "xgmi" ? LinkKind::kXgmi : LinkKind::kNvlink;
  read_speed(read_values(words, 4, {"lanes", "gbps"}), joint.like);
  joints_.push_back(std::move(joint));
}

void TextReader::read_switch(const Words& words) {
  const Result<CpuList> gpus = parse_cpu_list(words.size() < 2 ? "" : words[1]);
  if (!gpus.ok() || gpus->size() < 2) return fail("expected two or more GPUs such as 0-3,6 after \"switch\"");
  Joint joint{number_, *gpus, {}};
  joint.like.via_switch = true;
  read_speed(read_values(words, 2, {"lanes", "gbps"}), joint.like);
  joints_.push_back(std::move(joint));
}

void TextReader::read_fabric(const Words& words) {
  if (machine_.fabric) return fail("a second fabric; a node has one");
  const std::string name = words.size() < 2 ? "" : words[1];
  const std::size_t point = std::min(name.rfind('.'), name.size());
  const auto clique =
      to_number<std::uint32_t>(std::string_view(name).substr(std::min(point + 1, name.size())), UINT32_MAX);
  if (!clique || all_zero(name.substr(0, point)))
    return fail("expected UUID.CLIQUE after \"fabric\", with a UUID that is not zero");
  if (words.size() > 3 || (words.size() == 3 && words[2] != "unusable"))
    return fail("expected \"unusable\" or nothing after the fabric's name");
  machine_.fabric = Fabric{name.substr(0, point), *clique, words.size() == 2};
}

// The number after the kind; `lines` remembers where each was declared.
int TextReader::read_index(const Words& words, std::map<int, int>& lines) {
  const auto index = words.size() < 2 ? std::nullopt : to_number<int>(words[1], kMaxIndex);
  if (!index) {
    fail("expected a number from 0 to " + std::to_string(kMaxIndex) + " after \"" + words[0] + "\"");
    return 0;
  }
  const auto [first, fresh] = lines.emplace(*index, number_);
  if (!fresh) fail(words[0] + " " + words[1] + " again; it is on line " + std::to_string(first->second));
  return *index;
}

TextReader::Values TextReader::read_values(const Words& words, std::size_t from, const Words& keys) {
  Values values;
  for (std::size_t i = from; i < words.size(); i += 2) {
    if (std::find(keys.begin(), keys.end(), words[i]) == keys.end())
      fail("expected " + list(keys) + ", not \"" + words[i].substr(0, 40) + "\"");
    if (i + 1 == words.size())
      fail("expected a value after \"" + words[i] + "\"");
    else if (!values.emplace(words[i], words[i + 1]).second)
      fail("\"" + words[i] + "\" twice");
  }
  return status_.ok() ? values : Values();
}

std::optional<int> TextReader::read_numa_number(const Values& values) {
  if (!values.contains("numa")) return std::nullopt;
  const auto numa = to_number<int>(values.at("numa"), kMaxIndex);
  if (!numa) fail("expected a NUMA node's number after \"numa\", not \"" + values.at("numa") + "\"");
  return numa;
}

void TextReader::read_speed(const Values& values, Link& link) {
  const auto lanes = to_number<int>(value_of(values, "lanes"), kMaxLanes);
  if (!lanes || *lanes == 0)
    return fail("expected \"lanes\" and a number from 1 to " + std::to_string(kMaxLanes) + " for this link");
  link.lanes = *lanes;
  if (!values.contains("gbps")) return;
  const auto gbps = to_number<double>(values.at("gbps"), kMaxGbps);
  if (!gbps || !(*gbps > 0)) return fail("expected GB/s after \"gbps\", not \"" + values.at("gbps") + "\"");
  link.gbps = *gbps;
}

void TextReader::finish() {
  const auto by_index = [](const auto& a, const auto& b) { return a.index < b.index; };
  std::sort(machine_.numa.begin(), machine_.numa.end(), by_index);
  std::sort(machine_.gpus.begin(), machine_.gpus.end(), by_index);
  check_numa();
  add_named_nics();
  for (const Joint& joint : joints_)
    if (status_.ok()) add_links(joint);
  std::sort(machine_.links.begin(), machine_.links.end(),
            [](const Link& x, const Link& y) { return std::pair(x.a, x.b) < std::pair(y.a, y.b); });
  machine_.synthetic = true;
}

void TextReader::check_numa() {
  const auto expect = [&](int line, std::optional<int> numa, const char* whose) {
    if (numa && find_numa(machine_, *numa) == nullptr)
      fail_at(line, "expected a line \"numa " + std::to_string(*numa) + " …\" for this " + whose + " somewhere");
  };
  for (const GpuInfo& gpu : machine_.gpus) expect(gpu_lines_[gpu.index], gpu.numa, "GPU");
  for (const Nic& nic : machine_.nics) expect(nic_lines_[nic.name], nic.numa, "NIC");
  for (const NumaNode& node : machine_.numa) {
    if (!intersect(machine_.cpus, node.cpus).empty()) fail_at(numa_lines_[node.index], "a CPU of another NUMA node");
    machine_.cpus = unite(machine_.cpus, node.cpus);
    machine_.memory += node.memory;
  }
}

void TextReader::add_named_nics() {
  for (const GpuInfo& gpu : machine_.gpus)
    for (const std::string& name : gpu.nics)
      if (nic_lines_.emplace(name, gpu_lines_[gpu.index]).second) machine_.nics.push_back({name, "", {}});
  std::sort(machine_.nics.begin(), machine_.nics.end(), [](const Nic& x, const Nic& y) { return x.name < y.name; });
}

void TextReader::add_links(const Joint& joint) {
  std::vector<const GpuInfo*> gpus;
  for (int index : joint.gpus) {
    gpus.push_back(find_gpu(machine_, index));
    if (gpus.back() == nullptr)
      return fail_at(joint.line, "expected a line \"gpu " + std::to_string(index) + " …\" for this link somewhere");
  }
  for (std::size_t i = 0; i < gpus.size(); ++i)
    for (std::size_t j = i + 1; j < gpus.size() && status_.ok(); ++j) add_link(joint, *gpus[i], *gpus[j]);
}

void TextReader::add_link(const Joint& joint, const GpuInfo& one, const GpuInfo& other) {
  Link link = joint.like;
  link.a = std::min(one.index, other.index);
  link.b = std::max(one.index, other.index);
  const auto [first, fresh] = link_lines_.emplace(std::pair(link.a, link.b), joint.line);
  if (!fresh)
    return fail_at(joint.line, "GPUs " + std::to_string(link.a) + " and " + std::to_string(link.b) +
                                   " are joined already, on line " + std::to_string(first->second));
  if (link.gbps == 0) link.gbps = pair_gbps(link.kind, one.model, other.model, link.lanes);
  machine_.links.push_back(link);
}

}  // namespace Atoll
