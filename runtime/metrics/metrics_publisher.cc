#include "runtime/metrics/metrics_publisher.h"

#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "config.h"
#include "runtime/base/read_file.h"
#include "runtime/metrics/metrics_request.h"
#include "runtime/session/private_folder.h"
#include "runtime/session/process_identity.h"

namespace Atoll {
namespace {

constexpr const char* kTokenFile = "metrics.token";

// What Prometheus' file_sd_configs reads.
std::string target_json(const std::string& target, const std::string& cluster, const std::string& node, const std::string& process) {
  const nlohmann::ordered_json group = {{"targets", {target}}, {"labels", {{"cluster", cluster}, {"node", node}, {"process", process}}}};
  return nlohmann::ordered_json::array({group}).dump(2) + "\n";
}

void add_process_usage(MetricsPage& page) {
  if (const auto stat = read_file("/proc/self/stat"))
    page.add(Metric::kProcessCpu, static_cast<double>(parse_stat(*stat).cpu_ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK)));
  unsigned long long size = 0, resident = 0;
  if (const auto statm = read_file("/proc/self/statm"); statm && std::sscanf(statm->c_str(), "%llu %llu", &size, &resident) == 2)
    page.add(Metric::kProcessMemory, resident * static_cast<unsigned long long>(::sysconf(_SC_PAGESIZE)));
}

void add_traffic(MetricsPage& page, const TrafficByClass& traffic) {
  for (std::size_t i = 0; i < traffic.size(); ++i) {
    const MetricsPage::Labels in = {{"peer", kPeerClasses[i]}, {"direction", "in"}}, out = {{"peer", kPeerClasses[i]}, {"direction", "out"}};
    page.add(Metric::kMessages, traffic[i].messages_in, in);
    page.add(Metric::kMessages, traffic[i].messages_out, out);
    page.add(Metric::kMessageBytes, traffic[i].bytes_in, in);
    page.add(Metric::kMessageBytes, traffic[i].bytes_out, out);
  }
}

}  // namespace

Result<std::unique_ptr<MetricsPublisher>> MetricsPublisher::open(Loop& loop, Options options, MetricsServer::Ask ask) {
  std::unique_ptr<MetricsPublisher> publisher(new MetricsPublisher(std::move(options), now()));
  ATOLL_RETURN_IF_ERROR(publisher->listen(loop, std::move(ask)));
  ATOLL_RETURN_IF_ERROR(publisher->leave_files());
  return publisher;
}

Status MetricsPublisher::listen(Loop& loop, MetricsServer::Ask ask) {
  Result<MetricsAddress> address = parse_metrics_address(options_.where);
  if (!address.ok()) return address.status();
  if (is_head() && address->port != 0) ++address->port;  // one daemon stands beside it
  const std::string path = options_.folder + "/metrics-" + options_.name;
  const std::string token = address->is_unix ? "" : metrics_token(options_.secret);
  Result<std::unique_ptr<MetricsServer>> server = MetricsServer::listen(loop, *address, path, token, std::move(ask));
  if (!server.ok()) return server.status();
  server_ = std::move(*server);
  words_ = address->is_unix ? "GET /metrics at the Unix socket " + path
                            : "http://" + host_and_port(server_->address()) + "/metrics, with the token in " + options_.folder + "/" + kTokenFile;
  return Status();
}

Status MetricsPublisher::leave_files() {
  if (server_->address().is_unix) return Status();
  const Result<PrivateFolder> folder = PrivateFolder::open(options_.folder);
  if (!folder.ok()) return folder.status();
  ATOLL_RETURN_IF_ERROR(folder->replace(kTokenFile, metrics_token(options_.secret) + "\n"));
  return folder->replace(("metrics-" + options_.name + ".json").c_str(),
                         target_json(host_and_port(server_->address()), options_.cluster, options_.node, is_head() ? "head" : "daemon"));
}

void MetricsPublisher::reply(MetricsPage page, Time now) {
  page.add(Metric::kBuildInfo, 1,
           {{"version", PACKAGE_VERSION}, {"process", is_head() ? "head" : "daemon"}, {"cluster", options_.cluster}, {"node", options_.node}});
  page.add(Metric::kUptime, seconds(now - started_));
  add_process_usage(page);
  add_traffic(page, traffic_);
  page.add(Metric::kLoopLateness, lateness_);
  server_->reply(to_text(page));
}

void MetricsPublisher::on_tick(Time now, Time wanted) {
  lateness_.observe(std::max(Duration::zero(), now - wanted));
  server_->on_tick(now);
}

}  // namespace Atoll
