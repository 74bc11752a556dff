#pragma once

#include <stddef.h>

// Programs that the plugin starts. In a child of slurmstepd, as the job's user; a program gets no descriptor but those
// named here, no blocked signal, and the environment it is given.

// Starts a program that nobody waits for, in a session of its own and with `held` as its descriptor 3. Its stdout and
// stderr are ours, its stdin is empty. When it cannot be executed it says so on stderr. Returns 0 or an errno.
int start_detached(const char* path, char* const argv[], char* const env[], int held);

// Runs a program to its end and reads what it prints; kills it after `seconds`. Its stderr is ours. Returns the number
// of bytes in `text`; or -1, with what happened in `why` ("did not answer within 5 s").
long run_bounded(const char* path, char* const argv[], char* const env[], unsigned seconds, char* text, size_t size,
                 char* why, size_t why_size);
