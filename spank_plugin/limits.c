#include "spank_plugin/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

struct limit {
  const char* name;
  int resource;
};

// "4096", or "U4096" where the user asked for it with --propagate.
static void set_limit(int resource, const char* text) {
  struct rlimit now;
  char* end;
  if (*text == 'U') ++text;
  const unsigned long long wanted = strtoull(text, &end, 10);
  if (end == text || *end != '\0' || getrlimit(resource, &now) != 0) return;
  now.rlim_cur = wanted < now.rlim_max ? (rlim_t)wanted : now.rlim_max;
  setrlimit(resource, &now);
}

void set_limits_of_job(spank_t spank) {
  static const struct limit kLimits[] = {
      {"CPU", RLIMIT_CPU},   {"FSIZE", RLIMIT_FSIZE},     {"DATA", RLIMIT_DATA},   {"STACK", RLIMIT_STACK},
      {"CORE", RLIMIT_CORE}, {"RSS", RLIMIT_RSS},         {"NPROC", RLIMIT_NPROC}, {"NOFILE", RLIMIT_NOFILE},
      {"AS", RLIMIT_AS},     {"MEMLOCK", RLIMIT_MEMLOCK},
  };
  for (size_t i = 0; i < sizeof kLimits / sizeof kLimits[0]; ++i) {
    char name[32], value[32];
    snprintf(name, sizeof name, "SLURM_RLIMIT_%s", kLimits[i].name);
    if (spank_getenv(spank, name, value, (int)sizeof value) != ESPANK_SUCCESS) continue;
    set_limit(kLimits[i].resource, value);
    spank_unsetenv(spank, name);
  }
}
