#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/resources.h"
#include "runtime/wire/contact.h"
#include "runtime/wire/fields.h"

// The messages of membership, between daemons and the head; messages.h has the rules.
namespace Atoll {

struct GpuRecord {
  std::int32_t index = 0;  // as Slurm and the driver number it on the node
  std::string uuid;        // "GPU-…", empty if unknown
  std::string model;
  std::int32_t numa = -1;  // -1: unknown
  std::vector<std::string> nics;  // the nearest, nearest first
  ATOLL_MESSAGE_FIELDS(index, uuid, model, numa, nics)
};

// Two GPUs that NVLink, NVSwitch or XGMI joins, by their places in NodeInfo::gpus.
struct WireRecord {
  std::int32_t a = 0;
  std::int32_t b = 0;
  double gbps = 0;  // GB/s
  ATOLL_MESSAGE_FIELDS(a, b, gbps)
};

// A memory domain that has GPUs beside it, and the CPUs of it that were granted.
struct NumaRecord {
  std::int32_t index = 0;
  std::vector<std::int32_t> cpus;
  ATOLL_MESSAGE_FIELDS(index, cpus)
};

// What a node brings into the cluster. Constant while its daemon lives.
struct NodeInfo {
  std::string name;
  std::uint64_t pid = 0;    // of the daemon
  Resources total;          // what Slurm granted, never what the machine has
  std::vector<Fixed> gpu_capacity;  // by place in `gpus`
  std::vector<GpuRecord> gpus;
  std::vector<std::string> warnings;
  std::vector<WireRecord> wires;
  std::vector<NumaRecord> numa;
  std::string fabric;                 // "UUID.CLIQUE" of a usable NVLink fabric beyond the node
  std::vector<std::string> switches;  // Slurm's, from the top to the node's own
  std::map<std::string, std::string> labels;
  ATOLL_MESSAGE_FIELDS(name, pid, total, gpu_capacity, gpus, warnings, wires, numa, fabric, switches, labels)
};

// What of it is in use. `sequence` grows with every report of a daemon.
struct NodeUsage {
  std::uint64_t sequence = 0;
  Resources free;
  std::vector<Fixed> gpu_free;
  std::uint32_t workers = 0;
  std::uint32_t actors = 0;
  std::uint64_t tasks_leased = 0;  // leases granted since the start
  // The head's reservations (scheduler/cluster_view.h) heard since the last report.
  std::vector<std::uint64_t> heard;
  // Its object memory, in bytes, and the copies in it.
  std::uint64_t object_bytes = 0;
  std::uint64_t object_bytes_used = 0;
  std::uint64_t objects = 0;
  std::uint32_t leases = 0;
  std::uint32_t waiting = 0;  // leases and actors, for room in a placement group's bundle
  std::uint32_t objects_waiting = 0;       // for room in object memory
  std::uint64_t object_bytes_reached = 0;  // the pages of it that were ever touched
  std::uint64_t bytes_fetched = 0;         // from other nodes' object memory, ever
  std::uint64_t bytes_sent = 0;            // to other nodes', ever
  std::uint64_t bytes_on_disk = 0;         // that its spill files hold
  std::uint64_t bytes_spilled = 0;         // to them, ever
  std::uint64_t bytes_restored = 0;        // from them, ever
  // Since the start: what tasks and actors had, times how long they had it; and the most that was in use, 0 if not known.
  double cpu_seconds_held = 0;
  double gpu_seconds_held = 0;
  std::uint64_t memory_peak = 0;  // bytes, as the node's watch counts them
  std::uint64_t object_bytes_peak = 0;
  ATOLL_MESSAGE_FIELDS(sequence, free, gpu_free, workers, actors, tasks_leased, heard, object_bytes, object_bytes_used, objects,
                       leases, waiting, objects_waiting, object_bytes_reached, bytes_fetched, bytes_sent, bytes_on_disk, bytes_spilled,
                       bytes_restored, cpu_seconds_held, gpu_seconds_held, memory_peak, object_bytes_peak)
};

// daemon -> head, repeated until Welcome. `actors` lists what runs there, so
// that a head that was restarted learns it.
struct Join {
  Contact daemon;
  NodeInfo info;
  NodeUsage usage;
  ATOLL_MESSAGE_FIELDS(daemon, info, usage)
};
struct Welcome {
  std::string cluster;
  std::uint32_t expected_nodes = 0;
  ATOLL_MESSAGE_FIELDS(cluster, expected_nodes)
};

// daemon -> head every kHeartbeatInterval and, rate limited, when the usage
// changed; HeartbeatAck tells the daemon that the head lives.
struct Heartbeat {
  NodeUsage usage;
  ATOLL_MESSAGE_FIELDS(usage)
};
struct HeartbeatAck {
  std::uint64_t sequence = 0;
  ATOLL_MESSAGE_FIELDS(sequence)
};

// head -> daemon: you were declared dead; stop. Also the answer to a heartbeat
// of a daemon the head does not know (any more).
struct Expelled {
  std::string why;
  ATOLL_MESSAGE_FIELDS(why)
};

// head -> daemon: the cluster ends.
struct Stop {
  std::string why;
  ATOLL_MESSAGE_FIELDS(why)
};

}  // namespace Atoll
