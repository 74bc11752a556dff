#include "runtime/state/words.h"

#include <iterator>

namespace Atoll {
namespace {

// By number; what comes from a later version may be beyond.
template <typename Enum, std::size_t kCount>
const char* word_of(const char* const (&words)[kCount], Enum value) {
  const auto place = static_cast<std::size_t>(value);
  return place < kCount ? words[place] : "unknown";
}

}  // namespace

const char* to_string(NodeState state) {
  static constexpr const char* kWords[] = {"joining", "alive", "dead"};
  return word_of(kWords, state);
}

const char* to_string(ActorState state) {
  static constexpr const char* kWords[] = {"pending", "starting", "alive", "restarting", "dead"};
  return word_of(kWords, state);
}

const char* to_string(GroupState state) {
  static constexpr const char* kWords[] = {"pending", "created", "rescheduling", "infeasible", "removed"};
  return word_of(kWords, state);
}

const char* to_string(ErrorKind kind) {
  static constexpr const char* kWords[] = {"task failed",    "worker died",  "actor died",       "actor unavailable",
                                           "infeasible",     "object lost",  "unknown function", "bad arguments",
                                           "cancelled",      "cluster lost", "group removed",    "nested too deep",
                                           "too many calls", "out of memory"};
  return word_of(kWords, kind);
}

}  // namespace Atoll
