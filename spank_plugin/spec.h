#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

// The values of our options, read into structs. Pure: no environment, no Slurm, no memory of its own.

// Room for every sentence that says what is wrong.
#define ATOLL_WHY_BYTES 512
#define ATOLL_SPEC_BYTES 4096

// What --atoll asks for. A text is "" where the user left the choice to `atoll up`.
struct atoll_spec {
  bool off;  // --atoll=no: takes back an earlier --atoll
  char nodes[8];
  char name[33];
  char head[256];
  char object_memory[24];
  char spill_folder[512];
  char spill_limit[24];
  char log_level[8];
  char keep_logs[512];
  char metrics[64];
  char timeline_rate[8];
  char driver[ATOLL_SPEC_BYTES];  // a command for a shell, in the script's place
};

// Reads SPEC of spank_atoll(8): "" or "yes", "no", or key=value separated by commas; `driver` is the last and takes the
// rest. NULL is "". Returns 0; or -1 with one sentence in `why`, and `spec` is not to be used.
int read_spec(const char* text, struct atoll_spec* spec, char why[ATOLL_WHY_BYTES]);

// What --atoll-bind asks for.
struct atoll_bind {
  char mode[8];  // "" and "none" both mean: leave the tasks alone
  bool verbose;
};

// Reads pack|spread|island|numa|none, with ",verbose" after it. Returns as read_spec().
int read_bind(const char* text, struct atoll_bind* bind, char why[ATOLL_WHY_BYTES]);
