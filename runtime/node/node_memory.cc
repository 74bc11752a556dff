#include "runtime/node/node_memory.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "runtime/base/read_file.h"

namespace Atoll {
namespace {

// No memory of this size exists; version 1 writes LONG_MAX rounded to pages for "none", version 2 "max".
constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 60;

std::optional<std::uint64_t> number_in(const std::string& file) {
  const std::string text = read_file(file).value_or("");
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  return number;
}

// The number behind `name` in lines such as "inactive_file 4096" or "MemTotal:  8 kB".
std::uint64_t field(const std::string& text, const std::string& name) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name) || line.size() == name.size() || (line[name.size()] != ' ' && line[name.size()] != ':')) continue;
    const std::size_t digit = line.find_first_of("0123456789", name.size());
    std::uint64_t number = 0;
    if (digit != std::string::npos) std::from_chars(line.data() + digit, line.data() + line.size(), number);
    return number;
  }
  return 0;
}

std::optional<MemoryReading> read_group(const MemoryGroup& group) {
  const bool is_new = group.version == 2;
  const std::optional<std::uint64_t> limit = number_in(group.file(is_new ? "memory.max" : "memory.limit_in_bytes"));
  if (!limit || *limit == 0 || *limit >= kNoLimit) return std::nullopt;
  const std::optional<std::uint64_t> all = number_in(group.file(is_new ? "memory.current" : "memory.usage_in_bytes"));
  if (!all) return std::nullopt;
  const std::string counts = read_file(group.file("memory.stat")).value_or("");
  const std::string prefix = is_new ? "" : "total_";  // with the groups below
  const std::uint64_t files = field(counts, prefix + "inactive_file") + field(counts, prefix + "active_file");
  return MemoryReading{*all - std::min(files, *all), *limit};
}

std::optional<MemoryReading> read_machine(const std::string& file) {
  const std::string text = read_file(file).value_or("");
  const std::uint64_t all = field(text, "MemTotal"), left = field(text, "MemAvailable");
  if (all == 0) return std::nullopt;
  return MemoryReading{(all - std::min(left, all)) << 10, all << 10};
}

}  // namespace

NodeMemory::NodeMemory(std::string_view own, const std::string& root, std::string machine) : machine_(std::move(machine)) {
  for (MemoryGroup group : memory_groups(own, root)) {
    groups_.push_back(group);
    while (!group.path.empty()) {
      group.path.resize(group.path.find_last_of('/') == std::string::npos ? 0 : group.path.find_last_of('/'));
      groups_.push_back(group);
    }
  }
  std::erase_if(groups_, [](const MemoryGroup& group) { return !read_file(group.file("memory.stat")); });
}

NodeMemory NodeMemory::of_this_process() {
  return NodeMemory(read_file("/proc/self/cgroup").value_or(""), "/sys/fs/cgroup", "/proc/meminfo");
}

std::optional<MemoryReading> NodeMemory::read() const {
  std::optional<MemoryReading> tightest;
  const auto share = [](const MemoryReading& reading) {
    return static_cast<double>(reading.used) / static_cast<double>(reading.limit);
  };
  for (const MemoryGroup& group : groups_)
    if (const std::optional<MemoryReading> reading = read_group(group);
        reading && (!tightest || share(*reading) > share(*tightest)))
      tightest = reading;
  return tightest ? tightest : read_machine(machine_);
}

std::uint64_t private_memory(pid_t process, const std::string& proc) {
  // Pages: all, resident, of them shared ones.
  std::istringstream pages(read_file(proc + "/" + std::to_string(process) + "/statm").value_or(""));
  std::uint64_t all = 0, resident = 0, shared = 0;
  if (!(pages >> all >> resident >> shared)) return 0;
  return (resident - std::min(shared, resident)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace Atoll
