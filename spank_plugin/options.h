#pragma once

#include <limits.h>
#include <slurm/spank.h>
#include <stdbool.h>

#include "spank_plugin/config.h"
#include "spank_plugin/spec.h"

// What the user asked for with --atoll, --atoll-bind and --atoll-topo, as Slurm's calls of our option callbacks told.
// Slurm may call twice with the same value; the last one holds, since the command line comes after what a job carries.
struct atoll_options {
  bool cluster, bind, topology;  // the option was given
  char spec[ATOLL_SPEC_BYTES];
  char binding[32];
  char topology_file[PATH_MAX];
  char why[ATOLL_WHY_BYTES];  // of the first value that could not be used, "" for none
};

const struct atoll_options* given_options(void);

// Registers the options; `with_cluster` says whether --atoll is one of them. Called from slurm_spank_init().
void register_options(spank_t spank, bool with_cluster);

// The variables by which a user says the same, and those by which our part in srun tells our part in slurmstepd what to
// do. The latter begin with SLURM_, so that they pass --export=NONE.
#define ATOLL_SPEC_TWIN "ATOLL_SPEC"
#define ATOLL_BIND_TWIN "ATOLL_BIND"
#define ATOLL_TOPOLOGY_TWIN "ATOLL_TOPOLOGY"
#define ATOLL_PASSED_SPEC "SLURM_ATOLL_SPEC"
#define ATOLL_PASSED_BIND "SLURM_ATOLL_BIND"
#define ATOLL_PASSED_TOPOLOGY "SLURM_ATOLL_TOPOLOGY"
// Set where a cluster is promised: the id of the job.
#define ATOLL_JOB "ATOLL_JOB"
// Set in the shell of salloc --atoll: its SPEC, which `atoll run` and `atoll up` there take as theirs.
#define ATOLL_ARMED "ATOLL_ARMED"
