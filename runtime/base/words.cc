#include "runtime/base/words.h"

#include <cmath>
#include <cstdio>

namespace Atoll {

std::string format_bytes(std::uint64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes);
  int unit = 0;
  for (; value >= 1024 && unit < 6; ++unit) value /= 1024;
  char text[32];
  const bool whole = value >= 100 || value == std::floor(value);
  std::snprintf(text, sizeof text, whole ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text;
}

std::string format_duration(Duration duration) {
  const double tenths = std::round(seconds(duration) * 10);
  char text[32];
  std::snprintf(text, sizeof text, std::fmod(tenths, 10) == 0 ? "%.0f s" : "%.1f s", tenths / 10);
  return text;
}

}  // namespace Atoll
