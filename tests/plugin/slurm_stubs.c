#define _GNU_SOURCE
#include "tests/plugin/slurm_stubs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct played_slurm slurm = {.context = S_CTX_SLURMD};

// The job's environment.

static char* environment[128];

static char** find(const char* name) {
  const size_t length = strlen(name);
  char** entry = environment;
  while (*entry != NULL && (strncmp(*entry, name, length) != 0 || (*entry)[length] != '=')) ++entry;
  return entry;
}

static void remove_entry(char** entry) {
  if (*entry == NULL) return;
  free(*entry);
  do entry[0] = entry[1];
  while (*entry++ != NULL);
}

void set_in_job(const char* name, const char* value) {
  remove_entry(find(name));
  char** entry = find(name);
  if (value == NULL) return;
  if (entry >= environment + sizeof environment / sizeof environment[0] - 1) abort();
  if (asprintf(entry, "%s=%s", name, value) < 0) abort();
}

const char* get_in_job(const char* name) {
  const char* entry = *find(name);
  return entry == NULL ? NULL : entry + strlen(name) + 1;
}

// What is exported to plugins.

void slurm_error(const char* format, ...) {
  va_list words;
  va_start(words, format);
  vsnprintf(slurm.last_error, sizeof slurm.last_error, format, words);
  va_end(words);
  ++slurm.errors;
}

void slurm_info(const char* format, ...) {
  (void)format;
  ++slurm.infos;
}

void slurm_debug(const char* format, ...) { (void)format; }
void slurm_verbose(const char* format, ...) { (void)format; }

spank_context_t spank_context(void) { return slurm.context; }

spank_err_t spank_option_register(spank_t spank, struct spank_option* option) {
  (void)spank;
  if (slurm.has_options) return ESPANK_BAD_ARG;
  if (slurm.option_count == sizeof slurm.options / sizeof slurm.options[0]) abort();
  slurm.options[slurm.option_count++] = *option;
  return ESPANK_SUCCESS;
}

static int count_words(char** words) {
  int count = 0;
  while (words != NULL && words[count] != NULL) ++count;
  return count;
}

// Knows what our plugin may ask for in slurmstepd.
spank_err_t spank_get_item(spank_t spank, spank_item_t item, ...) {
  spank_err_t error = ESPANK_SUCCESS;
  va_list where;
  (void)spank;
  if (slurm.context != S_CTX_REMOTE) return ESPANK_NOT_AVAIL;
  va_start(where, item);
  if (item == S_JOB_STEPID) {
    *va_arg(where, uint32_t*) = slurm.step_id;
  } else if (item == S_JOB_LOCAL_TASK_COUNT) {
    *va_arg(where, uint32_t*) = slurm.tasks;
  } else if (item == S_TASK_ID) {
    *va_arg(where, int*) = slurm.task;
  } else if (item == S_JOB_ENV) {
    *va_arg(where, char***) = environment;
  } else if (item == S_JOB_ARGV) {
    *va_arg(where, int*) = count_words(slurm.script);
    *va_arg(where, char***) = slurm.script;
  } else if (item == S_JOB_LOCAL_TO_GLOBAL_ID) {
    const uint32_t task = va_arg(where, uint32_t);
    *va_arg(where, uint32_t*) = 10 + task;
  } else {
    error = ESPANK_NOT_AVAIL;
  }
  va_end(where);
  return error;
}

spank_err_t spank_getenv(spank_t spank, const char* name, char* value, int size) {
  const char* found = get_in_job(name);
  (void)spank;
  if (slurm.context != S_CTX_REMOTE) return ESPANK_NOT_REMOTE;
  if (found == NULL) return ESPANK_ENV_NOEXIST;
  return snprintf(value, (size_t)size, "%s", found) < size ? ESPANK_SUCCESS : ESPANK_NOSPACE;
}

spank_err_t spank_setenv(spank_t spank, const char* name, const char* value, int overwrite) {
  (void)spank;
  ++slurm.environment_changes;
  if (slurm.context != S_CTX_REMOTE) return ESPANK_NOT_REMOTE;
  if (!overwrite && get_in_job(name) != NULL) return ESPANK_ENV_EXISTS;
  set_in_job(name, value);
  return ESPANK_SUCCESS;
}

spank_err_t spank_unsetenv(spank_t spank, const char* name) {
  (void)spank;
  ++slurm.environment_changes;
  if (slurm.context != S_CTX_REMOTE) return ESPANK_NOT_REMOTE;
  set_in_job(name, NULL);
  return ESPANK_SUCCESS;
}

#if SLURM_VERSION_NUMBER >= SLURM_VERSION_NUM(23, 11, 0)
spank_err_t spank_prepend_task_argv(spank_t spank, int argc, const char* argv[]) {
  (void)spank;
  if (slurm.keeps_task_argv) return ESPANK_ERROR;
  for (int i = 0; i < argc; ++i) {
    const size_t have = strlen(slurm.prepended);
    snprintf(slurm.prepended + have, sizeof slurm.prepended - have, "%s ", argv[i]);
  }
  return ESPANK_SUCCESS;
}
#endif
