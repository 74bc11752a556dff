#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/state/gathering.h"
#include "runtime/wire/outbox.h"

namespace Atoll {

// The tool's side of one question: whom it asks, and what to do about those who do not answer. Logic without I/O.
//
// INQUIRY-1 it is over when all who were asked have answered or are lost, and when its patience is over at the latest
// INQUIRY-2 of more than kDirect daemons it asks one of each block, which gathers the answers of the others: blocks are
//           of neighbours by rank, as many as each has members, and always the same, so that connections are of use
//           again; who has failed at it once does it no more
// INQUIRY-3 who gathers and is lost, refuses or has not answered after kGatherShare of the patience, hides nobody: the
//           others of its block, and it, if it is not lost, are asked themselves, once
// INQUIRY-4 who cannot know of what is asked for is not asked (state/narrow.h)
// INQUIRY-5 rows stand in the order of those who know: the head, the drivers, the nodes by rank and their workers
class StateInquiry {
 public:
  struct Asking {
    GetState question;
    std::uint64_t request = 0;  // and the number after it are not those of another inquiry
    Contact head;
    Duration patience{};
    std::set<ProcessId> poor = {};  // who is to gather for nobody
  };
  StateInquiry(Asking asking, const Peers& peers, Time now, Outbox& out);

  void on_report(Time now, ProcessId from, StateReport report, Outbox& out);
  void on_lost(Time now, ProcessId peer, Outbox& out);
  void on_tick(Time now, Outbox& out);
  // When on_tick is wanted next.
  Time next_deadline() const;
  bool is_over(Time now) const { return gathering_.complete() || now >= deadline_; }
  // Who did not gather in time, or was lost.
  const std::set<ProcessId>& poor() const { return poor_; }
  // Once.
  StateReport finish() { return gathering_.finish(); }

  static constexpr std::size_t kDirect = 8;

 private:
  using Ranks = std::vector<std::uint32_t>;  // places in peers.nodes
  void ask(Time now, std::uint64_t request, const Contact& who, std::string words, std::size_t place, Outbox& out);
  bool ask_drivers(Time now, Outbox& out);
  void ask_nodes(Time now, Outbox& out);
  void ask_node(Time now, std::uint64_t request, std::uint32_t rank, Outbox& out);
  void have_gathered(std::uint32_t by, const Ranks& block, Outbox& out);
  void ask_block(Time now, ProcessId gatherer, bool is_lost, Outbox& out);
  std::size_t place_of(std::uint32_t rank) const { return peers_.drivers.size() + rank; }

  const std::uint64_t request_;
  const Contact head_;
  const Duration patience_;
  const Peers& peers_;
  const Time began_;
  const Time deadline_;
  std::set<ProcessId> poor_;
  std::map<ProcessId, Ranks> blocks_;  // whose gatherers have not answered, by them
  Gathering gathering_;
};

}  // namespace Atoll
