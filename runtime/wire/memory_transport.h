#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/wire/hello.h"
#include "runtime/wire/transport.h"

namespace Atoll {

class MemoryTransport;

// The network of a simulated cluster: any number of transports in one process,
// under a virtual clock, with faults that a seed decides. Two networks of one
// seed that are used alike deliver alike. For one thread.
//
// Every message takes a time of its own between the latencies, but stays behind
// the ones sent before it to the same process; between different pairs messages
// overtake each other. Nothing is handed over but from inside advance_to(),
// which is the progress() of all transports at once.
//
// MEMORY-1 events come in the order of (time, when they were caused)
// MEMORY-2 without the datagram faults, TRANSPORT-1 to TRANSPORT-3 hold
class MemoryNetwork {
 public:
  struct Faults {
    Duration min_latency = std::chrono::microseconds(10);
    Duration max_latency = std::chrono::microseconds(100);
    // That a message breaks its connection and is lost with it, and all behind it.
    double break_probability = 0;
    // What no transport does, for state machines that shall survive it anyway:
    // that a message silently vanishes, or comes a second time and later.
    double drop_probability = 0;
    double duplicate_probability = 0;
  };
  enum class HelloMode {
    kFull,   // the three messages of hello.h, with their cryptography
    kCheap,  // three empty messages; the secrets are compared
  };
  // Whether those concerned are told of a fault (a reset connection), or hear
  // nothing any more (a pulled cable, a power cut).
  enum class Notice { kLoud, kSilent };

  explicit MemoryNetwork(std::uint64_t seed) : MemoryNetwork(seed, Faults()) {}
  MemoryNetwork(std::uint64_t seed, const Faults& faults, HelloMode hello_mode = HelloMode::kFull);
  ~MemoryNetwork();
  MemoryNetwork(const MemoryNetwork&) = delete;
  MemoryNetwork& operator=(const MemoryNetwork&) = delete;

  // A new process's transport. `handler` outlives it, and so does the network.
  // Destroying it is kill(self, kLoud). A process comes once.
  std::unique_ptr<MemoryTransport> add(ProcessId self, const Secret& secret, TransportHandler& handler);

  // Nothing passes between `a` and `b`. Loud: their connection is lost at once,
  // and so is each attempt to make one. Silent: a connection lives on, and is lost
  // by heal() if it missed anything.
  void cut(ProcessId a, ProcessId b, Notice notice);
  void heal(ProcessId a, ProcessId b);
  // The same between `process` and everybody.
  void isolate(ProcessId process, Notice notice);
  void rejoin(ProcessId process);
  // Ends a process: its handler is not called any more.
  void kill(ProcessId process, Notice notice);
  // From now on. Latencies of what is under way stay.
  void set_faults(const Faults& faults) { faults_ = faults; }

  Time now() const { return now_; }
  // When the next thing happens, if anything will.
  std::optional<Time> next_event() const;
  // Lets happen all that happens until `time`, `time` included, and returns how
  // much it was. Handlers may send, learn, disconnect, add, cut, heal and kill.
  std::size_t advance_to(Time time);

 private:
  friend class MemoryTransport;
  using Index = std::uint32_t;
  static constexpr Index kNone = 0xffffffff;

