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
#include "runtime/objects/spill_orders.h"
#include "runtime/objects/spill_table.h"
#include "runtime/objects/spread.h"
#include "runtime/state/rows.h"
#include "runtime/wire/location.h"

namespace Atoll {

// The copies of objects in a node's arena, or spilled from it to disk: where each is, who holds and who owns it. Part of the
// node daemon's logic, without I/O and without the arena's memory.
//
// STORE-1 a copy's place is given to another only when nobody holds it any more
// STORE-2 a copy is freed as soon as its owner has dropped it, or is gone, and nobody holds it
// STORE-3 what a process held or was writing ends with it, however it ends
// STORE-4 when the maker of a copy ends, or loses its connection to the owner, before the owner was heard, the owner is
//         asked, and its answer decides; one that cannot be asked is gone
// STORE-5 every MakeRoom and HoldCopy is answered, or its sender is gone; who waits for room, to make a copy or to have one
//         read back, is served in one order
// STORE-6 words about one copy come over several connections: who wants to read it before it is sealed waits for that
// STORE-7 only a copy's owner drops it, only who made it seals it: others are not heeded
// STORE-8 what nobody holds and is elsewhere too, on another node or on disk, gives way to who needs room, the longest idle
//         first
// STORE-9 daemons that copy a copy are told whom to read it from (spread.h), and at once when its owner drops it or is gone
// STORE-10 the daemon itself is refused at once where others wait for room and none can come by spilling: its clients can
//         do without
// STORE-11 what is spilled is sealed, owned, not dropped and held by nobody, the longest idle first; it does not change and
//         keeps its place in memory until all of it is on disk, and on disk until it is freed
// STORE-12 a copy on disk is read back once for all who want it, and not given up before they were answered
// STORE-13 what does not read back as it was written is lost: whoever wants it hears so
// STORE-14 for who copies a copy ahead of need it is not read back from disk
class ObjectStore {
 public:
  struct Options {
    std::uint64_t bytes = 0;  // of the arena
    std::string node;         // its name, for words
    ProcessId self = ProcessId::kNone;  // the daemon
    SpillTable::Options spill = {};
  };
  explicit ObjectStore(const Options& options)
      : space_(options.bytes), node_(options.node), self_(options.self), spill_(options.spill, options.bytes) {}

  void handle(Time now, ProcessId from, const MakeRoom& request, ObjectOutbox& out);
  void handle(Time now, ProcessId from, const SealCopy& seal, ObjectOutbox& out);
  void handle(Time now, ProcessId from, const HoldCopy& request, ObjectOutbox& out);
  void handle(Time now, ProcessId from, const LetGo& let_go, ObjectOutbox& out);
  void handle(Time now, ProcessId from, const OwnCopies& own, ObjectOutbox& out);
  void handle(Time now, ProcessId from, const DropCopies& drop, ObjectOutbox& out);
  void handle(Time now, ProcessId from, const OwnerGone& gone, ObjectOutbox& out);
  void handle(Time now, ProcessId from, const CopyTaken& taken, ObjectOutbox& out);

  // Where in the arena what is to be read is; none if `from` does not hold it, or it is not all inside of the copy.
  std::optional<std::uint64_t> place_of(ProcessId from, const ReadCopy& read) const;
  // The copy's bytes are being read or written for the network: its place is given to nobody until that is over.
  void pin(std::uint64_t number);
  void unpin(Time now, std::uint64_t number, ObjectOutbox& out);
  bool has(std::uint64_t number) const { return copies_.contains(number); }
  // The copy, which was fetched, is one of this object.
  void name(std::uint64_t number, ObjectId object);
  // Whether there is room for so much that nobody waits for, nor has to give way for, now or soon.
  bool has_room_ahead(std::uint64_t bytes) const;

  // What became of an order in ObjectOutbox::spills.
  void on_spill(Time now, const SpillEvent& event, ObjectOutbox& out);

