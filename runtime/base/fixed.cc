#include "runtime/base/fixed.h"

#include <cmath>

namespace Atoll {

Result<Fixed> Fixed::from_double(double amount) {
  constexpr double kMax = 9007199254740992.0;  // 2^53: doubles are exact below
  if (!std::isfinite(amount) || amount < 0)
    return Status(Code::kInvalidArgument,
                  "an amount of a resource is a number of 0 or more, not " +
                      std::to_string(amount));
  const double units = std::round(amount * kScale);
  if (units > kMax)
    return Status(Code::kInvalidArgument,
                  "an amount of " + std::to_string(amount) + " is too large");
  if (units == 0 && amount > 0)
    return Status(Code::kInvalidArgument,
                  "an amount below 0.0001 cannot be granted; ask for 0 or more than that");
  return Fixed::raw(static_cast<std::int64_t>(units));
}

std::string Fixed::to_string() const {
  std::string text = std::to_string(units_ / kScale);
  std::int64_t rest = units_ % kScale;
  if (rest == 0) return text;
  if (rest < 0) {
    rest = -rest;
    if (units_ > -kScale) text = "-" + text;
  }
  std::string digits = std::to_string(kScale + rest).substr(1);
  while (digits.back() == '0') digits.pop_back();
  return text + "." + digits;
}

}  // namespace Atoll
