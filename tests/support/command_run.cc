#include "tests/support/command_run.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <sstream>

namespace Atoll::testing {

Ran run_command(void (*add)(CLI::App& app, CommandLine& line), const std::vector<std::string>& words) {
  CLI::App app("", "atoll");
  CommandLine line;
  add(app, line);
  std::stringstream out;
  std::streambuf* const cout = std::cout.rdbuf(out.rdbuf());
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError&) {
    line.exit_code = kExitUsage;
  }
  std::cout.rdbuf(cout);
  return {line.exit_code, out.str()};
}

}  // namespace Atoll::testing
