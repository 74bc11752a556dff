// load PLUGIN VERSION: loads the plugin as the Slurm of that SLURM_VERSION_NUMBER does, in slurmd, twice over, and runs it
// from init to exit each time. Exit code 1 and a sentence on stderr if anything fails.

#include <dlfcn.h>
#include <slurm/spank.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/plugin/host.h"

typedef int callback(spank_t spank, int argc, char** argv);

static bool call(void* plugin, const char* name) {
  char* words[] = {"atoll=/usr/bin/atoll", NULL};
  callback* function = (callback*)dlsym(plugin, name);
  if (function == NULL) {
    fprintf(stderr, "no function %s\n", name);
    return false;
  }
  const int code = function(NULL, 1, words);
  if (code != 0) fprintf(stderr, "%s returns %d\n", name, code);
  return code == 0;
}

static bool live_once(const char* path, unsigned version) {
  void* plugin = load_plugin(path, version);
  if (plugin == NULL) return false;
  const bool good = call(plugin, "slurm_spank_init") && call(plugin, "slurm_spank_slurmd_exit") && call(plugin, "slurm_spank_exit");
  return dlclose(plugin) == 0 && good;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: load PLUGIN VERSION\n");
    return 2;
  }
  const unsigned version = (unsigned)strtoul(argv[2], NULL, 0);
  return live_once(argv[1], version) && live_once(argv[1], version) ? 0 : 1;
}