  // The process has ended: it touches nothing any more.
  void on_ended(Time now, ProcessId process, ObjectOutbox& out);
  // Refuses who has waited too long.
  void on_tick(Time now, ObjectOutbox& out);
  // None if nobody waits.
  std::optional<Time> next_deadline() const;

  std::uint64_t size() const { return space_.size(); }
  std::uint64_t free() const { return space_.free(); }
  std::uint64_t reached() const { return space_.reached(); }
  std::size_t copies() const { return copies_.size(); }
  std::size_t waiting() const { return waiting_.size(); }
  const SpillTable& spills() const { return spill_; }
  std::uint64_t evicted() const { return evicted_; }  // copies that gave way, ever
  std::uint64_t evicted_bytes() const { return evicted_bytes_; }
  // Whether the copy is in the arena; a copy may also be in both places.
  bool is_in_memory(std::uint64_t number) const { return copies_.at(number).is_in_memory(); }
  bool is_on_disk(std::uint64_t number) const { return copies_.at(number).file != 0 && copies_.at(number).place != Place::kWriting; }
  // The copies, as they are listed, on `node`; `fetched` says which are copies of other nodes' copies.
  void list(NodeId node, const std::unordered_map<std::uint64_t, CopyId>& fetched, StateRows& rows) const;

 private:
  enum class Place : std::uint8_t {
    kMemory,   // and perhaps on disk
    kWriting,  // in memory, and on its way to disk
    kDisk,
    kReading,  // on disk, and on its way into memory
    kLost,     // it could not be read back
  };
  enum class Idle : std::uint8_t {
    kNot,
    kFree,  // it can give way at once
    kCold,  // it must be spilled first
  };
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
    Place place = Place::kMemory;
    Idle idle = Idle::kNot;   // the list that it stands in
    bool queued = false;      // in waiting_, to be read back
    std::uint64_t since = 0;  // its place among those that nobody uses; 0: somebody does
    std::uint64_t file = 0, at = 0, checksum = 0;  // on disk; file 0: it is not
    std::vector<Reader> readers;  // until it is sealed, or read back
    std::unique_ptr<Spread> spread;  // none: no daemon has ever copied it
    bool unused() const { return holds == 0 && pins == 0; }
    bool is_in_memory() const { return place == Place::kMemory || place == Place::kWriting || place == Place::kReading; }
  };
  struct Waiting {
    ProcessId from = ProcessId::kNone;
    MakeRoom request;
    Time since{};
    std::uint64_t copy = 0;  // that is to be read back: then there is no request
  };
  // Copies that nobody uses, in the order in which they became so.
  struct IdleList {
    std::map<std::uint64_t, std::uint64_t> order;
    std::uint64_t bytes = 0;
  };
  // What a process has to do with copies; none is empty.
  struct Party {
    std::map<std::uint64_t, std::uint32_t> holds;  // how often
    std::set<std::uint64_t> owns;
    std::set<std::uint64_t> offers;  // made for others who were not heard yet
    std::set<std::uint64_t> awaits;  // to be sealed, or read back
    std::set<std::uint64_t> copies;  // what it copies, or has copied
    bool idle() const { return holds.empty() && owns.empty() && offers.empty() && awaits.empty() && copies.empty(); }
  };

