#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/client/client_runtime.h"
#include "runtime/client/state_inquiry.h"
#include "runtime/session/session.h"

namespace Atoll {

// Who looks at a cluster: asks all who know, and puts their answers together. For one thread.
//
// SIGHT-1 who does not answer within `patience` is named, and the rest is there
// SIGHT-2 rows stand in the order of those who know: the head, the drivers, the nodes by rank and their workers; with a
//         sort key they are the first by it
// SIGHT-3 of many nodes it asks a few, which gather the answers of the others (state_inquiry.h)
class StateClient : private ClientListener {
 public:
  // Asks the head who is there. kTimedOut or kUnavailable if it does not say within `timeout`.
  static Result<std::unique_ptr<StateClient>> open(const Session& session, Duration timeout);
  ~StateClient() override;

  const Peers& peers() const { return *peers_; }
  // Again: some may have come or gone.
  Status find_peers(Duration timeout);

  struct Answer {
    std::uint64_t total = 0;
    std::vector<StateRow> rows;  // the first, as many as the question's limit allows
    std::uint64_t finished = 0;
    std::uint64_t failed = 0;
    std::vector<std::string> silent;  // "worker 4711 on n2"
  };
  Answer ask(const GetState& question, Duration patience);

  // What is kept of the output of processes (state_client_logs.cc).
  struct Log {
    Contact keeper;    // who keeps it, and answers read_log()
    std::string node;  // its name
    LogRecord record;
  };
  struct Logs {
    std::vector<Log> logs;  // the head's first, then by node
    std::vector<std::string> silent;
    std::vector<std::string> remarks;  // of those who keep nothing more
  };
  Logs list_logs(Duration patience);
  // From `from` on, or from where what is kept begins. kUnavailable if its keeper does not answer.
  Result<LogBytes> read_log(const Log& log, std::uint64_t from, std::uint32_t bytes, Duration patience);

 private:
  explicit StateClient(const Contact& head) : head_(head) {}
  void send_what_is_wanted(std::unique_lock<std::mutex>& lock);
  void take_log(ProcessId from, Message message);
  void on_other_message(ProcessId from, Message message) override;
  void on_peer_lost(ProcessId peer, const Status& why) override;

  Contact head_;
  std::uint64_t request_ = 0;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::optional<Peers> peers_;
  std::optional<Status> lost_;  // the head
  std::optional<StateInquiry> inquiry_;  // while ask() waits
  Outbox wanted_;                        // by it, to be sent
  std::set<ProcessId> poor_gatherers_;
  std::map<ProcessId, std::string> expected_;  // whose answers about logs are to come, in words
  std::vector<std::string> gone_;
  std::map<ProcessId, LogList> log_lists_;
  std::optional<LogBytes> log_bytes_;
  std::unique_ptr<ClientRuntime> runtime_;  // last: its thread calls the listener
};

}  // namespace Atoll
