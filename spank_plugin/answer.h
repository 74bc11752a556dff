#pragma once

#include <stddef.h>

// What `atoll bind --for-plugin` prints (atoll-bind(1), PROTOCOL).

enum atoll_answer {
  ATOLL_ANSWER_BAD,      // not such a text, or without this task
  ATOLL_ANSWER_NOTHING,  // leave the tasks as they are
  ATOLL_ANSWER_TASK,
};

// One line of a task: "cpus LIST", "memory LIST" or "set NAME=VALUE".
struct atoll_line {
  enum { ATOLL_LINE_CPUS, ATOLL_LINE_MEMORY, ATOLL_LINE_SET } key;
  char name[128];  // of a variable, else ""
  char value[8192];
};
typedef void atoll_take_line(void* context, const struct atoll_line* line);

// Reads the whole text, and only if all of it is right calls `take` for the lines of task `task`, in order.
enum atoll_answer read_answer(const char* text, size_t size, unsigned task, atoll_take_line* take, void* context);

// Reads a kernel list, "0-3,8", of numbers below `most`: sets the bits of them in `bits` (most/8 bytes, zeroed first).
// Returns how many there are, or -1 if it is none.
int read_list(const char* text, unsigned char* bits, unsigned most);
