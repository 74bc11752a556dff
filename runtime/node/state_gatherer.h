#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/state/gathering.h"
#include "runtime/wire/outbox.h"

namespace Atoll {

// A daemon's part in what is asked of many: it asks its workers, or other daemons, and answers once. Logic without I/O.
//
// GATHERER-1 every question is answered once, unless who asked is gone: when all have answered or are lost, else when
//            the question's patience is over
// GATHERER-2 no more than kMostGatherings are under way
class StateGatherer {
 public:
  struct Asked {
    Contact contact;
    std::string words;
  };

  bool has_room() const { return under_way_.size() < kMostGatherings; }
  // What is known here, and whom to ask: their rows stand before and behind it.
  struct Sources {
    StateReport own;
    std::vector<Asked> before, behind;
  };
  // Where there is no room the others are silent at once.
  void begin(Time now, ProcessId asker, const GetState& question, Sources sources, Outbox& out);
  void take(ProcessId from, const StateReport& report, Outbox& out);
  // Who asked, or was asked.
  void on_lost(ProcessId peer, Outbox& out);
  void on_tick(Time now, Outbox& out);
  std::optional<Time> next_deadline() const;

  static constexpr std::size_t kMostGatherings = 16;

 private:
  struct UnderWay {
    UnderWay(ProcessId who, const GetState& question, Time until) : asker(who), deadline(until), gathering(question) {}
    ProcessId asker;
    Time deadline;
    Gathering gathering;
  };
  using Entry = std::map<std::uint64_t, UnderWay>::iterator;
  Entry finish(Entry entry, Outbox& out);

  std::uint64_t request_ = 0;
  std::map<std::uint64_t, UnderWay> under_way_;  // by the number under which others are asked
};

// Nobody's patience is shorter, or longer: seconds.
inline constexpr double kLeastPatience = 0.001;
inline constexpr double kMostPatience = 60;

}  // namespace Atoll
