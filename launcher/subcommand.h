#pragma once

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace Atoll {

// One option of a command. The options themselves belong to the App; this and Subcommand are handles, free to copy.
class CommandOption {
 public:
  explicit CommandOption(CLI::Option& option) : option_(&option) {}

  CommandOption required();
  CommandOption above_zero();      // for a number
  CommandOption not_below_zero();  // for a number
  bool given() const;              // once parsed

 private:
  CLI::Option* option_;
};

// A command of `atoll`, its options and what it does. CLI11 is all in headers, so what each command needs of it is
// compiled once, in subcommand.cc.
class Subcommand {
 public:
  // Adds the command `name` to `app`, which owns it.
  Subcommand(CLI::App& app, const std::string& name, const std::string& help);

  // An option, such as "-p,--partition", whose word is parsed into `value`, which outlives the parsing.
  CommandOption add(const std::string& names, std::string& value, const std::string& help);
  CommandOption add(const std::string& names, int& value, const std::string& help);
  CommandOption add(const std::string& names, double& value, const std::string& help);
  // One that may be given several times.
  CommandOption add(const std::string& names, std::vector<std::string>& values, const std::string& help);
  // One whose word may be left out: `value` is empty then.
  CommandOption add_bare(const std::string& names, std::string& value, const std::string& help);
  // A flag.
  CommandOption add(const std::string& names, bool& value, const std::string& help);

  void footer(const std::string& text);
  // Takes every word from the first that is no option as it is; words() has them once parsed.
  void take_words();
  std::vector<std::string> words() const;
  // What is done, once parsed, if this command is chosen.
  void run(std::function<void()> action);

  CLI::App& app() const { return *app_; }

 private:
  CLI::App* app_;
};

}  // namespace Atoll
