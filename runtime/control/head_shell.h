#pragma once

#include <memory>
#include <string>

#include "runtime/base/loop.h"
#include "runtime/control/head.h"
#include "runtime/metrics/metrics_publisher.h"
#include "runtime/wire/hello.h"
#include "runtime/wire/messenger.h"

namespace Atoll {

// The shell around Head: one process, one thread, a transport and a loop.
class HeadShell : private MessageHandler {
 public:
  struct Options {
    std::string cluster;
    std::string host;
    Secret secret;
    std::uint32_t expected_nodes = 1;
    std::string metrics = {};  // where they are served, as --metrics has it; "": nowhere
    std::string folder = {};   // of this cluster on this host: there once its daemon has joined
  };

  static Result<std::unique_ptr<HeadShell>> create(const Options& options);

  const Contact& self() const { return self_; }
  // What Slurm says of its switches; before run().
  void use_topology(SlurmTopology topology) { described_.topology = std::move(topology); }

  // Runs until SIGTERM, or until the parent's end of `lifeline` is closed; then
  // tells every daemon to stop.
  Status run(int lifeline);

 private:
  explicit HeadShell(Loop loop) : loop_(std::move(loop)), messenger_(*this) {}
  Status open(const Options& options);
  void carry_out();
  void open_metrics();
  void answer_readers();
  void on_message(ProcessId from, Message message) override;
  void on_lost(ProcessId peer, const Status& why) override;
  PeerClass class_of(ProcessId peer) const override { return head_->class_of(peer); }

  Loop loop_;
  std::unique_ptr<MetricsPublisher> metrics_;  // null: nobody wants them; the messenger counts there
  Messenger messenger_;
  std::unique_ptr<Transport> transport_;
  Contact self_;
  Head::Options described_;
  std::unique_ptr<Head> head_;  // while it runs
  MetricsPublisher::Options metrics_wanted_;
  bool metrics_opened_ = false;  // or in vain
  Outbox out_;
  Time now_{};
};

// The head process: reads the cluster's secret (64 hexadecimal digits) from the
// socket `channel`, answers with a card that holds its contact, and runs for as
// long as the other end stays open. Returns its exit status.
int run_head_process(const std::string& cluster, const std::string& host, std::uint32_t expected_nodes, int channel);

}  // namespace Atoll
