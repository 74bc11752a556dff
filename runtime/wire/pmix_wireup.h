#pragma once

#include "runtime/wire/wireup.h"

namespace Atoll {

// Wire-up over PMIx: Init, job size, Put of rank 0's card, Commit, one Fence that collects it, Get, Finalize at once.
// libpmix is loaded at run time, so that one binary serves sites without it.
//
// Under Slurm's plugin a process that dies between Init and Finalize takes the whole step with it, and a node that is
// missing holds the others in the Fence for 300 s: so little else should happen between begin() and exchange(). The
// launcher should set SLURM_PMIX_FENCE=ring for srun: Slurm's other collective, "tree", waits for nobody in a step of
// fewer nodes than TreeWidth.
class PmixWireUp : public WireUpChannel {
 public:
  PmixWireUp(Environment environment, StageReport report);
  ~PmixWireUp() override;

  Result<WireUp> begin() override;
  Result<Card> exchange(const Card& own) override;

 private:
  struct Session;
  Environment environment_;
  StageReport report_;
  std::unique_ptr<Session> session_;
};

}  // namespace Atoll
