#include <charconv>
#include <map>
#include <set>
#include <sstream>

#include "topology/text.h"

namespace Atoll {

namespace {

constexpr std::uint64_t kMiB = 1 << 20;

// The string as one word of the text, without these characters in it.
std::string word(std::string text, std::string_view without = " \t\r\n#") {
  for (char& c : text)
    if (without.find(c) != std::string_view::npos) c = '_';
  return text;
}

std::string nic_word(const std::string& name) { return word(name, " \t\r\n#,"); }

// The shortest number that reads as the same double.
std::string shortest(double number) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, number).ptr};
}

void print_pair(std::ostream& out, const char* key, const std::string& value) {
  if (!value.empty()) out << ' ' << key << ' ' << word(value);
}

void print_numa_number(std::ostream& out, const std::optional<int>& numa) {
  if (numa) out << " numa " << *numa;
}

void print_numa(std::ostream& out, const NumaNode& node) {
  out << "numa " << node.index;
  if (!node.cpus.empty()) out << " cpus " << to_string(node.cpus);
  if (node.memory / kMiB != 0) out << " memory " << node.memory / kMiB;
  out << '\n';
}

void print_gpu(std::ostream& out, const GpuInfo& gpu) {
  out << "gpu " << gpu.index;
  print_numa_number(out, gpu.numa);
  print_pair(out, "uuid", gpu.uuid);
  print_pair(out, "pci", gpu.pci);
  print_pair(out, "model", gpu.model);
  std::string nics;
  for (const std::string& nic : gpu.nics) nics += (nics.empty() ? " nics " : ",") + nic_word(nic);
  out << nics << '\n';
}

void print_nic(std::ostream& out, const Nic& nic) {
  out << "nic " << nic_word(nic.name);
  print_numa_number(out, nic.numa);
  print_pair(out, "pci", nic.pci);
  out << '\n';
}

void print_speed(std::ostream& out, const Link& link) {
  out << " lanes " << link.lanes << " gbps " << shortest(link.gbps) << '\n';
}

// Pairs of GPUs that are joined through a switch alike.
class Switched {
 public:
  void add(const Link& link) {
    pairs_.insert({link.a, link.b});
    like_ = link;
  }

  // Lines of ever the first GPUs that are all joined to each other, until each pair is on one line.
  void print(std::ostream& out) {
    while (!pairs_.empty()) {
      CpuList gpus = {pairs_.begin()->first, pairs_.begin()->second};
      for (auto next = std::next(pairs_.begin()); next != pairs_.end() && next->first == gpus[0]; ++next)
        if (joined(gpus, next->second)) gpus.push_back(next->second);
      for (int a : gpus)
        for (int b : gpus) pairs_.erase({a, b});
      out << "switch " << to_string(gpus);
      print_speed(out, like_);
    }
  }

 private:
  bool joined(const CpuList& gpus, int other) const {
    for (int gpu : gpus)
      if (!pairs_.contains({gpu, other})) return false;
    return true;
  }

  std::set<std::pair<int, int>> pairs_;
  Link like_;
};

void print_links(std::ostream& out, const std::vector<Link>& links) {
  std::map<std::pair<int, double>, Switched> switches;
  for (const Link& link : links) {
    if (link.via_switch) {
      switches[{link.lanes, link.gbps}].add(link);
      continue;
    }
    out << "link " << link.a << ' ' << link.b << (link.kind == LinkKind::kXgmi ? " xgmi" : " nvlink");
    print_speed(out, link);
  }
  for (auto& [speed, pairs] : switches) pairs.print(out);
}

}  // namespace

std::string print_machine(const Machine& machine) {
  std::ostringstream out;
  if (!machine.name.empty()) out << "machine " << word(machine.name) << '\n';
  for (const NumaNode& node : machine.numa) print_numa(out, node);
  for (const GpuInfo& gpu : machine.gpus) print_gpu(out, gpu);
  for (const Nic& nic : machine.nics) print_nic(out, nic);
  print_links(out, machine.links);
  if (machine.fabric)
    out << "fabric " << word(machine.fabric->uuid) << '.' << machine.fabric->clique
        << (machine.fabric->usable ? "" : " unusable") << '\n';
  return out.str();
}

}  // namespace Atoll
