#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "runtime/base/status.h"

namespace Atoll {

// An amount of a resource in units of 1/10,000 (DESIGN: resources are fixed
// point). Sums and differences are exact.
class Fixed {
 public:
  static constexpr std::int64_t kScale = 10'000;

  constexpr Fixed() = default;
  static constexpr Fixed whole(std::int64_t n) { return raw(n * kScale); }
  static constexpr Fixed raw(std::int64_t units) {
    Fixed fixed;
    fixed.units_ = units;
    return fixed;
  }

  // `amount` rounded to the nearest unit: 0.57 is 5,700 units, not 5,699.
  // Fails for NaN, infinities, negatives, amounts above 2^53 units, and
  // positive amounts that round to nothing.
  static Result<Fixed> from_double(double amount);

  constexpr std::int64_t units() const { return units_; }
  constexpr bool is_zero() const { return units_ == 0; }
  constexpr bool is_whole() const { return units_ % kScale == 0; }
  double to_double() const { return static_cast<double>(units_) / kScale; }
  // The shortest decimal: "2", "0.25".
  std::string to_string() const;

  constexpr Fixed& operator+=(Fixed other) { units_ += other.units_; return *this; }
  constexpr Fixed& operator-=(Fixed other) { units_ -= other.units_; return *this; }
  friend constexpr Fixed operator+(Fixed a, Fixed b) { return a += b; }
  friend constexpr Fixed operator-(Fixed a, Fixed b) { return a -= b; }
  friend constexpr auto operator<=>(Fixed, Fixed) = default;

 private:
  std::int64_t units_ = 0;
};

inline std::ostream& operator<<(std::ostream& out, Fixed fixed) {
  return out << fixed.to_string();
}

}  // namespace Atoll
