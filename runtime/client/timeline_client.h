#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/client/client_runtime.h"
#include "runtime/session/session.h"
#include "runtime/timeline/trace_writer.h"

namespace Atoll {

// Who collects a cluster's timeline from its daemons, piece by piece. For one thread.
//
// COLLECT-1 who does not answer within `patience` is named, and the rest is there
// COLLECT-2 what drivers and workers have recorded before collect() is called is collected, but for what daemons dropped
class TimelineClient : private ClientListener {
 public:
  // Asks the head who is there. kTimedOut or kUnavailable if it does not say within `timeout`.
  static Result<std::unique_ptr<TimelineClient>> open(const Session& session, Duration timeout);
  ~TimelineClient() override;

  // The nodes that answer, with what their clocks say; a clock that is ours is 0 and exact.
  std::vector<TraceNode> find_nodes(Duration patience);
  // Calls `each` for every chunk, node by node.
  using Each = std::function<void(const TraceNode&, const TimelineChunk&)>;
  void collect(const std::vector<TraceNode>& nodes, Duration patience, const Each& each);

  const std::string& cluster() const { return peers_->cluster; }
  std::uint64_t dropped() const { return dropped_; }
  std::uint32_t rate() const { return rate_; }
  const std::vector<std::string>& missing() const { return missing_; }  // "the daemon of node n2"

 private:
  explicit TimelineClient(const Contact& head) : head_(head) {}
  void say(ProcessId to, Message message);
  std::optional<TimelinePart> wait_for_part(ProcessId daemon, Duration patience);
  void on_other_message(ProcessId from, Message message) override;
  void on_peer_lost(ProcessId peer, const Status& why) override;

  // A daemon as far as it has answered.
  struct Daemon {
    std::vector<ClockSample> clock;
    std::uint64_t identity = 0;
    std::optional<TimelinePart> part;
    bool is_lost = false;
  };

  Contact head_;
  std::uint64_t clock_ = 0;  // ours
  std::uint64_t dropped_ = 0;
  std::uint32_t rate_ = 0;
  std::vector<std::string> missing_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::optional<Peers> peers_;
  std::optional<Status> lost_;  // the head
  std::map<ProcessId, Daemon> daemons_;
  std::unique_ptr<ClientRuntime> runtime_;  // last: its thread calls the listener
};

}  // namespace Atoll
