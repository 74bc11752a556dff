#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/control/placing.h"
#include "runtime/scheduler/cluster_view.h"
#include "runtime/wire/outbox.h"

namespace Atoll {

class GroupTable;
class NodeTable;

// The head's actors: where each is, its name, and who wants to hear of it.
//
// ACTORS-1 a name in a name space belongs to at most one actor that is not dead
// ACTORS-2 every change of an actor's state is told to its creator and watchers
// ACTORS-3 an actor's incarnation grows with every start; what daemons say of an
//          older one is ignored
// ACTORS-4 a dead actor stays dead and its record says why, until kKeptDead others
//          have died since
// ACTORS-5 a detached actor outlives its creator and its job
// ACTORS-6 a handle may be here before the actor: its creator's word and the
//          watcher's come over two connections
class ActorTable {
 public:
  struct Actor {
    ActorSpec spec;
    ProcessId creator = ProcessId::kNone;
    ActorState state = ActorState::kPending;
    NodeId node = NodeId::kNone;
    std::uint32_t incarnation = 0;
    std::int32_t restarts = 0;
    std::uint64_t reservation = 0;
    std::int32_t bundle = -1;  // of its placement group, while it has a node
    Contact worker;
    std::unique_ptr<ErrorInfo> error;  // null: none
    std::vector<ProcessId> watchers;   // without its creator, each once
    Time asked{};    // when StartActor was last sent
    Time changed{};  // when its state began
  };

  ActorTable(ClusterView& view, const NodeTable& nodes, GroupTable& groups)
      : view_(view), nodes_(nodes), groups_(groups) {}

  void create(Time now, const CreateActor& request, Outbox& out);
  // `creator_lives`: an actor that is not known here may still be on its way.
  void watch(Time now, ProcessId watcher, const WatchActor& request, bool creator_lives, Outbox& out);
  // `restart`: as if it had died, so that it comes back if it has restarts left.
  void kill(Time now, ActorId id, const std::string& why, bool restart, Outbox& out);
  void on_started(Time now, ProcessId daemon, const ActorStarted& started, Outbox& out);
  void on_ended(Time now, const ActorEnded& ended, Outbox& out);

  void on_node_dead(Time now, NodeId node, const std::string& cause, Outbox& out);
  // The creator or a watcher is gone: its actors end with it.
  void on_client_lost(Time now, ProcessId client, const std::string& why, Outbox& out);
  void end_job(Time now, ProcessId job, const std::string& why, Outbox& out);

  // Places what is pending, as far as there is room.
  void serve(Time now, Outbox& out);
  // Asks again for starts that were not answered: the request may be lost.
  void on_tick(Time now, Outbox& out);

  const std::map<ActorId, Actor>& all() const { return actors_; }
  struct Counts {
    std::uint64_t created = 0;
    std::uint64_t died = 0;
    std::uint64_t restarts = 0;
  };
  const Counts& counts() const { return counts_; }  // ever
  // Whether a detached actor of the job lives.
  bool has_detached(ProcessId job) const { return detached_.contains(job); }

 private:
  void wait_for_room(ActorId id, const Actor& actor);
  void stop_waiting(ActorId id, const Actor& actor);
  void serve_groups(Time now, Outbox& out);
  void say_unknown(ProcessId watcher, ActorId id, Outbox& out) const;
  void admit_early(ActorId id, Actor& actor, Outbox& out);
  void refuse_early(Time now, Outbox& out);
  bool place(Time now, ActorId id, Actor& actor, Outbox& out);
  bool place_in_group(Time now, ActorId id, Actor& actor, Outbox& out);
  void start(Time now, ActorId id, Actor& actor, Outbox& out);
  void ask_daemon(Time now, Actor& actor, Outbox& out) const;
  // It has no node any more, or not yet.
  void unseat(Actor& actor);
  void die(Time now, ActorId id, Actor& actor, ErrorInfo error, Outbox& out);
  void restart_or_die(Time now, Actor& actor, ActorId id, bool restartable, const ErrorInfo& error,
                      Outbox& out);
  void stop_on_node(const Actor& actor, const std::string& why, Outbox& out);
  void tell(ActorId id, const Actor& actor, Outbox& out) const;
  static ActorUpdate update_of(ActorId id, const Actor& actor);
  // Its creator or a watcher: whether that is news.
  bool note_interest(ProcessId client, ActorId id) { return interests_[client].insert(id).second; }
  void forget_interest(ProcessId client, ActorId id);

  ClusterView& view_;
  const NodeTable& nodes_;
  GroupTable& groups_;
  std::map<ActorId, Actor> actors_;
  using Name = std::pair<std::string, std::string>;  // the name space, and the name in it
  std::map<Name, ActorId> names_;
  std::map<ProcessId, std::set<ActorId>> interests_;  // living actors that a client made or watches; none is empty
  // What waits for room: alike ones in a line, of which a pass tries the first only; and those in placement groups.
  std::map<PlaceKey, std::set<ActorId>> lines_;  // none is empty
  std::set<ActorId> waiting_in_groups_;
  std::set<ActorId> starting_;
  std::map<ProcessId, std::size_t> detached_;  // living ones, by job
  // Who watches an actor that is not known yet, the oldest first.
  struct EarlyWatch {
    ProcessId watcher = ProcessId::kNone;
    ActorId actor;
    Time since{};
  };
  std::deque<EarlyWatch> early_;
  std::deque<ActorId> dead_;                   // oldest first
  Counts counts_;
};

// Records of the dead: whoever asks for an older one hears that nothing is known of it.
inline constexpr std::size_t kKeptDead = 1'000;
// An actor that is watched before it is known comes within this, or never.
inline constexpr Duration kEarlyLimit = std::chrono::seconds(5);
// A start that was not answered is asked for again after this long.
inline constexpr Duration kStartActorRepeat = std::chrono::seconds(2);

}  // namespace Atoll
