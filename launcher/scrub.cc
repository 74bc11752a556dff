#include "launcher/scrub.h"

#include <algorithm>
#include <array>

namespace Atoll {
namespace {

template <std::size_t N>
bool begins_with_one_of(std::string_view name, const std::array<std::string_view, N>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view p) { return name.starts_with(p); });
}

template <std::size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Which job, which cluster, where it came from; options of SPANK plugins that the user gave the job; the user's own
// tuning of PMIx.
bool says_which_job(std::string_view name) {
  static constexpr std::array<std::string_view, 7> kPrefixes = {
      "SLURM_JOB_", "SLURM_SUBMIT_", "SLURM_ARRAY_", "SLURM_SPANK_", "SLURM_HET_", "SLURM_PMIX_", "SLURM_CONF_"};
  static constexpr std::array<std::string_view, 10> kNames = {
      "SLURM_JOBID",    "SLURM_CONF",          "SLURM_CLUSTER_NAME",  "SLURM_WORKING_CLUSTER",
      "SLURM_NODELIST", "SLURM_NODE_ALIASES",  "SLURM_RESTART_COUNT", "SLURM_JWT",
      "SLURM_NNODES",   "SLURM_SCRIPT_CONTEXT"};
  // Of the step we may run in, in spite of its name.
  if (name.starts_with("SLURM_PMIX_MAPPING")) return false;
  return begins_with_one_of(name, kPrefixes) || is_one_of(name, kNames);
}

// Left by the MPI launcher of a step that we run in: with them the daemons would join that step's world.
bool of_an_mpi_launch(std::string_view name) {
  static constexpr std::array<std::string_view, 11> kPrefixes = {
      "PMI_",          "PMI2_",          "PMIX_",        "PRTE_", "OMPI_COMM_WORLD_",  "OMPI_MCA_orte_",
      "OMPI_MCA_ess_", "OMPI_MCA_prte_", "OMPI_APP_CTX", "PALS_", "OMPI_UNIVERSE_SIZE"};
  static constexpr std::array<std::string_view, 7> kNames = {"OMPI_NUM_APP_CTX", "OMPI_FIRST_RANKS", "OMPI_ARGV",
                                                             "OMPI_COMMAND",     "OMPI_MCA_ess",     "MPI_LOCALRANKID",
                                                             "MPI_LOCALNRANKS"};
  if (name.starts_with("PMIX_MCA_")) return false;
  return begins_with_one_of(name, kPrefixes) || is_one_of(name, kNames);
}

bool of_another_cluster(std::string_view name) {
  static constexpr std::array<std::string_view, 11> kNames = {
      "ATOLL_SESSION",      "ATOLL_SECRET",    "ATOLL_NODES",     "ATOLL_WIREUP",       "ATOLL_CLUSTER",
      "ATOLL_SESSION_NAME", "ATOLL_RESOURCES", "ATOLL_HEAD_TASK", "ATOLL_OBJECT_MEMORY",
      "ATOLL_SPILL_FOLDER", "ATOLL_SPILL_LIMIT"};
  return name.starts_with("ATOLL_MEM_PER_") || is_one_of(name, kNames);
}

// What the user asks our SPANK plugin for is for the user's steps; the daemons' step is neither bound nor does it start
// a cluster.
bool of_our_plugin(std::string_view name) {
  static constexpr std::array<std::string_view, 2> kNames = {"ATOLL_SPEC", "ATOLL_BIND"};
  return name.starts_with("SLURM_SPANK__SLURM_SPANK_OPTION_atoll_") || is_one_of(name, kNames);
}

}  // namespace

bool changes_the_step(std::string_view name) {
  if (of_our_plugin(name)) return true;
  if (name.starts_with("SLURM_")) return !says_which_job(name);
  return name.starts_with("SRUN_") || name.starts_with("SLURMD_") || of_an_mpi_launch(name) || of_another_cluster(name);
}

bool changes_a_local_daemon(std::string_view name) {
  static constexpr std::array<std::string_view, 5> kPlace = {"SLURM_PROCID", "SLURM_LOCALID", "SLURM_NTASKS",
                                                             "SLURM_NPROCS", "SLURM_STEP_NUM_TASKS"};
  return is_one_of(name, kPlace) || of_an_mpi_launch(name) || of_another_cluster(name);
}

std::vector<std::string> names_to_unset(const Environment& environment, bool local) {
  std::vector<std::string> names;
  for (const auto& [name, value] : environment)
    if (local ? changes_a_local_daemon(name) : changes_the_step(name)) names.push_back(name);
  return names;
}

}  // namespace Atoll
