#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/wire/messages.h"

namespace Atoll {

// Twice the time after which a daemon that hears nothing of its head ends itself.
inline constexpr Duration kAllSilent = std::chrono::seconds(20);
// Two heartbeats: with nothing from anybody for longer, it is not for lack of something to say.
inline constexpr Duration kNobodySpeaks = 2 * kHeartbeatInterval;

// The head's nodes: who joined, who is silent, who died and why.
//
// NODES-1 a node is joining until its first Join, then alive, then at most once
//         dead; a dead daemon stays dead, another process may take its rank
// NODES-2 a daemon that said nothing for as long as the head allows is dead
// NODES-3 time in which the head itself did not run is nobody's silence
// NODES-4 while no node at all is heard, it is the head that hears nothing, as when a switch restarts or its host stands
//         still: that time is nobody's silence either, until it is kAllSilent, when no daemon can still be waiting
class NodeTable {
 public:
  struct Node {
    NodeState state = NodeState::kJoining;
    Contact daemon;
    NodeInfo info;
    NodeUsage usage;
    Time changed{};
    Time heard{};
    std::string cause;
    Time joined{};
  };

  explicit NodeTable(std::uint32_t expected, Time now);

  // A daemon announces itself: kNew (it is alive from now on), kKnown (repeated),
  // or kRefused: another living daemon has its rank, its rank is out of range, or
  // it was declared dead.
  enum class JoinResult { kNew, kKnown, kRefused };
  JoinResult join(const Join& join, Time now);

  // The living node of this daemon process.
  std::optional<NodeId> find(ProcessId daemon) const;
  Node* get(NodeId id);
  const Node* get(NodeId id) const;
  const std::map<NodeId, Node>& all() const { return nodes_; }

  // What only placing needs of the node's info is dropped: it is most of it, and 10,000 nodes have it.
  void forget_wires(NodeId id);

  void heard(NodeId id, Time now);
  void mark_dead(NodeId id, std::string cause, Time now);
  // The head did not run for `pause`: what was sent to it meanwhile is still to be read.
  void forgive(Duration pause, Time now);
  // How long a living node may be silent now, if usually for `limit`.
  Duration patience(Time now, Duration limit) const;
  // Living nodes that have been silent for longer.
  std::vector<NodeId> silent(Time now, Duration limit) const;

  std::uint32_t alive() const { return alive_; }
  std::uint32_t expected() const { return expected_; }
  // Whether every expected node has joined; some may have died since.
  bool complete() const { return joined_ == expected_; }
  // A living node on that host, else the living node with the lowest rank.
  std::optional<NodeId> home_for(const std::string& host) const;

 private:
  // Somebody is heard.
  void end_silence(Time now);

  std::uint32_t expected_;
  std::uint32_t alive_ = 0;
  std::uint32_t joined_ = 0;  // ranks that have joined at least once
  Time last_heard_{};         // of any
  std::map<NodeId, Node> nodes_;
  std::map<ProcessId, NodeId> by_daemon_;  // living
  std::set<ProcessId> dead_;               // daemons that were declared dead
};

}  // namespace Atoll
