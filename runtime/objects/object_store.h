#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/objects/arena_space.h"
#include "runtime/objects/spread.h"
#include "runtime/state/rows.h"
#include "runtime/wire/location.h"
#include "runtime/wire/outbox.h"

namespace Atoll {

// The copies of objects in a node's arena: where each is, who holds and who owns it. Part of the node daemon's logic,
// without I/O and without the arena's memory.
//
// STORE-1 a copy's place is given to another only when nobody holds it any more
// STORE-2 a copy is freed as soon as its owner has dropped it, or is gone, and nobody holds it
// STORE-3 what a process held or was writing ends with it, however it ends
// STORE-4 when the maker of a copy ends, or loses its connection to the owner, before the owner was heard, the owner is
//         asked, and its answer decides; one that cannot be asked is gone
// STORE-5 every MakeRoom and HoldCopy is answered, or its sender is gone; who waits for room is served in order
// STORE-6 words about one copy come over several connections: who wants to read it before it is sealed waits for that
// STORE-7 only a copy's owner drops it, only who made it seals it: others are not heeded
// STORE-8 what the daemon itself owns and nobody holds, copies of other nodes' copies, gives way to who needs room, the
//         longest idle first
// STORE-9 daemons that copy a copy are told whom to read it from (spread.h), and at once when its owner drops it or is gone
// STORE-10 the daemon itself is refused at once where others wait for room: its clients can do without
class ObjectStore {
 public:
  struct Options {
    std::uint64_t bytes = 0;  // of the arena
    std::string node;         // its name, for words
    ProcessId self = ProcessId::kNone;  // the daemon
  };
  explicit ObjectStore(const Options& options) : space_(options.bytes), node_(options.node), self_(options.self) {}

  void handle(Time now, ProcessId from, const MakeRoom& request, Outbox& out);
  void handle(Time now, ProcessId from, const SealCopy& seal, Outbox& out);
  void handle(Time now, ProcessId from, const HoldCopy& request, Outbox& out);
  void handle(Time now, ProcessId from, const LetGo& let_go, Outbox& out);
  void handle(Time now, ProcessId from, const OwnCopies& own, Outbox& out);
  void handle(Time now, ProcessId from, const DropCopies& drop, Outbox& out);
  void handle(Time now, ProcessId from, const OwnerGone& gone, Outbox& out);
  void handle(Time now, ProcessId from, const CopyTaken& taken, Outbox& out);

  // Where in the arena what is to be read is; none if `from` does not hold it, or it is not all inside of the copy.
  std::optional<std::uint64_t> place_of(ProcessId from, const ReadCopy& read) const;
  // The copy's bytes are being read or written for the network: its place is given to nobody until that is over.
  void pin(std::uint64_t number);
  void unpin(Time now, std::uint64_t number, Outbox& out);
  bool has(std::uint64_t number) const { return copies_.contains(number); }

  // The process has ended: it touches nothing any more.
  void on_ended(Time now, ProcessId process, Outbox& out);
  // Refuses who has waited too long.
  void on_tick(Time now, Outbox& out);
  // None if nobody waits.
  std::optional<Time> next_deadline() const;

  std::uint64_t size() const { return space_.size(); }
  std::uint64_t free() const { return space_.free(); }
  std::uint64_t reached() const { return space_.reached(); }
  std::size_t copies() const { return copies_.size(); }
  std::size_t waiting() const { return waiting_.size(); }
  // The copies, as they are listed, on `node`; `fetched` says which are copies of other nodes' copies.
  void list(NodeId node, const std::unordered_map<std::uint64_t, CopyId>& fetched, StateRows& rows) const;

 private:
  struct Reader {
    ProcessId from = ProcessId::kNone;
    std::uint64_t request = 0;
    Contact copier = {};
  };
  struct Copy {
    ObjectId object;
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    ProcessId maker = ProcessId::kNone;
    ProcessId owner = ProcessId::kNone;
    std::string owner_address;  // until the owner was heard
    bool sealed = false;
    bool owned = false;    // the owner was heard
    bool dropped = false;  // or is gone
    std::uint32_t holds = 0;  // of all parties
    std::uint32_t pins = 0;
    std::uint64_t idle = 0;   // its place in idle_; 0: none
    std::vector<Reader> readers;  // until it is sealed
    std::unique_ptr<Spread> spread;  // none: no daemon has ever copied it
    bool unused() const { return holds == 0 && pins == 0; }
  };
  struct Waiting {
    ProcessId from = ProcessId::kNone;
    MakeRoom request;
    Time since{};
  };
  // What a process has to do with copies; none is empty.
  struct Party {
    std::map<std::uint64_t, std::uint32_t> holds;  // how often
    std::set<std::uint64_t> owns;
    std::set<std::uint64_t> offers;  // made for others who were not heard yet
    std::set<std::uint64_t> awaits;  // to be sealed
    std::set<std::uint64_t> copies;  // what it copies, or has copied
    bool idle() const { return holds.empty() && owns.empty() && offers.empty() && awaits.empty() && copies.empty(); }
  };

  Copy* find(std::uint64_t number);
  bool make_room(ProcessId from, const MakeRoom& request, Outbox& out);
  void serve(Time now, Outbox& out);
  void let_go(ProcessId process, std::uint64_t number, Outbox& out);
  void end_holds(ProcessId process, std::uint64_t number, std::uint32_t count, Outbox& out);
  void hear_owner(std::uint64_t number);
  void drop(ProcessId owner, std::uint64_t number, Outbox& out);
  void copy_to(const Reader& reader, std::uint64_t number, Outbox& out);
  void serve_copiers(std::uint64_t number, Outbox& out);
  void tell_copiers(std::uint64_t number, Outbox& out);
  void end_spread(std::uint64_t number, Outbox& out);
  void end_copying(ProcessId copier, std::uint64_t number);
  void ask_owner(std::uint64_t number, Outbox& out) const;
  void drop_and_free(ProcessId owner, std::uint64_t number, Outbox& out);
  void hold(ProcessId process, std::uint64_t number);
  void answer(const Reader& reader, std::uint64_t number, Outbox& out);
  void stop_waiting(const Reader& reader, std::uint64_t number);
  static void refuse(const Reader& reader, Outbox& out);
  void note_idle(std::uint64_t number);
  bool evict_for(std::uint64_t bytes, Outbox& out);
  void free_if_unused(std::uint64_t number, Outbox& out);
  void tidy(ProcessId process);
  std::string full_words() const;

  ArenaSpace space_;
  std::string node_;
  ProcessId self_;
  std::unordered_map<std::uint64_t, Copy> copies_;
  std::unordered_map<ProcessId, Party> parties_;
  std::deque<Waiting> waiting_;
  std::uint64_t next_copy_ = 1;
  std::map<std::uint64_t, std::uint64_t> idle_;  // of the daemon's own copies, in the order they became so
  std::uint64_t next_idle_ = 1;
  std::uint64_t idle_bytes_ = 0;
  bool freed_ = false;     // since somebody waited in vain
  Time last_freed_{};
  Time last_asked_{};      // for what is idle
};

// Who waits for room is refused when none was freed for this long.
inline constexpr Duration kRoomPatience = std::chrono::seconds(10);
// While some wait, holders are asked for what they do not use this often.
inline constexpr Duration kIdleAskInterval = std::chrono::milliseconds(100);

}  // namespace Atoll
