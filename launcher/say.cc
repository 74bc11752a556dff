#include "launcher/say.h"

#include <unistd.h>

namespace Atoll {
namespace {

// One write a line, so that lines of several processes do not mix.
void write_line(const std::string& text) {
  const std::string line = "atoll: " + text + "\n";
  (void)!::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

void say_error(const std::string& text) { write_line(text); }
void say_warning(const std::string& text) { write_line("warning: " + text); }

void Sayer::info(const std::string& text) const {
  if (talk_ != Talk::kQuiet) write_line(text);
}

void Sayer::detail(const std::string& text) const {
  if (talk_ == Talk::kVerbose) write_line(text);
}

}  // namespace Atoll
