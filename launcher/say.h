#pragma once

#include <string>

namespace Atoll {

// How much the launcher tells on stderr beside errors and warnings.
enum class Talk { kQuiet, kNormal, kVerbose };

// One line "atoll: text". Warnings and errors are said even to the quiet.
void say_error(const std::string& text);
void say_warning(const std::string& text);

class Sayer {
 public:
  explicit Sayer(Talk talk) : talk_(talk) {}
  void info(const std::string& text) const;
  void detail(const std::string& text) const;

 private:
  Talk talk_;
};

}  // namespace Atoll
