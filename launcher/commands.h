#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace Atoll {

// Exit codes of every command; `atoll run` ends with its program's own.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;

// What the commands share with main: each adds its subcommand, whose callback sets `exit_code`.
struct CommandLine {
  std::vector<std::string> after_dashes;  // the words after the first "--"
  bool had_dashes = false;
  int exit_code = kExitOk;
  std::vector<std::string> words;  // all that were typed, after "atoll"
};

// One file a command.
void add_run(CLI::App& app, CommandLine& line);
void add_up(CLI::App& app, CommandLine& line);
void add_down(CLI::App& app, CommandLine& line);
void add_status(CLI::App& app, CommandLine& line);
void add_list(CLI::App& app, CommandLine& line);
void add_top(CLI::App& app, CommandLine& line);
void add_explain(CLI::App& app, CommandLine& line);
void add_logs(CLI::App& app, CommandLine& line);
void add_timeline(CLI::App& app, CommandLine& line);
void add_dashboard(CLI::App& app, CommandLine& line);
void add_topo(CLI::App& app, CommandLine& line);
void add_place(CLI::App& app, CommandLine& line);
void add_doctor(CLI::App& app, CommandLine& line);
void add_bind(CLI::App& app, CommandLine& line);

}  // namespace Atoll
