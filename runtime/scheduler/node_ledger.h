#pragma once

#include <optional>
#include <unordered_set>

#include "runtime/scheduler/node_resources.h"

namespace Atoll {

// Who has what of a node: gives out grants by the rules of node_resources.h and
// takes them back.
//
// LEDGER-1 free and the outstanding grants sum to total, of every kind and on
//          every device, and nothing is ever negative, but see LEDGER-7
// LEDGER-2 a grant of at most one GPU is a part of one device, best fit
// LEDGER-3 a grant of whole GPUs is of devices that were completely free, those
//          the picker chose
// LEDGER-4 amounts.gpu is the sum of gpus, in total and in free
// LEDGER-5 an acquire that fails changes nothing
// LEDGER-6 a grant is released at most once
// LEDGER-7 CPUs that were lent are taken back at once, whoever has them by then:
//          so many fewer than none are free until they are released
class NodeLedger {
 public:
  // All of `total` is free. `total` keeps check_node(), which is checked.
  explicit NodeLedger(NodeResources total, GpuPicker picker = pick_lowest);

  // Whether an empty node has `request`; whether this one has it now. False if
  // the request is not well formed.
  bool can_ever_fit(const Resources& request) const { return Atoll::fits(total_, request); }
  bool fits(const Resources& request) const { return Atoll::fits(free_, request); }

  // What `request` got, or none if it does not fit now. The second form asks
  // `picker` for whole GPUs this once, the third takes exactly these devices'
  // parts if they are free (whoever asks has planned them; nothing is picked).
  std::optional<Grant> acquire(const Resources& request) { return acquire(request, picker_); }
  std::optional<Grant> acquire(const Resources& request, const GpuPicker& picker);
  std::optional<Grant> acquire(const Resources& request, const std::vector<GpuShare>& gpus);

  // `grant` was acquired here and not yet released, which is checked.
  void release(const Grant& grant);

  // The grant's CPUs are for others until reclaim_cpus() or release(): whoever has
  // the grant waits. Neither does anything if that is so already.
  void lend_cpus(Grant& grant);
  void reclaim_cpus(Grant& grant);

  const NodeResources& total() const { return total_; }
  const NodeResources& free() const { return free_; }
  std::size_t outstanding() const { return outstanding_.size(); }

 private:
  Grant give(const Resources& request, std::vector<GpuShare> gpus);

  NodeResources total_;
  NodeResources free_;
  GpuPicker picker_;
  std::uint64_t last_number_ = 0;
  std::unordered_set<std::uint64_t> outstanding_;  // the numbers of the grants given out
};

}  // namespace Atoll
