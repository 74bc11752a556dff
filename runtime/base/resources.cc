#include "runtime/base/resources.h"

#include <cstdio>

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

}  // namespace

bool Resources::is_zero() const {
  for (const auto& [name, amount] : custom)
    if (!amount.is_zero()) return false;
  return cpu.is_zero() && gpu.is_zero() && memory == 0;
}

Status check_request(const Resources& request) {
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
