#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/client/client_core.h"
#include "tests/sim/actor_host.h"
#include "tests/sim/network.h"

namespace Atoll::sim {

class Holders;

// A process whose program has variables that are references, and does by chance what programs do with them: puts values with
// others inside, passes them to others' calls, keeps and returns what it was given, gets what is inside, drops; and creates and
// calls actors, the handles to which are variables as well. They are counted as the shell does (client/object_table.h).
class Holder : public Endpoint {
 public:
  Holder(Holders& world, ProcessId id, Host host);

  const ProcessId id;
  const Host host;
  bool alive = true;

  // One step of the program.
  void step();
  void drop_all();
  void tick();
  // The objects that it has handles to, and when it got the first.
  const std::map<ObjectId, Time>& since() const { return since_; }
  const ClientCore& core() const { return *core_; }
  // Nothing is left of any object.
  bool is_empty() const;
  std::string words() const;
  int lost_values() const { return lost_values_; }
  Contact contact() const { return {id, NodeId(host), "sim"}; }

 private:
  using Refs = std::vector<ObjectId>;

  void run(const std::function<void()>& event);
  void on_bytes(ProcessId from, std::string_view bytes) override;
  void on_lost(ProcessId peer, const Status& why) override;
  void carry_out();

  void put();
  void create();
  void call_actor(ActorId actor);
  void call();
  void get();
  void drop();
  void begin_call(ProcessId caller, const CallActor& call);
  void end_call(ProcessId caller, TaskId task, const Refs& given);

  void add(ObjectId object, bool tell);
  void own(ObjectId object);
  void remove(ObjectId object);
  ObjectId any();
  Refs some(std::size_t most);
  Refs settled(Refs refs) const;
  std::vector<InsideRef> inside(const Refs& refs) const;

  Holders& world_;
  std::uint64_t sequence_ = 0;
  Refs variables_;
  std::map<ObjectId, int> handles_;
  std::map<ObjectId, Time> since_;
  std::set<ObjectId> wanted_;  // by get()
  Refs let_go_;                // handles that went while the core was at work
  int lost_values_ = 0;
  ClientOutbox out_;
  std::optional<ClientCore> core_;
};

// Processes that call each other as actors, and somebody who knows where they are.
class Holders : private Endpoint {
 public:
  Holders(std::uint64_t seed, int holders);
  ~Holders();

  void run_for(Duration duration);
  bool run_until(const std::function<bool()>& done, Duration limit);
  Time now() const { return clock.now(); }
  std::uint64_t chance(std::uint64_t below) { return network.random()() % below; }

  void kill(Holder& holder);
  Holder& any();
  Holder& at(ProcessId id) { return *holders_.at(static_cast<std::size_t>(id) - kFirst); }
  // Every object that somebody who lives refers to is there, if its owner lives: else it was lost with a process that died
  // while it passed it on.
  void check();
  bool all_empty() const;
  std::size_t lost() const { return lost_.size(); }
  bool any_killed() const { return !kills_.empty(); }
  // Whether who got a reference at that time may have got it of who was killed before its owner heard of it.
  bool is_excused(Time since) const;

  static constexpr std::uint64_t kFirst = 10;
  static constexpr ProcessId kDirectory{1};
  static ActorId actor_of(ProcessId holder) { return {holder, 1'000'000'000}; }

  Clock clock;
  Network network;
  ActorHost actors;
  std::vector<std::unique_ptr<Holder>>& all() { return holders_; }

 private:
  void on_bytes(ProcessId from, std::string_view bytes) override;
  void on_lost(ProcessId, const Status&) override {}
  void say(ProcessId to, const Holder& about);
  void plan_tick(Holder& holder);

  std::vector<std::unique_ptr<Holder>> holders_;
  std::vector<Time> kills_;
  std::set<ObjectId> lost_;
};

}  // namespace Atoll::sim
