#include "spank_plugin/options.h"

#include <stdio.h>
#include <string.h>

static struct atoll_options given;

const struct atoll_options* given_options(void) { return &given; }

// A wrong value ends srun, sbatch and salloc. In slurmstepd it is only noted: an error here would drain the node.
static int reject(int remote, const char* why) {
  if (given.why[0] == '\0') snprintf(given.why, sizeof given.why, "%s", why);
  if (remote) return 0;
  slurm_error("%s", why);
  return -1;
}

static int take_spec(int value, const char* text, int remote) {
  struct atoll_spec spec;
  char why[ATOLL_WHY_BYTES];
  (void)value;
  if (read_spec(text, &spec, why) != 0) return reject(remote, why);
  snprintf(given.spec, sizeof given.spec, "%s", text == NULL ? "" : text);
  given.cluster = true;
  return 0;
}

static int take_bind(int value, const char* text, int remote) {
  struct atoll_bind bind;
  char why[ATOLL_WHY_BYTES];
  (void)value;
  if (read_bind(text, &bind, why) != 0) return reject(remote, why);
  snprintf(given.binding, sizeof given.binding, "%s", text);
  given.bind = true;
  return 0;
}

static int take_topology(int value, const char* text, int remote) {
  (void)value;
  if (text == NULL || text[0] != '/' || strlen(text) >= sizeof given.topology_file)
    return reject(remote, "--atoll-topo needs the full path of a topology file, which the job's nodes can read");
  snprintf(given.topology_file, sizeof given.topology_file, "%s", text);
  given.topology = true;
  return 0;
}

void register_options(spank_t spank, bool with_cluster) {
  static struct spank_option options[] = {
      {"atoll", "SPEC",
       "start an Atoll cluster with the job; SPEC: nodes=N, name=NAME, head=NODE, ... (spank_atoll(8))", 2, 0,
       take_spec},
      {"atoll-bind", "MODE[,verbose]",
       "bind the step's tasks to GPUs, CPUs, memory and NICs: pack, spread, island, numa, none", 1, 0, take_bind},
      {"atoll-topo", "FILE", "take the nodes' topology from a file (for tests)", 1, 0, take_topology},
  };
  memset(&given, 0, sizeof given);
  for (size_t i = with_cluster ? 0 : 1; i < sizeof options / sizeof options[0]; ++i)
    if (spank_option_register(spank, &options[i]) != ESPANK_SUCCESS)
      slurm_debug("atoll: --%s is not registered: another plugin has it, or this one is loaded twice", options[i].name);
}
