#include "runtime/base/resources.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <limits>

#include "runtime/base/check.h"

namespace Atoll {
namespace {

std::string memory_words(std::uint64_t bytes) {
  constexpr std::uint64_t kGiB = 1ULL << 30, kMiB = 1ULL << 20;
  if (bytes % kGiB == 0) return std::to_string(bytes / kGiB) + " GiB";
  if (bytes % kMiB == 0 && bytes < kGiB) return std::to_string(bytes / kMiB) + " MiB";
  if (bytes < kMiB) return std::to_string(bytes) + " B";
  char text[32];
  std::snprintf(text, sizeof text, "%.1f GiB", static_cast<double>(bytes) / kGiB);
  return text;
}

std::uint64_t saturated_sum(std::uint64_t a, std::uint64_t b) {
  return b > std::numeric_limits<std::uint64_t>::max() - a ? std::numeric_limits<std::uint64_t>::max() : a + b;
}

Fixed saturated_sum(Fixed a, Fixed b) {
  std::int64_t units = 0;
  if (!__builtin_add_overflow(a.units(), b.units(), &units)) return Fixed::raw(units);
  using Units = std::numeric_limits<std::int64_t>;
  return Fixed::raw(a.units() > 0 ? Units::max() : Units::min());
}

bool is_negative(Fixed amount) { return amount < Fixed(); }

}  // namespace

Resources& Resources::operator+=(const Resources& other) {
  cpu = saturated_sum(cpu, other.cpu);
  gpu = saturated_sum(gpu, other.gpu);
  memory = saturated_sum(memory, other.memory);
  for (const auto& [name, amount] : other.custom)
    if (!amount.is_zero()) custom[name] = saturated_sum(custom[name], amount);
  return *this;
}

Resources& Resources::operator-=(const Resources& other) {
  ATOLL_CHECK(covers(*this, other), Atoll::to_string(*this), Atoll::to_string(other));
  cpu -= other.cpu;
  gpu -= other.gpu;
  memory -= other.memory;
  for (const auto& [name, amount] : other.custom)
    if (!amount.is_zero()) custom[name] -= amount;
  return *this;
}

bool covers(const Resources& have, const Resources& need) {
  // Of CPUs there can be fewer than none (LEDGER-7): a request of none still fits.
  if ((have.cpu < need.cpu && !need.cpu.is_zero()) || have.gpu < need.gpu || have.memory < need.memory) return false;
  for (const auto& [name, amount] : need.custom) {
    if (amount.is_zero()) continue;
    const auto found = have.custom.find(name);
    if (found == have.custom.end() || found->second < amount) return false;
  }
  return true;
}

bool Resources::is_zero() const {
  for (const auto& [name, amount] : custom)
    if (!amount.is_zero()) return false;
  return cpu.is_zero() && gpu.is_zero() && memory == 0;
}

Status check_request(const Resources& request) {
  bool negative = is_negative(request.cpu) || is_negative(request.gpu);
  for (const auto& [name, amount] : request.custom) negative |= is_negative(amount);
  if (negative)
    return Status(Code::kInvalidArgument, "a request cannot be negative: " + to_string(request));
  if (request.gpu > Fixed::whole(1) && !request.gpu.is_whole())
    return Status(Code::kInvalidArgument,
                  "a request of more than one GPU must be whole, not " +
                      request.gpu.to_string());
  for (const auto& [name, amount] : request.custom)
    if (name.empty() || name == "cpu" || name == "gpu" || name == "memory")
      return Status(Code::kInvalidArgument,
                    "a custom resource cannot be called '" + name + "'");
  return Status();
}

Result<std::map<std::string, Fixed>> parse_custom_resources(const std::string& text) {
  Resources parsed;
  std::istringstream entries(text);
  for (std::string entry; std::getline(entries, entry, ',');) {
    const std::size_t equals = entry.find('=');
    const std::string name = entry.substr(0, equals);
    const Status malformed(Code::kInvalidArgument, "'" + entry + "' is no resource; write NAME=AMOUNT, e.g. license=4");
    if (equals == std::string::npos || name.find_first_of(" \t") != std::string::npos) return malformed;
    char* end = nullptr;
    const std::string number = entry.substr(equals + 1);
    const double amount = std::strtod(number.c_str(), &end);
    if (number.empty() || *end != '\0') return malformed;
    const Result<Fixed> fixed = Fixed::from_double(amount);
    if (!fixed.ok()) return fixed.status().prefixed(name);
    if (!parsed.custom.emplace(name, *fixed).second)
      return Status(Code::kInvalidArgument, "the resource " + name + " is named twice");
  }
  if (const Status status = check_request(parsed); !status.ok()) return status;
  return parsed.custom;
}

std::string to_string(const Resources& resources) {
  std::string text;
  const auto add = [&text](const std::string& part) {
    text += (text.empty() ? "" : ", ") + part;
  };
  if (!resources.cpu.is_zero()) add(resources.cpu.to_string() + " cpu");
  if (!resources.gpu.is_zero()) add(resources.gpu.to_string() + " gpu");
  if (resources.memory != 0) add(memory_words(resources.memory) + " memory");
  for (const auto& [name, amount] : resources.custom)
    if (!amount.is_zero()) add(amount.to_string() + " " + name);
  return text.empty() ? "nothing" : text;
}

}  // namespace Atoll
