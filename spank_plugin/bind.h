#pragma once

#include <slurm/spank.h>

#include "spank_plugin/config.h"
#include "spank_plugin/spec.h"

// --atoll-bind on one node of a step. The first task that comes asks `atoll bind`; all read its answer from memory that
// they share, which must be there before they are forked. A task that waits for the answer does so for a bounded time.
struct atoll_board;

// NULL when there is no memory for it; then the step runs unbound, with a warning.
struct atoll_board* open_board(void);
void close_board(struct atoll_board* board);

// In the task, whose number on this node is `task` of `tasks`: binds it. Whatever goes wrong, the task runs, and one
// warning on its stderr says why it is not bound.
void bind_task(spank_t spank, struct atoll_board* board, const struct atoll_config* config,
               const struct atoll_bind* bind, unsigned task, unsigned tasks);
