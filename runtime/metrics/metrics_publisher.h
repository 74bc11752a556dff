#pragma once

#include <memory>
#include <string>

#include "runtime/metrics/metrics_server.h"
#include "runtime/metrics/page.h"
#include "runtime/wire/secret.h"
#include "runtime/wire/traffic.h"

namespace Atoll {

// The metrics of a head or a daemon at the place that --metrics names, and in the session folder what leads there:
//
//   metrics-NAME        the socket, for --metrics unix
//   metrics-NAME.json   where it listens otherwise, as Prometheus' file_sd_configs reads it
//   metrics.token       what to say then (0600), the same on all nodes
//
// NAME is "head" or the rank of the node.
class MetricsPublisher {
 public:
  struct Options {
    std::string where;   // as --metrics has it
    std::string folder;  // of this cluster on this host; it is there
    std::string name;    // "head", or the rank
    std::string cluster;
    std::string node;
    Secret secret;
  };
  // `loop` outlives it, `ask` is as for MetricsServer. kUnavailable or kInvalidArgument says why it cannot be.
  static Result<std::unique_ptr<MetricsPublisher>> open(Loop& loop, Options options, MetricsServer::Ask ask);

  bool is_asked() const { return server_->is_asked(); }
  // What all processes have in common is put before what `page` says.
  void reply(MetricsPage page, Time now);
  void on_tick(Time now, Time wanted);

  TrafficByClass& traffic() { return traffic_; }
  // For the log: where it is.
  const std::string& words() const { return words_; }

 private:
  MetricsPublisher(Options options, Time now) : options_(std::move(options)), started_(now) {}
  Status listen(Loop& loop, MetricsServer::Ask ask);
  Status leave_files();
  bool is_head() const { return options_.name == "head"; }

  Options options_;
  Time started_;
  std::string words_;
  TrafficByClass traffic_{};
  DurationHistogram lateness_;
  std::unique_ptr<MetricsServer> server_;
};

}  // namespace Atoll
