// What the node daemon does with large objects (runtime/objects/) beside handing their messages on.

#include "runtime/node/node_daemon.h"

namespace Atoll {

void NodeDaemon::handle(Time now, ProcessId from, const NodeDied& died, NodeOutbox& out) {
  if (from == options_.head.process) objects_.on_node_died(now, died.daemon, died.why, out);
}

void NodeDaemon::on_spill(Time now, const SpillEvent& event, NodeOutbox& out) {
  timeline_.on_spill(now, event);
  objects_.on_spill(now, event, out);
  timeline_.see(now, out);
}

void NodeDaemon::handle(Time, ProcessId from, const GetArena&, NodeOutbox& out) {
  out.send(from, ArenaReply{options_.arena_socket, objects().size(), options_.no_arena});
}

void NodeDaemon::handle(Time, ProcessId from, const ReadCopy& read, NodeOutbox& out) {
  const std::optional<std::uint64_t> offset = objects_.pin_to_send(from, read, out);
  if (!offset) return;
  ++counts_.pieces_sent;
  counts_.bytes_sent += read.bytes;
  out.reads.push_back({from, read.request, read.copy, read.from, *offset, read.bytes});
}

}  // namespace Atoll