  Copy* find(std::uint64_t number);
  bool make_room(ProcessId from, const MakeRoom& request, ObjectOutbox& out);
  void serve(Time now, ObjectOutbox& out);
  bool serve_front(Time now, ObjectOutbox& out);
  void refuse_front(ObjectOutbox& out);
  void ask_for_idle(Time now, ObjectOutbox& out);
  bool is_short() const;
  bool can_come(Time now, std::uint64_t bytes) const;
  std::uint64_t bytes_wanted(const Waiting& waiting) const;
  Duration patience() const;
  void let_go(ProcessId process, std::uint64_t number, ObjectOutbox& out);
  void end_holds(ProcessId process, std::uint64_t number, std::uint32_t count, ObjectOutbox& out);
  void hear_owner(std::uint64_t number);
  void drop(ProcessId owner, std::uint64_t number, ObjectOutbox& out);
  void copy_to(Time now, const Reader& reader, std::uint64_t number, ObjectOutbox& out);
  void serve_copiers(Time now, std::uint64_t number, ObjectOutbox& out);
  void tell_copiers(std::uint64_t number, ObjectOutbox& out);
  void end_spread(std::uint64_t number, ObjectOutbox& out);
  void end_copying(ProcessId copier, std::uint64_t number);
  void ask_owner(std::uint64_t number, ObjectOutbox& out) const;
  void drop_and_free(ProcessId owner, std::uint64_t number, ObjectOutbox& out);
  void hold(ProcessId process, std::uint64_t number);
  void answer(Time now, const Reader& reader, std::uint64_t number, ObjectOutbox& out);
  void give(Time now, const Reader& reader, std::uint64_t number, ObjectOutbox& out);
  void wait_for(const Reader& reader, std::uint64_t number);
  void stop_waiting(const Reader& reader, std::uint64_t number);
  static void refuse(const Reader& reader, ObjectOutbox& out);
  Idle idle_of(const Copy& copy) const;
  IdleList& list_of(Idle idle) { return idle == Idle::kFree ? idle_ : cold_; }
  void note_idle(std::uint64_t number);
  bool evict_for(std::uint64_t bytes, ObjectOutbox& out);
  void give_way(std::uint64_t number, ObjectOutbox& out);

  void spill(Time now, ObjectOutbox& out);
  bool spill_batch(Time now, ObjectOutbox& out);
  void forget_on_disk(Copy& copy, ObjectOutbox& out);
  void handle(Time now, const SpillWritten& written, ObjectOutbox& out);
  void handle(Time now, const SpillFailed& failed, ObjectOutbox& out);
  void handle(Time now, const SpillRead& read, ObjectOutbox& out);
  void handle(Time now, const SpillPunched& punched, ObjectOutbox& out);
  void want_back(Time now, std::uint64_t number);
  bool read_back(std::uint64_t number, ObjectOutbox& out);
  std::string lost_words(const Copy& copy, const std::string& why) const;

  void free_if_unused(std::uint64_t number, ObjectOutbox& out);
  void tidy(ProcessId process);
  std::string full_words(bool for_disk) const;
  bool is_for_disk() const;

  ArenaSpace space_;
  std::string node_;
  ProcessId self_;
  std::unordered_map<std::uint64_t, Copy> copies_;
  std::unordered_map<ProcessId, Party> parties_;
  std::deque<Waiting> waiting_;
  std::uint64_t next_copy_ = 1;
  IdleList idle_;  // Idle::kFree
  IdleList cold_;
  std::uint64_t next_idle_ = 1;
  SpillTable spill_;
  std::map<std::uint64_t, std::deque<std::uint64_t>> writing_;  // by file: its copies that were not heard of yet
  std::map<std::uint64_t, std::string> lost_;                   // copies, and why
  std::size_t reading_ = 0;
  bool freed_ = false;     // since somebody waited in vain
  Time last_freed_{};
  Time last_asked_{};      // for what is idle
  std::uint64_t held_since_asked_ = 0;  // bytes
  std::uint64_t evicted_ = 0, evicted_bytes_ = 0;
};

// Who waits for room is refused when none was freed for this long.
inline constexpr Duration kRoomPatience = std::chrono::seconds(10);
// While copies are written or read back, for this long: a disk may be slow.
inline constexpr Duration kDiskPatience = std::chrono::seconds(60);
// While some wait, holders are asked for what they do not use this often.
inline constexpr Duration kIdleAskInterval = std::chrono::milliseconds(100);
// Copies are spilled ahead of demand when less than one part in so many of the arena is free, or can be at once.
inline constexpr std::uint64_t kSpillAhead = 5;

}  // namespace Atoll
