#pragma once

#include <string>
#include <utility>

#include "runtime/wire/messages.h"

// Short ways to write the messages that tests of machines are made of.
namespace Atoll::testing {

inline constexpr ProcessId kHead{0x100};
inline constexpr ProcessId kDriver{0x200};

// Processes 0x1000, 0x1001, … are the daemons of nodes 0, 1, ….
inline ProcessId daemon_of(std::uint32_t rank) { return ProcessId(0x1000 + rank); }

inline Contact contact_of(ProcessId process, NodeId node = NodeId::kNone) {
  return {process, node, "address of " + to_string(process)};
}

inline Resources cpus(double amount) { return {.cpu = Fixed::from_double(amount).value()}; }
inline Resources gpus(double amount) { return {.gpu = Fixed::from_double(amount).value()}; }

// A node called "n<rank>" with whole GPUs.
inline NodeInfo node_info(std::uint32_t rank, std::int64_t cpu, std::int64_t gpu = 0) {
  NodeInfo info;
  info.name = "n" + std::to_string(rank);
  info.pid = 5000 + rank;
  info.total = {.cpu = Fixed::whole(cpu), .gpu = Fixed::whole(gpu)};
  info.gpu_capacity.assign(static_cast<std::size_t>(gpu), Fixed::whole(1));
  for (std::int32_t i = 0; i < gpu; ++i) info.gpus.push_back({i, "GPU-" + info.name + "-" + std::to_string(i), "", -1, {}});
  return info;
}

// Adds GPUs as a board behind NVSwitch has them: every two joined, a NIC beside each.
inline void add_board(NodeInfo& info, std::int32_t gpus) {
  for (std::int32_t i = 0; i < gpus; ++i) {
    info.gpu_capacity.push_back(Fixed::whole(1));
    info.gpus.push_back({i, "GPU-46100000-0000-4000-8000-00000000000" + std::to_string(i), "H100-SXM5-80GB", i / 4,
                         {"mlx5_" + std::to_string(i)}});
    for (std::int32_t j = 0; j < i; ++j) info.wires.push_back({j, i, 370.8});
  }
  info.numa = {{0, {0, 1, 2, 3}}, {1, {4, 5, 6, 7}}};
  info.labels = {{"node", info.name}, {"gpu", "H100-SXM5-80GB"}};
}

inline NodeUsage idle_usage(const NodeInfo& info, std::uint64_t sequence) {
  NodeUsage usage;
  usage.sequence = sequence;
  usage.free = info.total;
  usage.gpu_free = info.gpu_capacity;
  return usage;
}

inline Join join_of(std::uint32_t rank, const NodeInfo& info) {
  return {contact_of(daemon_of(rank), NodeId(rank)), info, idle_usage(info, 1)};
}

inline JobInfo job_info(ProcessId driver = kDriver) {
  JobInfo job;
  job.job = driver;
  job.driver = contact_of(driver);
  job.path = "/home/me/simulate";
  job.build_id = "b1";
  return job;
}

inline Attach attach_driver(ProcessId driver = kDriver, const std::string& host = "n0") {
  return {contact_of(driver), ClientKind::kDriver, host, job_info(driver)};
}

inline LeaseRequest lease_request(std::uint64_t number, Resources shape, std::uint32_t count = 1,
                                  std::uint64_t reservation = 0, ProcessId job = kDriver) {
  return {number, job, std::move(shape), count, reservation, {}, -1};
}

inline ActorSpec actor_spec(std::uint64_t sequence, Resources shape, std::int32_t max_restarts = 0,
                            std::string name = "", ProcessId creator = kDriver) {
  ActorSpec spec;
  spec.actor = {creator, sequence};
  spec.job = creator;
  spec.class_name = "Counter";
  spec.shape = std::move(shape);
  spec.max_restarts = max_restarts;
  spec.name = std::move(name);
  return spec;
}

inline CreateActor create_actor(ActorSpec spec, ProcessId creator = kDriver) {
  return {std::move(spec), contact_of(creator), false};
}

inline constexpr GroupId kGroup{kDriver, 900};

// `count` bundles of `each`, packed unless the test says otherwise.
inline GroupSpec group_spec(std::size_t count, const Resources& each, GroupId id = kGroup) {
  GroupSpec spec;
  spec.group = id;
  spec.job = id.process;
  spec.bundles.assign(count, each);
  return spec;
}
inline CreateGroup create_group(GroupSpec spec) {
  const Contact creator = contact_of(spec.group.process);
  return {std::move(spec), creator};
}

inline ErrorInfo error_info(ErrorKind kind, std::string words) {
  ErrorInfo error;
  error.kind = kind;
  error.message = std::move(words);
  return error;
}

}  // namespace Atoll::testing
