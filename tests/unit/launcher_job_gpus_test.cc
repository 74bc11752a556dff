#include "launcher/job_gpus.h"

#include <doctest/doctest.h>

using namespace Atoll;

TEST_CASE("scontrol's per-node lines say who holds which GPUs") {
  // From Slurm 22.05.8, shortened.
  const char* text =
      "   NumNodes=2 NumCPUs=8 NumTasks=8 CPUs/Task=1 ReqB:S:C:T=0:0:*:*\n"
      "   JOB_GRES=gpu:6\n"
      "     Nodes=n1 CPU_IDs=0-6 Mem=4096 GRES=gpu:5(IDX:0-4)\n"
      "     Nodes=n[2-3] CPU_IDs=0 Mem=4096 GRES=gpu:a100:1(IDX:0),shard:2(S:0,1),gpu:v100:2(IDX:1,3)\n"
      "     Nodes=n4 CPU_IDs=0 Mem=4096 GRES=\n"
      "   TresPerJob=gres:gpu:6\n";
  CHECK(
      parse_job_gpus(text) ==
      std::vector<NodeGpus>{{"n1", "", 5}, {"n2", "a100", 1}, {"n3", "a100", 1}, {"n2", "v100", 2}, {"n3", "v100", 2}});
  CHECK(parse_job_gpus("").empty());
  CHECK(parse_job_gpus("slurm_load_jobs error: Invalid job id specified").empty());
}

TEST_CASE("a step asks for what every one of its nodes has") {
  CHECK(choose_step_gpus({}, {"n1"}) == StepGpus{});
  CHECK(choose_step_gpus({{"n1", "a100", 4}, {"n2", "a100", 4}}, {"n1", "n2"}) == StepGpus{"gpu:a100:4", ""});
  CHECK(choose_step_gpus({{"n1", "", 4}, {"n2", "", 1}}, {"n1"}) == StepGpus{"gpu:4", ""});
  const StepGpus none = choose_step_gpus({{"n1", "", 4}}, {"n1", "n2"});
  CHECK(none.gres == "none");
  CHECK(none.warning.find("n1 4, n2 0") != std::string::npos);
}

TEST_CASE("only jobs that count GPUs by job or task need the question") {
  CHECK(gpus_need_asking({{"SLURM_GPUS", "8"}}));
  CHECK(gpus_need_asking({{"SLURM_GPUS_PER_TASK", "a100:1"}}));
  CHECK_FALSE(gpus_need_asking({{"SLURM_GPUS_PER_NODE", "8"}}));
}
