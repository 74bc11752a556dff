#pragma once

#include <limits.h>
#include <stdbool.h>

// The site's settings: the words after the plugin's path in plugstack.conf, each key=value; spank_atoll(8).
struct atoll_config {
  char atoll[PATH_MAX];   // the executable
  bool enabled;           // no: the plugin registers nothing and does nothing
  bool sbatch;            // no: sbatch and salloc have no --atoll
  unsigned max_nodes;     // of a cluster; 0: any
  unsigned bind_timeout;  // seconds that `atoll bind` may take
  unsigned stop_timeout;  // seconds that a cluster may take to end when the script has ended
};

// Called with one sentence for each word that cannot be used. Such a word changes nothing.
typedef void atoll_complain(const char* sentence);

void read_config(int argc, char** argv, struct atoll_config* config, atoll_complain* complain);
