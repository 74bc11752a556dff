#pragma once

#include <deque>

#include "runtime/base/clock.h"
#include "runtime/client/call.h"

namespace Atoll {

// What failed last of what a process owns: for people who look. Errors are rare; what ends well is only counted, by
// others.
class FailureLog {
 public:
  struct Failed {
    ObjectId object;  // the result
    Failure error;
    Time when{};
  };

  void note(Time now, ObjectId object, const Failure& error) {
    ++count_;
    failed_.push_back({object, shortened(error), now});
    if (failed_.size() > kKept) failed_.pop_front();
  }
  // The oldest first.
  const std::deque<Failed>& all() const { return failed_; }
  std::uint64_t count() const { return count_; }

  static constexpr std::size_t kKept = 1'000;
  static constexpr std::size_t kMostWords = 1'000;  // bytes of an error's message that are kept

 private:
  // The user's words may be of any length, and would be kept for as long.
  static Failure shortened(const Failure& error) {
    if (error->message.size() <= kMostWords) return error;
    ErrorInfo cut = *error;
    cut.message = cut.message.substr(0, kMostWords) + "...";
    return cut;
  }

  std::deque<Failed> failed_;
  std::uint64_t count_ = 0;
};

}  // namespace Atoll
