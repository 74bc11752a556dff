#pragma once

#include <cstddef>
#include <span>

namespace Atoll {

enum class MetricType { kCounter, kGauge, kHistogram };

// All that head and daemons publish, in the order in which it is printed. atoll-metrics(7) says what each means, and
// scripts/grafana draws some; tests compare.
enum class Metric {
  // Of every process.
  kBuildInfo,
  kUptime,
  kProcessCpu,
  kProcessMemory,
  kMessages,
  kMessageBytes,
  kLoopLateness,
  kLoopStalls,
  kLoopStallSeconds,
  // Of the tasks and calls that the drivers (told by the head) or the node's workers (told by its daemon) own.
  kOwners,
  kOwnersSilent,
  kTasks,
  kTasksSubmitted,
  kTasksFinished,
  kTasksFailed,
  kTasksRetried,
  kCalls,
  kCallsSubmitted,
  kCallsFinished,
  kCallsFailed,
  kCallsRetried,
  // Of the head.
  kReady,
  kNodes,
  kDrivers,
  kActors,
  kActorsCreated,
  kActorsDied,
  kActorRestarts,
  kGroups,
  kGroupsCreated,
  kRequestsWaiting,
  kNodeDeaths,
  kWorkerDeaths,
  // Of a daemon.
  kWorkers,
  kWorkerStarts,
  kWorkerFailures,
  kWorkersEndedForMemory,
  kLeases,
  kLeaseLatency,
  kNodeActors,
  kCpus,
  kGpus,
  kMemory,
  kNodeMemoryUsed,
  kNodeMemoryLimit,
  kObjects,
  kObjectsWaiting,
  kObjectMemoryUsed,
  kObjectMemoryLimit,
  kObjectMemoryReached,
  kObjectsEvicted,
  kObjectBytesEvicted,
  kObjectBytesSpilled,
  kObjectBytesRestored,
  kSpillFiles,
  kSpillDisk,
  kTransfersReceived,
  kTransferBytesReceived,
  kTransfersSent,
  kTransferBytesSent,
};
inline constexpr std::size_t kMetrics = static_cast<std::size_t>(Metric::kTransferBytesSent) + 1;

// Named as Prometheus asks: base units, counters end in _total.
struct MetricFamily {
  const char* name;
  MetricType type;
  const char* help;  // one line
};

// By Metric.
std::span<const MetricFamily, kMetrics> metric_families();
inline const MetricFamily& family_of(Metric metric) { return metric_families()[static_cast<std::size_t>(metric)]; }

}  // namespace Atoll
