#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/objects/object_store.h"
#include "runtime/wire/location.h"

namespace Atoll {

// What a daemon fetches from other nodes' arenas into its own, for its node's processes. Logic without I/O; in the
// ObjectStore it is a party like any other, under the daemon's name.
//
// PULL-1 a copy is fetched once, however many wait for it, and kept: STORE-8 says how long
// PULL-2 who waits is answered once: with a hold on the node's own copy, or why there is none
// PULL-3 parts that are under way are kMostPulled bytes at most, kMostPulledOfOne of one copy; copies take turns
// PULL-4 a copy may be read from another than its keeper, which says so; when the connection to either is lost, or that other
//        has it no more, the keeper is asked again, kPullTries times in all, unless its node died
// PULL-5 what the other daemon's owner has dropped is dropped here: at once, or when it has come for those who wait
// PULL-6 what may be wanted later is fetched only into room that is free and not short, kPartAhead of the arena at most, and as
//        long as no copy that somebody waits for wants a turn; who asked for it ahead is not answered
class PullTable {
 public:
  PullTable(const Contact& self, ObjectStore& store) : contact_(self), self_(self.process), store_(store) {}

  // A process of this node wants to read a copy of another's.
  void want(Time now, ProcessId from, const HoldCopy& wanted, ObjectOutbox& out);

  // From other daemons, and what the store says to `self`.
  void handle(Time now, ProcessId from, const RoomMade& made, ObjectOutbox& out);
  void handle(Time now, ProcessId from, const RoomRefused& refused, ObjectOutbox& out);
  void handle(Time now, ProcessId from, const CopyHeld& held, ObjectOutbox& out);
  void handle(Time now, ProcessId from, const CopyElsewhere& elsewhere, ObjectOutbox& out);
  void handle(Time now, ProcessId from, const CopyGone& gone, ObjectOutbox& out);
  void handle(Time now, ProcessId from, const CopyBytes& part, ObjectOutbox& out);
  void handle(Time now, ProcessId from, const CopyDropped& dropped, ObjectOutbox& out);

  // Where a part that is coming goes: the copy here, and the offset in the arena. None if it was not asked for.
  struct Target {
    std::uint64_t copy = 0;
    std::uint64_t offset = 0;
  };
  std::optional<Target> place_of(ProcessId from, const CopyBytes& part) const;

  // The process has ended, or the connection to that daemon.
  void on_ended(Time now, ProcessId process, ObjectOutbox& out);
  // The daemon is asked for nothing any more; on_ended() follows.
  void on_node_died(ProcessId daemon, const std::string& why) { dead_[daemon] = why; }

  // The copies here that were fetched, or are, and of what.
  std::unordered_map<std::uint64_t, CopyId> fetched() const;
  std::size_t under_way() const { return pulls_.size(); }
  std::uint64_t bytes_pulled() const { return bytes_pulled_; }  // ever
  std::uint64_t pulled() const { return pulled_; }              // copies, ever

 private:
  struct Reader {
    ProcessId from = ProcessId::kNone;
    std::uint64_t request = 0;
    bool ahead = false;  // it does not wait
  };
  struct Pull {
    Contact keeper;
    ProcessId source = ProcessId::kNone;  // whom it is read from
    std::uint64_t source_copy = 0;        // as that numbers it
    std::uint64_t bytes = 0;
    std::vector<Reader> readers;
    std::uint64_t question = 0;   // the one that is open; 0: none
    std::uint64_t local = 0;      // the copy here; 0: there is no room yet
    std::uint64_t offset = 0;     // in the arena
    std::uint64_t asked = 0;      // bytes
    std::uint64_t arrived = 0;
    bool registered = false;      // the keeper knows that we copy it
    bool held = false;            // there, by us
    bool waits_for_turn = false;
    bool dropped = false;
    bool asked_ahead = false;     // the keeper, when nobody waited
    int tries = 0;
    Time begin{};  // when its keeper was asked
    bool is_awaited() const;
  };
  struct Part {
    CopyId key;
    std::uint64_t from = 0;
    std::uint64_t bytes = 0;
  };
  using Pulls = std::map<CopyId, Pull>;

  bool has_room_ahead(std::uint64_t bytes) const;
  std::uint64_t ask(const CopyId& key, Pull& pull);
  Pulls::iterator asked_for(ProcessId from, std::uint64_t question);
  void ask_keeper(const CopyId& key, Pull& pull, ObjectOutbox& out);
  void let_go(Pull& pull, ObjectOutbox& out) const;
  void try_again(Time now, Pulls::iterator pull, const std::string& why, ObjectOutbox& out);
  void wait_for_turn(const CopyId& key, Pull& pull);
  void ask_for_more(ObjectOutbox& out);
  CopyId take_turn();
  void forget_parts(const CopyId& key);
  void finish(Time now, Pulls::iterator pull, ObjectOutbox& out);
  void fail(Time now, Pulls::iterator pull, const CopyGone& why, ObjectOutbox& out);

  Contact contact_;
  ProcessId self_;
  ObjectStore& store_;
  Pulls pulls_;
  std::map<CopyId, std::uint64_t> kept_;  // the copies here that were fetched; some have given way since
  std::unordered_map<std::uint64_t, CopyId> questions_;
  std::unordered_map<std::uint64_t, Part> parts_;  // under way, by request
  std::deque<CopyId> turns_;
  std::map<ProcessId, std::string> dead_;  // daemons, and of what they died
  std::uint64_t bytes_under_way_ = 0;
  std::uint64_t bytes_pulled_ = 0;
  std::uint64_t pulled_ = 0;
  std::uint64_t next_request_ = 1;
};

inline constexpr std::uint64_t kMostPulled = std::uint64_t{64} << 20;
inline constexpr std::uint64_t kMostPulledOfOne = std::uint64_t{16} << 20;
inline constexpr int kPullTries = 4;
inline constexpr std::uint64_t kPartAhead = 4;

}  // namespace Atoll
