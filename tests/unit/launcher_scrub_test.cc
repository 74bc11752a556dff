#include "launcher/scrub.h"

#include <doctest/doctest.h>

using namespace Atoll;

TEST_CASE("variables that would change the daemons' step go") {
  for (const char* name : {"SLURM_NTASKS",
                           "SLURM_NPROCS",
                           "SLURM_NTASKS_PER_NODE",
                           "SLURM_CPUS_PER_TASK",
                           "SLURM_TASKS_PER_NODE",
                           "SLURM_MEM_PER_CPU",
                           "SLURM_MEM_PER_NODE",
                           "SLURM_GPUS",
                           "SLURM_GPUS_PER_TASK",
                           "SLURM_GPU_BIND",
                           "SLURM_CPU_BIND",
                           "SLURM_DISTRIBUTION",
                           "SLURM_OVERLAP",
                           "SLURM_EXCLUSIVE",
                           "SLURM_EXACT",
                           "SLURM_HINT",
                           "SLURM_STEP_ID",
                           "SLURM_PROCID",
                           "SLURM_EXPORT_ENV",
                           "SLURM_KILL_BAD_EXIT",
                           "SLURM_OPTION_OF_NEXT_YEAR",
                           "SLURM_PMIX_MAPPING_SERV",
                           "SRUN_CPUS_PER_TASK",
                           "SLURMD_DEBUG",
                           "PMIX_RANK",
                           "PMIX_NAMESPACE",
                           "PMI_RANK",
                           "OMPI_COMM_WORLD_RANK",
                           "OMPI_MCA_ess_base_jobid",
                           "PRTE_LAUNCHED",
                           "ATOLL_SESSION",
                           "ATOLL_SECRET",
                           "ATOLL_HEAD_TASK",
                           "ATOLL_OBJECT_MEMORY",
                           "ATOLL_SPILL_FOLDER",
                           "ATOLL_SPILL_LIMIT",
                           "ATOLL_SPEC",
                           "ATOLL_BIND",
                           "SLURM_ATOLL_SPEC",
                           "SLURM_ATOLL_BIND",
                           "SLURM_SPANK__SLURM_SPANK_OPTION_atoll_atoll",
                           "SLURM_SPANK__SLURM_SPANK_OPTION_atoll_atoll_bind"}) {
    CAPTURE(name);
    CHECK(changes_the_step(name));
  }
}

TEST_CASE("variables that say which job this is stay, and the user's own") {
  for (const char* name : {"SLURM_JOB_ID",
                           "SLURM_JOBID",
                           "SLURM_JOB_NODELIST",
                           "SLURM_JOB_NUM_NODES",
                           "SLURM_JOB_GPUS",
                           "SLURM_CONF",
                           "SLURM_CLUSTER_NAME",
                           "SLURM_SUBMIT_DIR",
                           "SLURM_RESTART_COUNT",
                           "SLURM_ARRAY_TASK_ID",
                           "SLURM_SPANK__SLURM_SPANK_OPTION_x_y",
                           "SLURM_PMIX_TIMEOUT",
                           "PMIX_MCA_gds",
                           "OMPI_MCA_pml",
                           "UCX_TLS",
                           "CUDA_VISIBLE_DEVICES",
                           "PATH",
                           "LD_LIBRARY_PATH",
                           "ATOLL_LOG_LEVEL",
                           "MY_SLURM_X"}) {
    CAPTURE(name);
    CHECK_FALSE(changes_the_step(name));
  }
}

TEST_CASE("the names to unset are those that are set") {
  CHECK(names_to_unset({{"SLURM_NTASKS", "1"}, {"HOME", "/"}, {"PMIX_RANK", "0"}}, false) ==
        std::vector<std::string>{"PMIX_RANK", "SLURM_NTASKS"});
}

TEST_CASE("a daemon without srun keeps what Slurm granted, and not our place among tasks") {
  const Environment environment = {{"SLURM_CPUS_ON_NODE", "4"}, {"SLURM_PROCID", "2"},   {"SLURM_STEP_GPUS", "0,1"},
                                   {"PMIX_RANK", "2"},          {"ATOLL_SECRET", "old"}, {"SLURM_STEP_NUM_TASKS", "4"}};
  CHECK(names_to_unset(environment, true) ==
        std::vector<std::string>{"ATOLL_SECRET", "PMIX_RANK", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS"});
}
