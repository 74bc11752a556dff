// atoll: every command that a person types.

#include <CLI/CLI.hpp>
#include <iostream>

#include "launcher/commands.h"
#include "launcher/say.h"
#include "launcher/version.h"

namespace Atoll {
namespace {

// CLI11 takes the words in reverse order.
std::vector<std::string> words_before_dashes(int argc, char** argv, CommandLine& line) {
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) == "--") {
      line.had_dashes = true;
      line.after_dashes.assign(argv + i + 1, argv + argc);
      break;
    }
    words.emplace_back(argv[i]);
  }
  return {words.rbegin(), words.rend()};
}

void print_version(std::int64_t) {
  std::cout << version_text() << std::flush;
  throw CLI::Success();
}

int parse(CLI::App& app, int argc, char** argv, CommandLine& line) {
  try {
    app.parse(words_before_dashes(argc, argv, line));
    return line.exit_code;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) return app.exit(error);
    say_error(std::string(error.what()) + "; see atoll --help");
    return kExitUsage;
  }
}

int run_command(int argc, char** argv) {
  CLI::App app("Atoll: GPU actors inside a Slurm allocation", "atoll");
  app.require_subcommand(1);
  app.add_flag_function("--version", print_version, "print the version and what is built in");
  CommandLine line;
  line.words.assign(argv + 1, argv + argc);
  add_run(app, line);
  add_up(app, line);
  add_down(app, line);
  add_status(app, line);
  add_list(app, line);
  add_top(app, line);
  add_explain(app, line);
  add_logs(app, line);
  add_timeline(app, line);
  add_dashboard(app, line);
  add_topo(app, line);
  add_place(app, line);
  add_doctor(app, line);
  add_bind(app, line);
  return parse(app, argc, argv, line);
}

}  // namespace
}  // namespace Atoll

int main(int argc, char** argv) { return Atoll::run_command(argc, argv); }
