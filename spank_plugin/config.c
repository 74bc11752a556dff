#include "spank_plugin/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef ATOLL_PROGRAM
#define ATOLL_PROGRAM "/usr/bin/atoll"
#endif

static const char kKeys[] =
    "atoll=PATH, enabled=yes|no, sbatch=yes|no, max_nodes=N, bind_timeout=SECONDS, "
    "stop_timeout=SECONDS";

static int read_flag(const char* value, bool* flag) {
  const bool yes = strcmp(value, "yes") == 0;
  if (!yes && strcmp(value, "no") != 0) return -1;
  *flag = yes;
  return 0;
}

static int read_number(const char* value, unsigned least, unsigned most, unsigned* number) {
  char* end;
  const unsigned long read = strtoul(value, &end, 10);
  if (value[0] < '0' || value[0] > '9' || *end != '\0' || read < least || read > most) return -1;
  *number = (unsigned)read;
  return 0;
}

static int read_path(const char* value, char path[PATH_MAX]) {
  if (value[0] != '/' || strlen(value) >= PATH_MAX) return -1;
  strcpy(path, value);
  return 0;
}

static bool has_key(const char* word, const char* key, const char** value) {
  const size_t length = strlen(key);
  if (strncmp(word, key, length) != 0 || word[length] != '=') return false;
  *value = word + length + 1;
  return true;
}

// NULL, or what the word's value must be.
static const char* read_word(const char* word, struct atoll_config* config) {
  const char* value;
  if (has_key(word, "atoll", &value)) return read_path(value, config->atoll) ? "a full path" : NULL;
  if (has_key(word, "enabled", &value)) return read_flag(value, &config->enabled) ? "yes or no" : NULL;
  if (has_key(word, "sbatch", &value)) return read_flag(value, &config->sbatch) ? "yes or no" : NULL;
  if (has_key(word, "max_nodes", &value))
    return read_number(value, 0, 65535, &config->max_nodes) ? "a number, 0 for any" : NULL;
  if (has_key(word, "bind_timeout", &value))
    return read_number(value, 1, 60, &config->bind_timeout) ? "from 1 to 60 seconds" : NULL;
  if (has_key(word, "stop_timeout", &value))
    return read_number(value, 1, 60, &config->stop_timeout) ? "from 1 to 60 seconds" : NULL;
  return "";
}

void read_config(int argc, char** argv, struct atoll_config* config, atoll_complain* complain) {
  *config = (struct atoll_config){
      .atoll = ATOLL_PROGRAM, .enabled = true, .sbatch = true, .bind_timeout = 5, .stop_timeout = 5};
  for (int i = 0; i < argc; ++i) {
    char sentence[512];
    const char* wanted = read_word(argv[i], config);
    if (wanted == NULL) continue;
    if (wanted[0] == '\0')
      snprintf(sentence, sizeof sentence,
               "atoll: plugstack.conf: there is no setting '%.80s', it is ignored; there are %s", argv[i], kKeys);
    else
      snprintf(sentence, sizeof sentence, "atoll: plugstack.conf: %.80s must be %s; it is ignored", argv[i], wanted);
    complain(sentence);
  }
}
