#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <queue>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/status.h"
#include "runtime/wire/messages.h"

namespace Atoll::sim {

// Virtual time: what happens next, in order of time and then of planning.
class Clock {
 public:
  using Event = std::function<void()>;

  Time now() const { return now_; }
  void at(Time when, Event event);
  void after(Duration delay, Event event) { at(now_ + delay, std::move(event)); }
  // Runs the next event if it is due by `end`; false, and `end` it is, otherwise.
  bool step(Time end);

 private:
  struct Planned {
    Time when;
    std::uint64_t order;
    Event event;
  };
  struct Later {
    bool operator()(const Planned& a, const Planned& b) const {
      return std::tie(a.when, a.order) > std::tie(b.when, b.order);
    }
  };

  // Not 0, which machines take for never.
  Time now_ = Time() + std::chrono::seconds(1);
  std::uint64_t planned_ = 0;
  std::vector<Planned> heap_;
};

// A host of the simulated network; processes live on hosts.
using Host = std::uint32_t;

// What a process of the network hears.
class Endpoint {
 public:
  virtual ~Endpoint() = default;
  virtual void on_bytes(ProcessId from, std::string_view bytes) = 0;
  virtual void on_lost(ProcessId peer, const Status& why) = 0;
};

// The network of the simulation: delays every message by a random time, keeps
// the order of each pair (TRANSPORT-1), and breaks as it is told.
//
// A host that is cut off silently loses no byte: as with TCP, what was sent to
// or from it arrives when it is healed. A connection that is broken loses what
// was under way, and both ends that live are told.
class Network {
 public:
  struct Faults {
    Duration least_delay = std::chrono::microseconds(20);
    Duration most_delay = std::chrono::microseconds(500);
    // Of messages whose place in Message is in `repeated`: lost or doubled.
    double drop = 0;
    double twice = 0;
    std::set<std::size_t> repeated;
  };

  Network(Clock& clock, std::uint64_t seed, Faults faults);

  void add(ProcessId id, Host host, Endpoint& endpoint);
  // The process ended: its peers are told, unless its host is cut off or gone.
  void remove(ProcessId id);

  // `peer` may be sent to by `self`; who has connected to it may be too.
  void learn(ProcessId self, ProcessId peer) { processes_.at(self).known.insert(peer); }
  void send(ProcessId from, ProcessId to, std::string bytes);

  void cut(Host host) { cut_.insert(host); }
  void heal(Host host);
  // Breaks the connections between two hosts, loudly.
  void sever(Host a, Host b);

  // A fingerprint of all that was delivered, to whom and when.
  std::uint64_t trace() const { return trace_; }
  std::uint64_t delivered() const { return delivered_; }
  std::mt19937_64& random() { return random_; }
  bool chance(double probability);

 private:
  struct Process {
    Host host = 0;
    Endpoint* endpoint = nullptr;  // null: it ended behind a cut, and its peers do not know
    std::set<ProcessId> known;
    std::set<ProcessId> connected;
  };
  struct Wire {  // one direction of a pair
    std::uint64_t connection = 0;
    Time last{};  // of the latest delivery that is planned
  };
  using Pair = std::pair<ProcessId, ProcessId>;

  Process* find(ProcessId id);
  bool reachable(Host a, Host b) const { return a == b || (!cut_.contains(a) && !cut_.contains(b)); }
  void plan(ProcessId from, ProcessId to, std::string bytes);
  void deliver(ProcessId from, ProcessId to, std::uint64_t connection, const std::string& bytes);
  void break_connection(ProcessId a, ProcessId b, const std::string& why);
  void tell_lost(ProcessId self, ProcessId peer, const std::string& why);
  Duration delay();
  void note(ProcessId from, ProcessId to, std::string_view bytes);

  Clock& clock_;
  std::mt19937_64 random_;
  Faults faults_;
  std::unordered_map<ProcessId, Process> processes_;
  std::map<Pair, Wire> wires_;
  std::set<Host> cut_;
  struct Held {
    ProcessId from, to;
    std::uint64_t connection;
    std::string bytes;
  };
  std::vector<Held> held_;  // behind a cut, in order
  std::uint64_t trace_ = 0xcbf29ce484222325ULL;
  std::uint64_t delivered_ = 0;
};

}  // namespace Atoll::sim
