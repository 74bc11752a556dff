#pragma once

#include <functional>
#include <string>
#include <vector>

#include "launcher/top_view.h"
#include "runtime/base/clock.h"
#include "runtime/base/status.h"

namespace Atoll {

// The terminal while `atoll top` has it. Only what changed is written, by curses. One at a time, for one thread.
//
// SCREEN-1 whatever ends it but SIGKILL, the terminal is as before
class TopScreen {
 public:
  // Takes the terminal. kUnavailable where it cannot be drawn on, or this program was built without curses.
  static Status open();
  // Gives it back. Nothing if it is not taken.
  static void close();

  static std::size_t width();
  static std::size_t height();
  static void draw(const std::vector<TopLine>& lines);
  struct Key {
    enum class Kind { kNone, kKey, kResized, kEnd } kind = Kind::kNone;
    TopKey key = TopKey::kOther;
    char letter = '\0';
  };
  // The next key, or nothing after `limit`; kEnd if the program was told to end.
  static Key wait_key(Duration limit);
};

}  // namespace Atoll