  // A process that somebody named; it runs from add() to kill().
  struct Process {
    ProcessId id;
    Secret secret;
    TransportHandler* handler = nullptr;
    MemoryTransport* transport = nullptr;
    std::optional<Notice> isolated;
    bool vanished = false;  // killed, and nobody was told
  };
  struct Content {
    std::string message;
    std::string bulk;  // if it has bytes
  };
  // A pair of processes. `sides` are in the order in which the pair was made.
  struct Link {
    Index process[2];
    Index session[2] = {kNone, kNone};  // what each side takes for its connection
    Time clear[2]{};                    // when the last message to this side arrives
    std::optional<Notice> cut;
  };
  // One connection, from its hello to the day both sides know of its end.
  struct Session {
    Link* link = nullptr;
    int beginner = 0;
    bool alive = false;
    bool missed = false;  // a silent cut swallowed something of it
    bool ready[2] = {false, false};
    bool left[2] = {false, false};  // by disconnect()
    std::vector<Content> queue[2];
    std::unique_ptr<Hello> hello[2];
    std::uint32_t events = 0;  // under way
  };
  enum class Kind : std::uint8_t { kOffer, kAnswer, kProof, kMessage, kLost, kTimeout };
  struct Event {
    Content content;  // of kLost: why
    Index session;
    Kind kind;
    std::uint8_t side;  // to whom
    Code code;          // of kLost
  };
  struct Due {
    Time at;
    std::uint64_t sequence;
    Index event;
    friend bool operator>(const Due& a, const Due& b) {
      return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
    }
  };

  // Called by the transports.
  Link& link_between(Index a, Index b);
  Index place_of(ProcessId process);
  void send(Link& link, int side, Content content, bool right_address);
  void disconnect(Link& link, int side);
  void for_each_link(Index process, const std::function<void(Link&)>& act);

  bool join(Link& link, int side);
  void begin(Link& link, int side, bool right_address);
  Index new_session(Link& link, int beginner);
  void release(Index session);
  void become_ready(Index session, int side);
  void transmit(Index session, int to, Kind kind, Content content);
  void say_goodbye(Index session, int side);
  void schedule(Time at, Index session, int side, Kind kind, Content content, Code code = Code::kOk);
  void break_session(Index session, const Status& why);
  void break_link(Link& link, const Status& why);
  void break_if_missed(Link& link);
  void lose(Index session, int side, const Status& why);

  void happen(Event& event);
  void deliver(Index session, int side, const Content& content);
  void on_offer(Index session, int side, const std::string& bytes);
  void on_answer(Index session, int side, const std::string& bytes);
  void on_proof(Index session, int side, const std::string& bytes);
  void refuse(Index session, const Status& why);
  Status compare_secrets(const Link& link) const;
  std::optional<Notice> obstacle(const Link& link) const;

  std::uint64_t random();
  bool chance(double probability);
  Time arrival();

  Faults faults_;
  const HelloMode hello_mode_;
  std::uint64_t random_state_;
  Time now_{};
  bool advancing_ = false;

  std::deque<Process> processes_;
  std::unordered_map<ProcessId, Index> index_;
  std::unordered_map<std::uint64_t, Link> links_;
  std::deque<Session> sessions_;
  std::vector<Index> free_sessions_;

  std::vector<Due> due_;  // a heap, the earliest on top
  std::uint64_t caused_ = 0;
  std::deque<Event> events_;
  std::vector<Index> free_events_;
};

// The transport of one process of a MemoryNetwork.
class MemoryTransport final : public Transport {
 public:
  ~MemoryTransport() override;

  ProcessId self() const override { return self_; }
  const std::string& address() const override { return address_; }
  void learn(ProcessId peer, std::string address) override;
  std::string address_of(ProcessId peer) const override;
  Status send(ProcessId peer, std::string message) override;
  Status send_bulk(ProcessId peer, std::string message, Bulk bulk) override;
  void disconnect(ProcessId peer) override;
  // Advances the whole network to `now`, for code that knows only transports.
  bool progress(Time now) override;
  // There is none to sleep on: time is virtual.
  int event_fd() const override { return -1; }
  bool arm() override;

 private:
  friend class MemoryNetwork;
  struct Peer {
    MemoryNetwork::Link* link = nullptr;
    int side = 0;
    bool right_address = true;
  };
  Peer& peer_at(ProcessId peer);
  Status send(ProcessId peer, MemoryNetwork::Content content);

  MemoryTransport(MemoryNetwork& network, MemoryNetwork::Index index, ProcessId self);

  MemoryNetwork& network_;
  const MemoryNetwork::Index index_;
  const ProcessId self_;
  const std::string address_;
  std::unordered_map<ProcessId, Peer> peers_;
};

}  // namespace Atoll
