#include "runtime/base/environment.h"

#include <unistd.h>

#include <charconv>

namespace Atoll {

Environment current_environment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

const std::string& lookup(const Environment& environment, const std::string& name) {
  static const std::string kNothing;
  const auto found = environment.find(name);
  return found == environment.end() ? kNothing : found->second;
}

long lookup_number(const Environment& environment, const std::string& name) {
  const std::string& text = lookup(environment, name);
  long number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= 0 ? number : -1;
}

}  // namespace Atoll
