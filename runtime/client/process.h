#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "runtime/client/client_runtime.h"

namespace Atoll {

// The runtime that the public calls of this process go to: set while a driver
// is connected, or this is a worker. Throws ClusterLostError otherwise.
ClientRuntime& current_runtime();
bool has_runtime();
void set_current_runtime(ClientRuntime* runtime);

// Answers to a driver's or tool's own questions to the head.
class Answers : public ClientListener {
 public:
  explicit Answers(ProcessId head) : head_(head) {}

  void on_other_message(ProcessId from, Message message) override;
  void on_peer_lost(ProcessId peer, const Status& why) override;

  // The next Attached, AttachRefused or StatusReport; kTimedOut, or kUnavailable
  // if the head is lost first.
  Result<Message> wait(Time deadline);
  // Pieces of the driver's program, for nodes that cannot see it.
  void serve_program(std::string path, ClientRuntime& runtime);

 private:
  ProcessId head_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::optional<Message> answer_;
  std::optional<Status> lost_;
  std::string program_;
  ClientRuntime* runtime_ = nullptr;
};

}  // namespace Atoll
