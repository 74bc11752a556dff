#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/environment.h"
#include "runtime/base/status.h"
#include "runtime/wire/card.h"

namespace Atoll {

// Who a node daemon is among the daemons of its step.
struct WireUp {
  int rank = 0;
  int size = 1;
  std::string nspace;  // names the step: "slurm.pmix.<job>.<step>"
  friend bool operator==(const WireUp&, const WireUp&) = default;
};

// Told of each stage as it begins, so that whoever waits knows where a node hangs: "init", "size", "put", "fence",
// "get", "finalize" over PMIx; "card", "wait" over stdio.
using StageReport = std::function<void(std::string_view stage)>;

// How the daemons of one step find their head. Blocking, before the daemon has a loop; the launcher has the watchdog.
class WireUpChannel {
 public:
  virtual ~WireUpChannel() = default;

  // Call first. Who this daemon is. Fails where the step is not one world: N tasks that each believe to be alone.
  virtual Result<WireUp> begin() = 0;

  // Call once, after begin(). Shows `own` (rank 0's names the head) to the others and returns rank 0's card. When it
  // has returned, every daemon has what it needs of this one and the channel is closed: any of them may die.
  virtual Result<Card> exchange(const Card& own) = 0;
};

// Daemons are ranked as the step's tasks are, but that ATOLL_HEAD_TASK, the task where the head is wanted, and task 0
// have each other's rank. The same function leads back.
int rank_of_task(const Environment& environment, int task);

// Who this daemon will be, judged by its environment alone and before begin(): PMIX_RANK, SLURM_PROCID; ATOLL_NODES,
// SLURM_STEP_NUM_TASKS; SLURM_JOB_ID, SLURM_STEP_ID. Good enough to report and to start the head while PMIx wakes up.
WireUp expected_wire_up(const Environment& environment);

// The failure that says so if the environment (ATOLL_NODES, else SLURM_STEP_NUM_TASKS) names another number of tasks
// than `size`, which is what PMIx knows of.
Status check_one_world(const Environment& environment, int size);

// Decodes what should be rank 0's card, with the head's contact in it.
Result<Card> decode_head_card(std::string_view bytes);

// The channel this process was started with: PMIx when PMIX_NAMESPACE is set and ATOLL_WIREUP is not "stdio", else
// stdio.
std::unique_ptr<WireUpChannel> open_wire_up(const Environment& environment, StageReport report);

}  // namespace Atoll
