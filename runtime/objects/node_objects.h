#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>

#include "runtime/objects/object_store.h"
#include "runtime/objects/pull_table.h"

namespace Atoll {

// What a node daemon has to do with large objects: the copies in its arena, and those it fetches there from other nodes.
// Logic without I/O.
class NodeObjects {
 public:
  // Of `self`, which is the daemon. The arena has `bytes`; `node` is a name, for words.
  NodeObjects(const Contact& self, std::uint64_t bytes, const std::string& node, const SpillTable::Options& spill = {})
      : self_(self.process), node_(self.node), store_({bytes, node, self.process, spill}), pulls_(self, store_) {}
  NodeObjects(const NodeObjects&) = delete;
  NodeObjects& operator=(const NodeObjects&) = delete;

  // Of every message that the store or the pulls know.
  template <typename Said>
    requires requires(ObjectStore& store, PullTable& pulls, Time now, ProcessId from, const Said& said, ObjectOutbox& out) {
      requires requires { store.handle(now, from, said, out); } || requires { pulls.handle(now, from, said, out); };
    }
  void handle(Time now, ProcessId from, const Said& said, ObjectOutbox& out) {
    if constexpr (std::same_as<Said, HoldCopy>)
      hold(now, from, said, out);
    else if constexpr (requires { store_.handle(now, from, said, out); })
      store_.handle(now, from, said, out);
    else if (from != self_)
      pulls_.handle(now, from, said, out);
    hear_self(now, out);
  }

  // For a part that is to be sent: where in the arena it lies. Answered and none if it is not to be had; else its copy is
  // pinned, until unpin().
  std::optional<std::uint64_t> pin_to_send(ProcessId from, const ReadCopy& read, ObjectOutbox& out);
  // For a part that is coming: the copy it belongs to, pinned until unpin(), and where in the arena it goes. None if nobody
  // asked for it.
  std::optional<PullTable::Target> pin_to_receive(ProcessId from, const CopyBytes& part);
  void unpin(Time now, std::uint64_t copy, ObjectOutbox& out);

  // What became of an order in ObjectOutbox::spills.
  void on_spill(Time now, const SpillEvent& event, ObjectOutbox& out);

  // The process has ended, or a connection to another daemon.
  void on_ended(Time now, ProcessId process, ObjectOutbox& out);
  // That daemon has ended, and does not come back.
  void on_node_died(Time now, ProcessId daemon, const std::string& why, ObjectOutbox& out);
  void on_tick(Time now, ObjectOutbox& out);
  std::optional<Time> next_deadline() const { return store_.next_deadline(); }

  // The copies, as they are listed.
  void list(StateRows& rows) const { store_.list(node_, pulls_.fetched(), rows); }

  const ObjectStore& store() const { return store_; }
  const PullTable& pulls() const { return pulls_; }
  std::uint64_t bytes_sent() const { return bytes_sent_; }  // to other nodes, ever

 private:
  void hold(Time now, ProcessId from, const HoldCopy& wanted, ObjectOutbox& out);
  void hear_self(Time now, ObjectOutbox& out);

  ProcessId self_;
  NodeId node_;
  ObjectStore store_;
  PullTable pulls_;
  std::uint64_t bytes_sent_ = 0;
};

}  // namespace Atoll
