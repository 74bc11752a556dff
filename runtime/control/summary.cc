#include "runtime/control/summary.h"

#include <fmt/format.h>

#include "runtime/base/words.h"

namespace Atoll {
namespace {

// "1,204 tasks", "1 task".
std::string count(std::uint64_t number, const std::string& noun) {
  std::string digits = std::to_string(number);
  for (std::size_t place = digits.size(); place > 3;) digits.insert(place -= 3, ",");
  return digits + " " + noun + (number == 1 ? "" : "s");
}

// "850 us", "2.1 ms", "31 s", "4 min", "2.5 h".
std::string time(double seconds) {
  if (seconds < 1e-3) return fmt::format("{:.0f} us", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.3g} ms", seconds * 1e3);
  if (seconds < 120) return fmt::format("{:.3g} s", seconds);
  if (seconds < 7200) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

std::string percent(double part, double whole) { return fmt::format("{:.0f} %", whole > 0 ? 100 * part / whole : 0); }

std::string work(const ClusterTotals& totals, Duration life) {
  const WorkTotals& work = totals.work;
  std::string line = count(work.tasks, "task") + " and " + count(work.calls, "call") + " done in " +
                     time(seconds(life)) + ", " + std::to_string(work.failed) + " failed, " +
                     std::to_string(work.retries) + " retried";
  if (work.waits.count() > 0)
    line += "; tasks waited " + time(work.waits.median()) + " in the median, " + time(work.waits.seconds) + " in all";
  if (totals.actors > 0) line += "; " + count(totals.actors, "actor") + ", " + count(totals.actor_restarts, "restart");
  if (totals.workers_died > 0) line += "; " + count(totals.workers_died, "worker") + " died";
  if (totals.nodes_died > 0) line += "; " + count(totals.nodes_died, "node") + " died";
  return line;
}

std::string use(const ClusterTotals& totals) {
  std::string line = "CPUs were held " + percent(totals.cpu_seconds_held, totals.cpu_seconds) + " of the time";
  if (totals.gpu_seconds > 0)
    line += ", GPUs " + percent(totals.gpu_seconds_held, totals.gpu_seconds) + ": " +
            time(totals.gpu_seconds - totals.gpu_seconds_held) + " of " + time(totals.gpu_seconds) +
            " of them were nobody's";
  if (totals.memory_peak > 0) line += "; most memory in use on a node: " + format_bytes(totals.memory_peak);
  if (totals.object_memory_peak > 0) line += "; most object memory: " + format_bytes(totals.object_memory_peak);
  return line;
}

}  // namespace

std::string summary_of(const ClusterTotals& totals, Duration life) {
  return "atoll: " + work(totals, life) + "\natoll: " + use(totals) + "\n";
}

}  // namespace Atoll
