#pragma once

#include <utility>

#include "runtime/base/clock.h"

namespace Atoll {

// Lets one log line a second through and counts the others, for lines that a
// stranger can provoke at will.
class LogLimit {
 public:
  bool allow(Time now) {
    if (now < next_) {
      ++withheld_;
      return false;
    }
    next_ = now + std::chrono::seconds(1);
    return true;
  }
  // How many were withheld since the last call.
  unsigned take_withheld() { return std::exchange(withheld_, 0u); }

 private:
  Time next_{};
  unsigned withheld_ = 0;
};

}  // namespace Atoll
