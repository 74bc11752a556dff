#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/environment.h"
#include "runtime/base/status.h"
#include "topology/grant.h"
#include "topology/machine.h"

namespace Atoll {

// How the tasks of a job step share out their node.
enum class BindMode : std::uint8_t { kPack, kSpread, kIsland, kNuma, kNone };

// "pack", "spread", "island", "numa", "none"; kInvalidArgument lists them.
Result<BindMode> parse_bind_mode(std::string_view word);
const char* to_string(BindMode mode);

// What is asked for.
struct TaskRequest {
  BindMode mode = BindMode::kPack;
  int tasks = 1;                        // of the step on this node, at least 1
  Environment environment;              // that all of them have; what the user set there stays
  std::vector<CpuList> cores;           // processors of one core each (cores.h); what is in none is a core of its own
  std::vector<std::string> interfaces;  // of this node's network, for BIND-11
};

// Where one task belongs.
struct TaskBinding {
  std::vector<GpuInfo> gpus;  // in ring order, as the task will see them
  std::vector<int> islands;   // that they touch, numbered as find_islands() does on the granted GPUs; ascending
  CpuList cpus;               // to run on; empty: leave them alone
  std::vector<int> numa;      // to take memory from, ascending; empty: leave it alone
  Environment environment;    // to be set
  friend bool operator==(const TaskBinding&, const TaskBinding&) = default;
};

// The tasks of one node, by local number.
struct NodeBinding {
  std::vector<TaskBinding> tasks;
  bool only_described = false;     // the machine is synthetic: cpus and numa say what they would be, not what to bind
  std::vector<std::string> notes;  // a sentence each: what the user may not expect, such as GPUs that stay idle
  friend bool operator==(const NodeBinding&, const NodeBinding&) = default;
};

// Shares out what was granted among the tasks of a step on this node. With K granted GPUs and N tasks:
//
// BIND-1  N <= K: each task has floor(K / N) GPUs of its own, so that all tasks are alike. GPUs that remain stay idle,
//         with a note.
// BIND-2  N > K: each task has one GPU, which it shares. Task i has the GPU floor(i × K / N) of the mode's order;
//         spread: the GPU i mod K.
// BIND-3  pack: no more tasks than must have GPUs in two islands, or then on two NUMA nodes. Islands are filled by
//         their lowest GPU; inside an island tasks follow the ring (pick.h). Where GPUs stay idle, those used are the
//         best together (PICK-1), unless tasks would have to cross islands for it.
// BIND-4  spread: the same shares, but task after task goes round robin over the islands, and inside an island over
//         its NUMA nodes.
// BIND-5  island: as pack, but no task's GPUs lie in two islands; where that cannot be, or without GPUs, the binding is
//         unclear.
// BIND-6  numa: the tasks are divided over the NUMA nodes that have granted GPUs, evenly and in order, and each node's
//         GPUs among its tasks as in BIND-1 to BIND-3. With fewer tasks than nodes a task has several consecutive
//         nodes. Unclear where the place of a GPU is unknown.
// BIND-7  Without GPUs, pack fills the NUMA nodes that have granted CPUs one after another, each task counting as
//         SLURM_CPUS_PER_TASK CPUs, or if that is not set as its share of all; spread goes round robin over them;
//         numa divides the tasks over them as in BIND-6.
// BIND-8  A task's CPUs are a share of its own of the granted ones of its GPUs' NUMA nodes (without GPUs, of its own
//         node). Those of a node are divided evenly among the tasks that use it: whole cores as long as there are
//         enough, else processors, else tasks share one. Where these nodes have no granted CPU, or the place of a GPU
//         is unknown, the task is placed as by pack without GPUs, and its memory is left alone.
// BIND-9  Where more CPUs are allowed than Slurm granted (neither as many processors nor as many cores), nobody knows
//         which are the job's: a task has all of its NUMA nodes' CPUs.
// BIND-10 CPUs and memory stay as they are where the user's own --cpu-bind or --mem-bind says (step_binding.h).
// BIND-11 The environment: visible_gpus() and nic_hints() (gpu_environment.h) of its GPUs, the hints on a synthetic
//         machine too; ATOLL_NUMA, its NUMA nodes; OMP_NUM_THREADS, its number of cores, where its CPUs are its own,
//         else its part of Slurm's number, at least 1; and UCX_NET_DEVICES, those of ATOLL_NET_DEVICES that UCX drives
//         by InfiniBand verbs, if any. This is for programs that bring an MPI or UCX of their own: a list of what is
//         allowed, as sites set it by hand, in which UCX knows no order. Nobody has seen the NICs of a synthetic
//         machine: there the request's interfaces follow, since UCX reaches nobody over absent devices alone. Of
//         NCCL_IB_HCA, OMP_NUM_THREADS and UCX_NET_DEVICES what the user set stays. Without granted GPUs nothing is
//         said of GPUs or NICs.
// BIND-12 Where it is unclear what is right, fails with kInfeasible and one sentence without a full stop, and the tasks
//         should be left as they are: the step binds GPUs itself or has more tasks than CPUs (step_binding.h), the
//         machine is not known, it does not know a granted GPU, or Slurm does not say which GPUs it granted
//         (SLURM_GPUS_ON_NODE alone, unless the machine shows just as many).
//
// The mode must not be none.
Result<NodeBinding> bind_tasks(const Machine& machine, const NodeGrant& grant, const TaskRequest& request);

}  // namespace Atoll
