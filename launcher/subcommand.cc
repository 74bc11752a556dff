#include "launcher/subcommand.h"

#include <CLI/CLI.hpp>
#include <utility>

namespace Atoll {

CommandOption CommandOption::required() {
  option_->required();
  return *this;
}

CommandOption CommandOption::above_zero() {
  option_->check(CLI::PositiveNumber);
  return *this;
}

CommandOption CommandOption::not_below_zero() {
  option_->check(CLI::NonNegativeNumber);
  return *this;
}

bool CommandOption::given() const { return option_->count() > 0; }

Subcommand::Subcommand(CLI::App& app, const std::string& name, const std::string& help)
    : app_(app.add_subcommand(name, help)) {}

CommandOption Subcommand::add(const std::string& names, std::string& value, const std::string& help) {
  return CommandOption(*app_->add_option(names, value, help));
}

CommandOption Subcommand::add(const std::string& names, int& value, const std::string& help) {
  return CommandOption(*app_->add_option(names, value, help));
}

CommandOption Subcommand::add(const std::string& names, double& value, const std::string& help) {
  return CommandOption(*app_->add_option(names, value, help));
}

CommandOption Subcommand::add(const std::string& names, bool& value, const std::string& help) {
  return CommandOption(*app_->add_flag(names, value, help));
}

CommandOption Subcommand::add(const std::string& names, std::vector<std::string>& values, const std::string& help) {
  return CommandOption(*app_->add_option(names, values, help)->allow_extra_args(false));
}

CommandOption Subcommand::add_bare(const std::string& names, std::string& value, const std::string& help) {
  return CommandOption(*app_->add_option(names, value, help)->expected(0, 1));
}

void Subcommand::footer(const std::string& text) { app_->footer(text); }

void Subcommand::take_words() { app_->prefix_command(); }

std::vector<std::string> Subcommand::words() const { return app_->remaining(); }

void Subcommand::run(std::function<void()> action) { app_->callback(std::move(action)); }

}  // namespace Atoll
