#include "topology/cpus.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>

namespace Atoll {

namespace {

constexpr int kMaxNumber = 65535;

std::optional<int> parse_number(std::string_view text) {
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0 || number > kMaxNumber)
    return std::nullopt;
  return number;
}

bool add_range(std::string_view range, CpuList& cpus) {
  const std::size_t dash = range.find('-');
  const auto first = parse_number(range.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_number(range.substr(dash + 1));
  if (!first || !last || *last < *first) return false;
  for (int cpu = *first; cpu <= *last; ++cpu) cpus.push_back(cpu);
  return true;
}

}  // namespace

Result<CpuList> parse_cpu_list(std::string_view text) {
  CpuList cpus;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t comma = rest.find(',');
    const bool trailing = comma != std::string_view::npos && comma + 1 == rest.size();
    if (trailing || !add_range(rest.substr(0, comma), cpus) || cpus.size() > 2 * kMaxNumber)
      return Status(Code::kInvalidArgument,
                    "\"" + std::string(text.substr(0, 100)) + "\" is no list of numbers such as 0-3,8");
    rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
  }
  std::sort(cpus.begin(), cpus.end());
  cpus.erase(std::unique(cpus.begin(), cpus.end()), cpus.end());
  return cpus;
}

std::string to_string(const CpuList& cpus) {
  std::string text;
  for (std::size_t first = 0, last = 0; first < cpus.size(); first = last + 1) {
    for (last = first; last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1;) ++last;
    if (!text.empty()) text += ',';
    text += std::to_string(cpus[first]);
    if (last > first) text += '-' + std::to_string(cpus[last]);
  }
  return text;
}

CpuList intersect(const CpuList& a, const CpuList& b) {
  CpuList both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return both;
}

CpuList unite(const CpuList& a, const CpuList& b) {
  CpuList either;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(either));
  return either;
}

}  // namespace Atoll
