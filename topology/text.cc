#include "topology/text.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <vector>

namespace Atoll {

namespace {

constexpr std::size_t kMaxTextBytes = 1 << 20;
constexpr std::uint64_t kMiB = 1 << 20;
constexpr int kMaxIndex = 4095;

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> words;
  for (std::size_t at = 0; (at = text.find_first_not_of(separators, at)) != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(separators, at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

std::optional<std::uint64_t> to_number(const std::string& word, std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size() || number > most) return std::nullopt;
  return number;
}

// Reads a text line by line into a Machine. The first error stays.
class Reader {
 public:
  Result<Machine> read(std::string_view text) {
    for (std::size_t at = 0; at <= text.size() && status_.ok(); ++number_) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      read_line(text.substr(at, end - at));
      at = end + 1;
    }
    if (status_.ok()) finish();
    if (!status_.ok()) return status_;
    return std::move(machine_);
  }

 private:
  using Values = std::map<std::string, std::string>;

  void fail(const std::string& why) { fail_at(number_, why); }

  void fail_at(int line, const std::string& why) {
    if (status_.ok()) status_ = Status(Code::kInvalidArgument, "line " + std::to_string(line) + ": " + why);
  }

  void read_line(std::string_view line) {
    const std::vector<std::string> words = split(line.substr(0, line.find('#')), " \t\r");
    if (words.empty()) return;
    if (words[0] == "machine") return read_machine(words);
    if (words[0] == "numa") return read_numa(words);
    if (words[0] == "gpu") return read_gpu(words);
    fail("expected \"machine\", \"numa\" or \"gpu\", not \"" + words[0].substr(0, 40) + "\"");
  }

  void read_machine(const std::vector<std::string>& words) {
    if (words.size() != 2) return fail("expected \"machine\" and one name");
    if (!machine_.name.empty()) return fail("a second name; the machine is " + machine_.name);
    machine_.name = words[1];
  }

  void read_numa(const std::vector<std::string>& words) {
    NumaNode node;
    node.index = read_index(words, numa_lines_);
    Values values = read_values(words, {"cpus", "memory"});
    if (values.contains("cpus")) {
      const Result<CpuList> cpus = parse_cpu_list(values["cpus"]);
      if (!cpus.ok()) return fail("expected CPUs such as 0-3,8 after \"cpus\", not \"" + values["cpus"] + "\"");
      node.cpus = *cpus;
    }
    if (values.contains("memory")) {
      const auto mebibytes = to_number(values["memory"], 1ULL << 40);
      if (!mebibytes) return fail("expected MiB, a whole number, after \"memory\", not \"" + values["memory"] + "\"");
      node.memory = *mebibytes * kMiB;
    }
    machine_.numa.push_back(std::move(node));
  }

  void read_gpu(const std::vector<std::string>& words) {
    GpuInfo gpu;
    gpu.index = read_index(words, gpu_lines_);
    Values values = read_values(words, {"numa", "uuid", "pci", "model", "nics"});
    if (values.contains("numa")) {
      const auto numa = to_number(values["numa"], kMaxIndex);
      if (!numa) return fail("expected a NUMA node's number after \"numa\", not \"" + values["numa"] + "\"");
      gpu.numa = static_cast<int>(*numa);
    }
    gpu.uuid = values["uuid"];
    gpu.pci = values["pci"];
    gpu.model = values["model"];
    gpu.nics = split(values["nics"], ",");
    if (!gpu.uuid.empty() && !uuids_.insert(gpu.uuid).second) return fail("another GPU has the uuid " + gpu.uuid);
    machine_.gpus.push_back(std::move(gpu));
  }

  // The number after the kind; `lines` remembers where each was declared.
  int read_index(const std::vector<std::string>& words, std::map<int, int>& lines) {
    const auto index = words.size() < 2 ? std::nullopt : to_number(words[1], kMaxIndex);
    if (!index) {
      fail("expected a number from 0 to " + std::to_string(kMaxIndex) + " after \"" + words[0] + "\"");
      return 0;
    }
    const auto [first, fresh] = lines.emplace(static_cast<int>(*index), number_);
    if (!fresh) fail(words[0] + " " + words[1] + " again; it is on line " + std::to_string(first->second));
    return static_cast<int>(*index);
  }

  Values read_values(const std::vector<std::string>& words, const std::vector<std::string>& keys) {
    Values values;
    for (std::size_t i = 2; i < words.size(); i += 2) {
      if (std::find(keys.begin(), keys.end(), words[i]) == keys.end())
        fail("expected " + list(keys) + ", not \"" + words[i].substr(0, 40) + "\"");
      if (i + 1 == words.size())
        fail("expected a value after \"" + words[i] + "\"");
      else if (!values.emplace(words[i], words[i + 1]).second)
        fail("\"" + words[i] + "\" twice");
    }
    return status_.ok() ? values : Values();
  }

  static std::string list(const std::vector<std::string>& keys) {
    std::string text;
    for (const std::string& key : keys) text += (text.empty() ? "" : &key == &keys.back() ? " or " : ", ") + key;
    return text;
  }

  void finish() {
    const auto by_index = [](const auto& a, const auto& b) { return a.index < b.index; };
    std::sort(machine_.numa.begin(), machine_.numa.end(), by_index);
    std::sort(machine_.gpus.begin(), machine_.gpus.end(), by_index);
    for (const GpuInfo& gpu : machine_.gpus) {
      if (gpu.numa && !find_numa(machine_, *gpu.numa))
        fail_at(gpu_lines_[gpu.index],
                "expected a line \"numa " + std::to_string(*gpu.numa) + " …\" for this GPU somewhere");
    }
    for (const NumaNode& node : machine_.numa) {
      if (!intersect(machine_.cpus, node.cpus).empty()) fail_at(numa_lines_[node.index], "a CPU of another NUMA node");
      machine_.cpus = unite(machine_.cpus, node.cpus);
      machine_.memory += node.memory;
    }
    machine_.synthetic = true;
  }

  Machine machine_;
  Status status_;
  int number_ = 1;
  std::map<int, int> numa_lines_, gpu_lines_;
  std::set<std::string> uuids_;
};

void print_pair(std::ostream& out, const char* key, const std::string& value) {
  if (!value.empty()) out << ' ' << key << ' ' << value;
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

}  // namespace

Result<Machine> parse_machine(std::string_view text) {
  if (text.size() > kMaxTextBytes)
    return Status(Code::kInvalidArgument, "longer than 1 MiB: no description of a machine");
  return Reader().read(text);
}

std::string print_machine(const Machine& machine) {
  std::ostringstream out;
  if (!machine.name.empty()) out << "machine " << machine.name << '\n';
  for (const NumaNode& node : machine.numa) {
    out << "numa " << node.index;
    print_pair(out, "cpus", to_string(node.cpus));
    print_pair(out, "memory", node.memory == 0 ? "" : std::to_string(node.memory / kMiB));
    out << '\n';
  }
  for (const GpuInfo& gpu : machine.gpus) {
    out << "gpu " << gpu.index;
    print_pair(out, "numa", gpu.numa ? std::to_string(*gpu.numa) : "");
    print_pair(out, "uuid", gpu.uuid);
    print_pair(out, "pci", gpu.pci);
    print_pair(out, "model", gpu.model);
    print_pair(out, "nics", join(gpu.nics));
    out << '\n';
  }
  return out.str();
}

Result<Machine> load_machine(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxTextBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) return Status(Code::kNotFound, path + ": cannot be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  Result<Machine> machine = parse_machine(text);
  if (!machine.ok()) return machine.status().prefixed(path);
  return machine;
}

}  // namespace Atoll
