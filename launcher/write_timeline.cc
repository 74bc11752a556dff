#include "launcher/write_timeline.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <iostream>
#include <limits>

#include "launcher/find_cluster.h"
#include "launcher/say.h"
#include "runtime/client/timeline_client.h"

namespace Atoll {
namespace {

// The time of the day when our monotonic clock was 0.
std::string time_at_zero(Time now) {
  const auto then = std::chrono::system_clock::now() -
                    std::chrono::duration_cast<std::chrono::system_clock::duration>(now.time_since_epoch());
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(then.time_since_epoch()).count();
  return fmt::format("{:%FT%T}.{:06}Z", fmt::gmtime(static_cast<std::time_t>(us / 1'000'000)), us % 1'000'000);
}

std::string count_of(std::uint64_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

void tell(const TimelineWritten& written, const std::string& path, bool quiet) {
  for (const std::string& who : written.missing) say_warning(who + " did not answer: what is recorded there is missing");
  if (written.rate == 0)
    say_warning("this cluster records no timeline: it was started with --timeline-rate=0");
  else if (!quiet)
    Sayer(Talk::kNormal).info(path + ": " + count_of(written.runs, "task") + " and calls" +
               (written.about > written.runs ? " of about " + std::to_string(written.about) : "") + " on " +
               count_of(written.nodes, "node") + "; open it at https://ui.perfetto.dev");
}

}  // namespace

Result<TimelineWritten> write_timeline(const Session& session, const TimelineWish& wish, std::ostream& out) {
  Result<std::unique_ptr<TimelineClient>> opened = TimelineClient::open(session, wish.timeout);
  if (!opened.ok()) return opened.status();
  TimelineClient& client = **opened;
  const std::vector<TraceNode> nodes = client.find_nodes(wish.timeout);
  const Time at = now();
  const std::int64_t since = wish.last > 0 ? (at - to_duration(wish.last)).time_since_epoch().count()
                                           : std::numeric_limits<std::int64_t>::min();
  TraceWriter writer(out, since);
  for (const TraceNode& node : nodes) writer.know(node);
  client.collect(nodes, wish.timeout, [&writer](const TraceNode& node, const TimelineChunk& chunk) { writer.add(node, chunk); });
  writer.finish({client.cluster(), time_at_zero(at), client.rate(), client.dropped(), client.missing()});
  return TimelineWritten{writer.runs(), writer.stand_for(), nodes.size(), client.rate(), client.missing()};
}

Status write_timeline_file(const Session& session, const TimelineWish& wish, const std::string& path, bool quiet) {
  std::ofstream file;
  if (path != "-") {
    file.open(path, std::ios::binary | std::ios::trunc);
    if (!file) return errno_status("cannot write " + path, errno);
  }
  std::ostream& out = path == "-" ? std::cout : file;
  const Result<TimelineWritten> written = write_timeline(session, wish, out);
  if (!written.ok()) return written.status();
  out.flush();
  if (!out) return errno_status("cannot write " + path, errno);
  tell(*written, path, quiet || path == "-");
  return Status();
}

}  // namespace Atoll
