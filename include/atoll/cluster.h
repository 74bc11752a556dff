#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace Atoll {

// One node of the cluster, with what Slurm granted there.
struct NodeView {
  std::string name;
  bool alive = false;
  double cpus = 0;
  double gpus = 0;
  std::uint64_t memory = 0;         // bytes
  std::uint64_t leases_granted = 0;  // workers leased for tasks so far
  std::uint64_t object_memory = 0;       // bytes set aside for large objects
  std::uint64_t object_memory_used = 0;  // of them, half a second ago at most
  std::uint64_t objects = 0;             // in it
};

// A driver's connection to its cluster. When it goes, so does everything the
// driver made: tasks, actors and objects.
class Cluster {
 public:
  Cluster(Cluster&&) noexcept;
  Cluster& operator=(Cluster&&) noexcept;
  ~Cluster();

  const std::string& name() const;
  // Asks the head. Throws ClusterLostError if it does not answer within 10 s.
  std::vector<NodeView> nodes() const;

 private:
  friend Cluster connect(int argc, char** argv, std::chrono::seconds timeout);
  struct State;
  explicit Cluster(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The first thing a program does. In the driver it connects to the cluster that
// `atoll run` or `#SBATCH --atoll` started, waits until all of it is up, and
// returns; in a worker, which runs the same executable, it runs tasks until it
// is told to stop and does not return. One connection a process at a time.
//
// Workers without GPUs may be forked here from one process of their job, node and environment, so that what ran before
// this call (static initializers, the beginning of main) ran once for all of them: a seed that was drawn there is the
// same in each. Draw it after this call, or in the actor. Where the program has by now a second thread, an open
// descriptor beyond 0 to 2, writable shared memory, CUDA or HIP, every worker is executed instead; so it is for a
// cluster that was started with ATOLL_WARM_FORK=0.
// Throws ClusterLostError: there is no cluster here, or it was not up after `timeout`.
Cluster connect(int argc, char** argv, std::chrono::seconds timeout = std::chrono::seconds(60));

struct Gpu {
  int index = 0;      // as Slurm and the driver number it on the node
  std::string uuid;   // empty if unknown
  std::string model;
  int numa = -1;      // -1: unknown
};

// What the process that asks was given.
struct WorkerView {
  bool is_worker = false;  // false in the driver: the rest is empty
  std::string node;
  std::vector<Gpu> gpus;
  std::vector<int> cpus;   // the CPUs it may use; empty: not bound
  int numa = -1;
  std::vector<std::string> nics;  // the nearest to its GPUs, nearest first
  int bundle = -1;    // of the placement group it works in: its rank there; -1: in none
  int bundles = 0;    // of that group
  std::string group;  // its name, if it has one
};
const WorkerView& this_worker();

}  // namespace Atoll
