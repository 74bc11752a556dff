#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/base/environment.h"
#include "runtime/base/fixed.h"
#include "runtime/base/status.h"
#include "topology/grant.h"
#include "topology/machine.h"

namespace Atoll {

// Where one worker belongs.
struct Binding {
  Environment environment;  // to be set in the worker
  CpuList cpus;             // to run on; empty: wherever the daemon may
  std::vector<int> numa;    // to take memory from; empty: anywhere
  std::vector<std::string> warnings;
  friend bool operator==(const Binding&, const Binding&) = default;
};

// The binding of a worker that was given `gpus` (of the node's grant, in the order the worker is to see them) and `cpu`
// CPUs. `set` is the environment that the worker will have besides; what the user set there of the NIC hints stays.
//
// CUDA_VISIBLE_DEVICES and the like, ATOLL_NICS and the NIC hints: as in gpu_environment.h.
// OMP_NUM_THREADS: cpu rounded down, at least 1.
// ATOLL_NUMA: the GPUs' NUMA nodes, "0" or "0,1"; empty if unknown.
// cpus: those of these NUMA nodes that the grant allows. If it allows none of them, or the place of a GPU is unknown,
// the worker is not bound; the former is worth a warning. Without GPUs it is not bound either.
Binding bind_worker(const Machine& machine, const NodeGrant& grant, const std::vector<GpuInfo>& gpus, Fixed cpu,
                    const Environment& set = {});

// Binds processes of this node. Opening it takes 2 ms and some 100 KB, so it is opened once, before the fork.
class Binder {
 public:
  // Fails where hwloc cannot describe the node.
  static Result<Binder> open();
  Binder(Binder&&) noexcept;
  Binder& operator=(Binder&&) noexcept;
  ~Binder();

  // Binds the calling process: `cpus` strictly, memory to `numa` by preference. Empty lists leave things as they are.
  // For a synthetic machine (or a topology that HWLOC_XMLFILE imposes) there is nothing to bind to: do not call. May be
  // called in the child after a fork of a process with one thread.
  Status apply(const Binding& binding) const;

 private:
  struct Topology;
  explicit Binder(std::unique_ptr<Topology> topology);
  std::unique_ptr<Topology> topology_;
};

}  // namespace Atoll
