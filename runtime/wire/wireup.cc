#include "runtime/wire/wireup.h"

#include <algorithm>

#include "runtime/wire/pmix_wireup.h"
#include "runtime/wire/stdio_wireup.h"

namespace Atoll {

namespace {

constexpr long kMostDaemons = 1 << 20;

// The first of the variables that holds a number; -1 if none does.
long first_number(const Environment& environment, std::initializer_list<const char*> variables) {
  for (const char* variable : variables)
    if (const long number = lookup_number(environment, variable); number >= 0) return number;
  return -1;
}

long expected_size(const Environment& environment) {
  return first_number(environment, {"ATOLL_NODES", "SLURM_STEP_NUM_TASKS"});
}

std::string expected_nspace(const Environment& environment) {
  if (const std::string& nspace = lookup(environment, "PMIX_NAMESPACE"); !nspace.empty()) return nspace;
  if (!environment.contains("SLURM_JOB_ID")) return "local";
  return "slurm." + lookup(environment, "SLURM_JOB_ID") + "." + lookup(environment, "SLURM_STEP_ID");
}

}  // namespace

int rank_of_task(const Environment& environment, int task) {
  const long head = std::clamp(first_number(environment, {"ATOLL_HEAD_TASK"}), 0L, kMostDaemons - 1);
  return task == head ? 0 : task == 0 ? static_cast<int>(head) : task;
}

WireUp expected_wire_up(const Environment& environment) {
  const long task = first_number(environment, {"PMIX_RANK", "SLURM_PROCID"});
  return {rank_of_task(environment, static_cast<int>(std::clamp(task, 0L, kMostDaemons - 1))),
          static_cast<int>(std::clamp(expected_size(environment), 1L, kMostDaemons)), expected_nspace(environment)};
}

Status check_one_world(const Environment& environment, int size) {
  const long expected = expected_size(environment);
  if (expected <= 0 || expected == size) return Status();
  const std::string tasks = std::to_string(expected) + " tasks";
  if (size == 1)
    return Status(Code::kUnavailable, "Slurm gave each of " + tasks +
                                          " its own PMIx world: start the step with srun --mpi=pmix if "
                                          "srun --mpi=list shows it, or set ATOLL_WIREUP=stdio");
  return Status(Code::kUnavailable, "the step should have " + tasks + ", but PMIx knows of " + std::to_string(size));
}

Result<Card> decode_head_card(std::string_view bytes) {
  Result<Card> card = decode_card(bytes);
  if (!card.ok()) return card.status().prefixed("rank 0's card");
  if (card->rank != 0 || card->head.is_none())
    return Status(Code::kInvalidArgument,
                  "the card of rank " + std::to_string(card->rank) + " on " + card->host + " names no head");
  return card;
}

std::unique_ptr<WireUpChannel> open_wire_up(const Environment& environment, StageReport report) {
  const bool pmix = environment.contains("PMIX_NAMESPACE") && lookup(environment, "ATOLL_WIREUP") != "stdio";
  if (pmix) return std::make_unique<PmixWireUp>(environment, std::move(report));
  return std::make_unique<StdioWireUp>(environment, std::move(report));
}

}  // namespace Atoll
