#pragma once

#include <stdbool.h>

// The stand-in of atoll: what the plugin starts as `atoll up`, `atoll bind` and `atoll run`. It appends to the file
// $STAND_IN_REPORT what it was given, one line a fact, and then does as $STAND_IN says:
//   up:   waits until descriptor 3 ends, writes "ended", and ends; "stays" goes on instead, until it is killed
//   bind: prints an answer for two tasks; "garbage" no answer, "fails" one with exit code 3, "late" none in time
//   run:  exit code 5
bool is_stand_in(int argc, char** argv);
int stand_in(int argc, char** argv);
