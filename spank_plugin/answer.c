#include "spank_plugin/answer.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// What is left of the text.
struct reader {
  const char *at, *end;
};

// The next line without its end; false when there is none that ends.
static bool next_line(struct reader* reader, const char** line, size_t* length) {
  const char* end = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
  if (end == NULL || memchr(reader->at, '\0', (size_t)(end - reader->at)) != NULL) return false;
  *line = reader->at;
  *length = (size_t)(end - reader->at);
  reader->at = end + 1;
  return true;
}

static bool is_line(const char* line, size_t length, const char* word) {
  return length == strlen(word) && memcmp(line, word, length) == 0;
}

// The rest of a line that begins with `word`, as a text of its own.
static bool read_rest(const char* line, size_t length, const char* word, char* rest, size_t size) {
  const size_t skip = strlen(word);
  if (length < skip || memcmp(line, word, skip) != 0 || length - skip >= size) return false;
  memcpy(rest, line + skip, length - skip);
  rest[length - skip] = '\0';
  return true;
}

static bool is_name(const char* text) {
  if (!isalpha((unsigned char)text[0]) && text[0] != '_') return false;
  for (; *text != '\0'; ++text)
    if (!isalnum((unsigned char)*text) && *text != '_') return false;
  return true;
}

// "set NAME=VALUE"
static bool read_set(const char* words, size_t length, struct atoll_line* line) {
  const char* equals = memchr(words, '=', length);
  if (equals == NULL || (size_t)(equals - words) >= sizeof line->name) return false;
  memcpy(line->name, words, (size_t)(equals - words));
  line->name[equals - words] = '\0';
  const size_t rest = length - (size_t)(equals - words) - 1;
  if (rest >= sizeof line->value) return false;
  memcpy(line->value, equals + 1, rest);
  line->value[rest] = '\0';
  return is_name(line->name);
}

static bool read_task_line(const char* words, size_t length, struct atoll_line* line) {
  line->name[0] = '\0';
  line->key = ATOLL_LINE_CPUS;
  if (read_rest(words, length, "cpus ", line->value, sizeof line->value)) return true;
  line->key = ATOLL_LINE_MEMORY;
  if (read_rest(words, length, "memory ", line->value, sizeof line->value)) return true;
  line->key = ATOLL_LINE_SET;
  return length > 4 && memcmp(words, "set ", 4) == 0 && read_set(words + 4, length - 4, line);
}

static bool is_task(const char* words, size_t length, long* task) {
  char number[12], *end;
  if (!read_rest(words, length, "task ", number, sizeof number) || !isdigit((unsigned char)number[0])) return false;
  *task = strtol(number, &end, 10);
  return *end == '\0';
}

static enum atoll_answer read_all(struct reader reader, unsigned task, atoll_take_line* take, void* context) {
  struct atoll_line said;
  const char* line;
  size_t length;
  long now = -1, known = -1;
  bool found = false, nothing = false;
  if (!next_line(&reader, &line, &length) || !is_line(line, length, "atoll-bind 1")) return ATOLL_ANSWER_BAD;
  while (next_line(&reader, &line, &length)) {
    if (is_line(line, length, "end")) {
      if (reader.at != reader.end || nothing == found) return ATOLL_ANSWER_BAD;
      return nothing ? ATOLL_ANSWER_NOTHING : ATOLL_ANSWER_TASK;
    }
    if (nothing) return ATOLL_ANSWER_BAD;
    if (known < 0 && is_line(line, length, "nothing")) {
      nothing = true;
    } else if (is_task(line, length, &now)) {
      if (now != known + 1) return ATOLL_ANSWER_BAD;
      known = now;
      found |= now == (long)task;
    } else if (known < 0 || !read_task_line(line, length, &said)) {
      return ATOLL_ANSWER_BAD;
    } else if (now == (long)task && take != NULL) {
      take(context, &said);
    }
  }
  return ATOLL_ANSWER_BAD;
}

enum atoll_answer read_answer(const char* text, size_t size, unsigned task, atoll_take_line* take, void* context) {
  const struct reader reader = {text, text + size};
  const enum atoll_answer answer = read_all(reader, task, NULL, NULL);
  return answer == ATOLL_ANSWER_TASK ? read_all(reader, task, take, context) : answer;
}

int read_list(const char* text, unsigned char* bits, unsigned most) {
  int count = 0;
  memset(bits, 0, most / 8);
  while (isdigit((unsigned char)*text)) {
    char* end;
    unsigned long first = strtoul(text, &end, 10), last = first;
    if (*end == '-' && isdigit((unsigned char)end[1])) last = strtoul(end + 1, &end, 10);
    if (last < first || last >= most) return -1;
    for (unsigned long i = first; i <= last; ++i) {
      count += !(bits[i / 8] >> i % 8 & 1);
      bits[i / 8] |= (unsigned char)(1u << i % 8);
    }
    if (*end == '\0') return count;
    if (*end != ',') return -1;
    text = end + 1;
  }
  return -1;
}
