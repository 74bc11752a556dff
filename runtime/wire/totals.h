#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/wire/fields.h"

// What was done so far, counted by those who did it.
namespace Atoll {

// How long things waited: their sum, and how many waited less than 2, 4, 8 ... microseconds.
struct WaitCounts {
  double seconds = 0;
  std::vector<std::uint64_t> counts;  // [i]: from 2^i us on, and less than 2^(i+1); [0] also less
  ATOLL_MESSAGE_FIELDS(seconds, counts)

  void add(Duration waited) {
    const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::microseconds>(waited).count(), 1));
    const auto place = static_cast<std::size_t>(std::bit_width(us) - 1);
    if (place >= counts.size()) counts.resize(place + 1);
    ++counts[place];
    seconds += static_cast<double>(us) * 1e-6;
  }
  void add(const WaitCounts& other) {
    if (other.counts.size() > counts.size()) counts.resize(other.counts.size());
    for (std::size_t i = 0; i < other.counts.size(); ++i) counts[i] += other.counts[i];
    seconds += other.seconds;
  }
  std::uint64_t count() const {
    std::uint64_t all = 0;
    for (const std::uint64_t each : counts) all += each;
    return all;
  }
  // In seconds, right to a factor of 1.5; 0 if nothing waited.
  double median() const {
    std::uint64_t left = (count() + 1) / 2;
    for (std::size_t i = 0; i < counts.size() && left > 0; ++i) {
      if (counts[i] >= left) return 1.4142135623730951e-6 * static_cast<double>(std::uint64_t{1} << std::min<std::size_t>(i, 62));
      left -= counts[i];
    }
    return 0;
  }
};

// Of an owner's tasks and calls.
struct WorkTotals {
  std::uint64_t tasks = 0;    // that ended without an error
  std::uint64_t calls = 0;    // of actors, that ended without an error
  std::uint64_t failed = 0;   // tasks and calls that ended with one
  std::uint64_t retries = 0;  // tasks that were begun once more
  WaitCounts waits;           // of tasks: from the submission until each was sent to a worker
  ATOLL_MESSAGE_FIELDS(tasks, calls, failed, retries, waits)

  void add(const WorkTotals& other) {
    tasks += other.tasks;
    calls += other.calls;
    failed += other.failed;
    retries += other.retries;
    waits.add(other.waits);
  }
};

// Of a cluster, from its beginning.
struct ClusterTotals {
  WorkTotals work;                   // of the drivers that have ended
  std::uint64_t actors = 0;          // that were created
  std::uint64_t actor_restarts = 0;
  std::uint64_t workers_died = 0;    // unasked
  std::uint64_t nodes_died = 0;
  double cpu_seconds = 0, cpu_seconds_held = 0;  // of all nodes: what there was, and what tasks and actors had of it
  double gpu_seconds = 0, gpu_seconds_held = 0;
  std::uint64_t memory_peak = 0;         // the most that was in use on one node, bytes; 0: not known
  std::uint64_t object_memory_peak = 0;  // the most on one node
  ATOLL_MESSAGE_FIELDS(work, actors, actor_restarts, workers_died, nodes_died, cpu_seconds, cpu_seconds_held, gpu_seconds,
                       gpu_seconds_held, memory_peak, object_memory_peak)
};

}  // namespace Atoll
