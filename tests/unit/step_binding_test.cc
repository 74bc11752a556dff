// What Slurm binds itself: STEP-1 to STEP-4 of step_binding.h.
#include <doctest/doctest.h>

#include "topology/step_binding.h"

using namespace Atoll;

TEST_CASE("nothing is bound on top where Slurm gives each task GPUs of its own (STEP-1)") {
  const struct {
    Environment environment;
    int tasks;
    const char* unclear;
  } cases[] = {
      {{}, 8, ""},
      {{{"SLURMD_TRES_BIND", "gpu:single:1"}}, 2, "SLURMD_TRES_BIND=gpu:single:1"},
      {{{"SLURMD_TRES_BIND", "gpu:verbose,closest"}}, 2, "SLURMD_TRES_BIND=gpu:verbose,closest"},
      {{{"SLURMD_TRES_BIND", "gpu:none"}, {"SLURM_GPUS_PER_TASK", "1"}}, 2, ""},
      {{{"SLURMD_TRES_BIND", "gpu:verbose,none"}}, 2, ""},
      {{{"SLURM_TRES_BIND", "gpu:per_task:1"}}, 2, "SLURM_TRES_BIND=gpu:per_task:1"},
      {{{"SLURM_GPU_BIND", "map_gpu:0,1"}}, 2, "SLURM_GPU_BIND=map_gpu:0,1"},
      {{{"SLURM_GPU_BIND", "none"}, {"SLURM_NTASKS_PER_GPU", "2"}}, 2, ""},
      {{{"SLURM_GPU_BIND", "verbose"}}, 2, ""},
      {{{"SLURM_GPUS_PER_TASK", "2"}}, 4, "SLURM_GPUS_PER_TASK=2"},
      {{{"SLURM_GPUS_PER_TASK", "2"}}, 1, ""},
      {{{"SLURM_NTASKS_PER_GPU", "2"}}, 4, "SLURM_NTASKS_PER_GPU=2"},
      {{{"SLURM_NTASKS_PER_TRES", "1"}}, 4, "SLURM_NTASKS_PER_TRES=1"},
      {{{"SLURM_TRES_PER_TASK", "cpu=4,gres/gpu:1"}}, 4, "SLURM_TRES_PER_TASK=cpu=4,gres/gpu:1"},
      {{{"SLURM_TRES_PER_TASK", "cpu=4"}}, 4, ""},
  };
  for (const auto& [environment, tasks, unclear] : cases) {
    CAPTURE(environment);
    const std::string said = read_step_binding(environment, tasks).unclear;
    CHECK(said == (*unclear == '\0' ? "" : "Slurm gives each task GPUs of its own (" + std::string(unclear) + ")"));
  }
}

TEST_CASE("nothing is bound where tasks outnumber CPUs by the user's wish (STEP-2)") {
  for (const int tasks : {1, 8})
    CHECK(read_step_binding({{"SLURM_OVERCOMMIT", "1"}}, tasks).unclear ==
          "the step has more tasks than CPUs (SLURM_OVERCOMMIT)");
}

TEST_CASE("the user's CPU binding stays, and task/affinity's masks are put together (STEP-3)") {
  const struct {
    const char* type;
    const char* list;
    bool keeps;
    CpuList cpus;
  } cases[] = {
      {"", "", false, {}},
      {"none", "", false, {}},
      {"map_cpu:", "0,1", true, {}},
      {"rank", "", true, {}},
      {"map_ldom:", "0", true, {}},
      {"rank_ldom", "", true, {}},
      {"mask_cpu:", "1,2", true, {}},  // the user's
      {"mask_cpu:", "0x1,2", true, {}},
      {"mask_cpu:", "0x1,0x2", false, {0, 1}},
      {"cores,mask_cpu:", "0xF0000000000000001,0x10", false, {0, 4, 64, 65, 66, 67}},
      {"mask_cpu:", "0x00ab", false, {0, 1, 3, 5, 7}},
      {"mask_cpu:", "0x0", true, {}},
      {"mask_cpu:", "0xg", true, {}},
      {"mask_cpu:", "", true, {}},
      {"mask_cpu:", "0x1,,0x2", true, {}},
  };
  for (const auto& [type, list, keeps, cpus] : cases) {
    CAPTURE(type);
    CAPTURE(list);
    const StepBinding step = read_step_binding({{"SLURM_CPU_BIND_TYPE", type}, {"SLURM_CPU_BIND_LIST", list}}, 2);
    CHECK(step.keeps_cpus == keeps);
    CHECK(step.cpus == cpus);
  }
  CHECK(read_step_binding(
            {{"SLURM_CPU_BIND_TYPE", "mask_cpu:"}, {"SLURM_CPU_BIND_LIST", "0x" + std::string(16385, '1')}}, 2)
            .keeps_cpus);
}

TEST_CASE("the user's memory binding stays (STEP-4)") {
  for (const auto& [type, keeps] : {std::pair{"", false}, {"none", false}, {"local", true}, {"map_mem:", true}}) {
    CAPTURE(type);
    CHECK(read_step_binding({{"SLURM_MEM_BIND_TYPE", type}}, 2).keeps_memory == keeps);
  }
}
