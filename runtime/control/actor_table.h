#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/scheduler/cluster_view.h"
#include "runtime/wire/outbox.h"

namespace Atoll {

class GroupTable;
class NodeTable;

// The head's actors: where each is, its name, and who wants to hear of it.
//
// ACTORS-1 a name belongs to at most one actor that is not dead
// ACTORS-2 every change of an actor's state is told to its creator and watchers
// ACTORS-3 an actor's incarnation grows with every start; what daemons say of an
//          older one is ignored
// ACTORS-4 a dead actor stays dead and its record says why
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
    std::optional<ErrorInfo> error;
    std::set<ProcessId> watchers;
    Time asked{};  // when StartActor was last sent
  };

  ActorTable(ClusterView& view, const NodeTable& nodes, GroupTable& groups)
      : view_(view), nodes_(nodes), groups_(groups) {}

  void create(Time now, const CreateActor& request, Outbox& out);
  void watch(ProcessId watcher, const WatchActor& request, Outbox& out);
  void kill(Time now, ActorId id, const std::string& why, Outbox& out);
  void on_started(ProcessId daemon, const ActorStarted& started, Outbox& out);
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

 private:
  bool place(Time now, ActorId id, Actor& actor, Outbox& out);
  bool place_in_group(Time now, ActorId id, Actor& actor, Outbox& out);
  void start(Time now, ActorId id, Actor& actor, Outbox& out);
  void ask_daemon(Time now, Actor& actor, Outbox& out) const;
  // It has no node any more, or not yet.
  void unseat(Actor& actor);
  void die(ActorId id, Actor& actor, ErrorInfo error, Outbox& out);
  void restart_or_die(Actor& actor, ActorId id, bool restartable, const ErrorInfo& error,
                      Outbox& out);
  void stop_on_node(const Actor& actor, const std::string& why, Outbox& out);
  void tell(ActorId id, const Actor& actor, Outbox& out) const;
  static ActorUpdate update_of(ActorId id, const Actor& actor);

  ClusterView& view_;
  const NodeTable& nodes_;
  GroupTable& groups_;
  std::map<ActorId, Actor> actors_;
  std::map<std::string, ActorId> names_;
  std::set<ActorId> pending_;
};

// A start that was not answered is asked for again after this long.
inline constexpr Duration kStartActorRepeat = std::chrono::seconds(2);

}  // namespace Atoll
