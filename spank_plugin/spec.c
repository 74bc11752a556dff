#include "spank_plugin/spec.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char lower[] = "abcdefghijklmnopqrstuvwxyz";
static const char digits[] = "0123456789";

__attribute__((format(printf, 2, 3))) static int complain(char* why, const char* format, ...) {
  va_list words;
  va_start(words, format);
  vsnprintf(why, ATOLL_WHY_BYTES, format, words);
  va_end(words);
  return -1;
}

// How many of the first signs of `text` are in one of the two sets.
static size_t run_of(const char* text, const char* set, const char* other) {
  size_t length = 0;
  while (text[length] != '\0' && (strchr(set, text[length]) || strchr(other, text[length]))) ++length;
  return length;
}

static bool is_number(const char* text, size_t most_digits) {
  const size_t length = strlen(text);
  return length > 0 && length <= most_digits && text[0] != '0' && run_of(text, digits, "") == length;
}

static bool is_one_of(const char* text, const char* const* words) {
  for (; *words != NULL; ++words)
    if (strcmp(text, *words) == 0) return true;
  return false;
}

static bool is_cluster_name(const char* text) {
  return text[0] != '\0' && text[0] != '-' && run_of(text, lower, "0123456789-") == strlen(text);
}

static bool is_host_name(const char* text) {
  const size_t length = strlen(text);
  return length > 0 && text[0] != '-' && run_of(text, lower, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == length;
}

static bool is_memory(const char* text) {
  char number[16];
  const size_t length = run_of(text, digits, "");
  if (length >= sizeof number) return false;
  memcpy(number, text, length);
  number[length] = '\0';
  const char* unit = text + length;
  return is_number(number, 12) && (unit[0] == '\0' || (strchr("KMGT", unit[0]) && unit[1] == '\0'));
}

static bool is_folder_list(const char* text) {
  if (strcmp(text, "none") == 0) return true;
  for (; text != NULL; text = strchr(text, ':') == NULL ? NULL : strchr(text, ':') + 1)
    if (text[0] != '/') return false;
  return true;
}

static bool is_folder(const char* text) { return text[0] != '\0' && text[0] != '-'; }

// The whole of it is `atoll up`'s to check, atoll-metrics(7).
static bool is_metrics_place(const char* text) {
  const char* colon = strrchr(text, ':');
  return strcmp(text, "unix") == 0 ||
         (colon != NULL && colon != text && colon[1] != '\0' && run_of(colon + 1, digits, "") == strlen(colon + 1));
}

static bool is_rate(const char* text) { return strcmp(text, "0") == 0 || strcmp(text, "1000000") == 0 || is_number(text, 6); }

static bool is_node_count(const char* text) { return is_number(text, 5); }

static bool is_log_level(const char* text) {
  static const char* const kLevels[] = {"trace", "debug", "info", "warn", "error", "off", NULL};
  return is_one_of(text, kLevels);
}

// A key of SPEC, where its value goes, and what a right one is.
struct key {
  const char* name;
  char* value;
  size_t size;
  bool (*is_right)(const char* text);
  const char* wanted;
};

static int keep_value(const struct key* key, const char* value, char* why) {
  if (key->value[0] != '\0') return complain(why, "--atoll: %s is given twice; say it once", key->name);
  if (strlen(value) >= key->size || !key->is_right(value))
    return complain(why, "--atoll: %s=%.80s must be %s", key->name, value, key->wanted);
  memcpy(key->value, value, strlen(value) + 1);
  return 0;
}

static int keep_driver(struct atoll_spec* spec, const char* command, char* why) {
  if (command[strspn(command, " \t")] == '\0')
    return complain(why, "--atoll: driver= needs a command, as in --atoll='driver=./train --epochs 3'");
  snprintf(spec->driver, sizeof spec->driver, "%s", command);
  return 0;
}

// One "key=value" of SPEC.
static int read_word(struct atoll_spec* spec, char* word, char* why) {
  const struct key keys[] = {
      {"nodes", spec->nodes, sizeof spec->nodes, is_node_count, "a number of nodes, as in nodes=4"},
      {"name", spec->name, sizeof spec->name, is_cluster_name, "at most 32 lower-case letters, digits and '-'"},
      {"head", spec->head, sizeof spec->head, is_host_name, "first, last or the name of a node of the job"},
      {"object-memory", spec->object_memory, sizeof spec->object_memory, is_memory, "bytes, or with K, M, G or T: 8G"},
      {"spill-folder", spec->spill_folder, sizeof spec->spill_folder, is_folder_list,
       "none, or full paths of folders, with ':' between them"},
      {"spill-limit", spec->spill_limit, sizeof spec->spill_limit, is_memory, "bytes, or with K, M, G or T: 200G"},
      {"keep-logs", spec->keep_logs, sizeof spec->keep_logs, is_folder, "a folder that all nodes see, as in keep-logs=logs-%j"},
      {"metrics", spec->metrics, sizeof spec->metrics, is_metrics_place, "127.0.0.1:PORT, where PORT 0 is any, or unix"},
      {"timeline-rate", spec->timeline_rate, sizeof spec->timeline_rate, is_rate, "a number of tasks a second, at most 1000000, or 0"},
      {"log", spec->log_level, sizeof spec->log_level, is_log_level, "trace, debug, info, warn, error or off"},
  };
  char* equals = strchr(word, '=');
  if (equals != NULL) *equals = '\0';
  for (size_t i = 0; equals != NULL && i < sizeof keys / sizeof keys[0]; ++i)
    if (strcmp(word, keys[i].name) == 0) return keep_value(&keys[i], equals + 1, why);
  return complain(why,
                  "--atoll: there is no '%.80s'; it takes nodes=N, name=NAME, head=first|last|NODE, "
                  "object-memory=SIZE, spill-folder=FOLDER, spill-limit=SIZE, keep-logs=FOLDER, metrics=ADDRESS, timeline-rate=N, "
                  "log=LEVEL, driver=COMMAND (last), or yes or no",
                  word);
}

int read_spec(const char* text, struct atoll_spec* spec, char why[ATOLL_WHY_BYTES]) {
  // Slurm 22.05 carries an option without a value into the sruns of a job as "(null)".
  static const char* const kYes[] = {"", "yes", "(null)", NULL};
  static const char kDriver[] = "driver=";
  char words[ATOLL_SPEC_BYTES];
  memset(spec, 0, sizeof *spec);
  if (text == NULL || is_one_of(text, kYes)) return 0;
  spec->off = strcmp(text, "no") == 0;
  if (spec->off) return 0;
  if (strlen(text) >= sizeof words)
    return complain(why, "--atoll: more than %zu characters; put a long driver command into a file", sizeof words - 1);
  strcpy(words, text);
  for (char *word = words, *comma; word != NULL; word = comma) {
    if (strncmp(word, kDriver, sizeof kDriver - 1) == 0) return keep_driver(spec, word + sizeof kDriver - 1, why);
    comma = strchr(word, ',');
    if (comma != NULL) *comma++ = '\0';
    if (read_word(spec, word, why) != 0) return -1;
  }
  return 0;
}

int read_bind(const char* text, struct atoll_bind* bind, char why[ATOLL_WHY_BYTES]) {
  static const char* const kModes[] = {"pack", "spread", "island", "numa", "none", NULL};
  const char* value = text == NULL ? "" : text;
  const size_t length = strcspn(value, ",");
  memset(bind, 0, sizeof *bind);
  snprintf(bind->mode, sizeof bind->mode, "%.*s", (int)(length < sizeof bind->mode ? length : 0), value);
  bind->verbose = strcmp(value + length, ",verbose") == 0;
  if (is_one_of(bind->mode, kModes) && (bind->verbose || value[length] == '\0')) return 0;
  return complain(why,
                  "--atoll-bind=%.80s must be pack, spread, island, numa or none, with ',verbose' after it to see the "
                  "table",
                  value);
}
