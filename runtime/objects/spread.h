#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "runtime/wire/contact.h"

namespace Atoll {

// Of one copy of an object: which daemons fetch it or have fetched it, and from whom each is to read it, so that one to many
// goes by tree. Kept by the copy's daemon, its keeper; without I/O.
//
// SPREAD-1 nobody, the keeper included, serves more than kMostServed at one time
// SPREAD-2 who asks waits only while all that have it serve so many; in order
// SPREAD-3 who serves least is chosen, and of those the keeper last
// SPREAD-4 who could not be read from, gave it up or ended serves nobody any more
class Spread {
 public:
  Spread() { add_source(ProcessId::kNone); }

  // `reader` begins, or its source did not do: it wants another.
  void ask(const Contact& reader, std::uint64_t request);
  // It has all of it now, and numbers it so.
  void has_it(ProcessId reader, std::uint64_t copy);
  // It neither has nor wants it any more.
  void forget(ProcessId reader);
  // Those that have it are going to free it: forgets and returns them.
  std::vector<ProcessId> forget_those_who_have_it();

  // From whom `reader` is to read: a daemon and its number of it, or the keeper if there is none.
  struct Turn {
    ProcessId reader = ProcessId::kNone;
    std::uint64_t request = 0;
    Contact source;
    std::uint64_t copy = 0;
  };
  // The next that may begin.
  std::optional<Turn> next();

  // All that ask, read or have it.
  std::vector<ProcessId> members() const;
  // Those that ask and have not begun, and their requests.
  std::vector<std::pair<ProcessId, std::uint64_t>> waiting() const;

 private:
  struct Member {
    Contact contact;
    std::uint64_t request = 0;
    std::uint64_t copy = 0;     // 0: it has none
    std::uint64_t waits = 0;    // its place in queue_; 0: it does not wait
    std::optional<ProcessId> source;  // while it reads; kNone: the keeper
  };
  // Who has it, and how many it serves; the keeper is kNone.
  struct Source {
    int serves = 0;
    bool is_keeper = false;
    ProcessId process = ProcessId::kNone;
    friend auto operator<=>(const Source&, const Source&) = default;
  };
  void add_source(ProcessId process);
  void remove_source(ProcessId process);
  void count(ProcessId source, int more);
  void stop(Member& member);

  std::map<ProcessId, Member> members_;
  std::map<std::uint64_t, ProcessId> queue_;
  std::uint64_t next_place_ = 1;
  std::map<ProcessId, int> serves_;
  std::set<Source> idlest_;
};

inline constexpr int kMostServed = 2;

}  // namespace Atoll
