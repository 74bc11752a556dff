#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "runtime/base/line_writer.h"
#include "runtime/base/loop.h"
#include "runtime/control/head.h"
#include "runtime/logs/log_files.h"
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
    std::optional<LogFiles::Options> logs = {};  // for its own log lines
    std::string metrics = {};  // where they are served, as --metrics has it; "": nowhere
    std::string folder = {};   // of this cluster on this host: there once its daemon has joined
  };

  static Result<std::unique_ptr<HeadShell>> create(const Options& options);
  ~HeadShell() override;

  const Contact& self() const { return self_; }
  // What Slurm says of its switches; before run().
  void use_topology(SlurmTopology topology) { described_.topology = std::move(topology); }

  // Runs until SIGTERM, or until the parent's end of `lifeline` is closed; then
  // tells every daemon to stop.
  Status run(int lifeline);
  // What the cluster did, and how long it lived; after run().
  ClusterTotals totals() const { return head_->totals(now_); }
  Duration life() const { return now_ - started_; }

 private:
  HeadShell(const Options& options, Loop loop) : log_options_(options.logs), loop_(std::move(loop)), messenger_(*this) {}
  Status open(const Options& options);
  Status open_logs();
  void keep(std::string line);
  void carry_out();
  void open_metrics();
  void answer_readers();
  void on_message(ProcessId from, Message message) override;
  void on_lost(ProcessId peer, const Status& why) override;
  PeerClass class_of(ProcessId peer) const override { return head_->class_of(peer); }

  const std::optional<LogFiles::Options> log_options_;
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
  Time now_{}, started_{};
  std::mutex log_mutex_;  // for any thread's lines
  std::string early_lines_;
  std::optional<LogFiles> logs_;  // once every node is there, and with it the folder
};

// The head process: reads the cluster's secret (64 hexadecimal digits) from the
// socket `channel`, answers with a card that holds its contact, and runs for as
// long as the other end stays open. Returns its exit status. ATOLL_SUMMARY in the
// environment: what the cluster did goes to `err` at its end, if it lived for so
// many seconds.
int run_head_process(const std::string& cluster, const std::string& host, std::uint32_t expected_nodes, int channel,
                     LineWriter& err);

}  // namespace Atoll
