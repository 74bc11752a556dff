#pragma once

#include <sstream>
#include <string>

// ATOLL_CHECK(condition, values...) states an invariant of our own code. When
// it is broken, the process prints where, what and the values, and aborts, in
// release builds too. Bad input from outside is a Status, never a check.
#define ATOLL_CHECK(condition, ...)                                        \
  do {                                                                     \
    if (!(condition)) [[unlikely]]                                         \
      ::Atoll::check_failed(__FILE__, __LINE__, #condition,                \
                            ::Atoll::print_values(__VA_ARGS__));           \
  } while (false)

namespace Atoll {

[[noreturn]] void check_failed(const char* file, int line,
                               const char* condition,
                               const std::string& values);

template <typename... Values>
std::string print_values(const Values&... values) {
  std::ostringstream out;
  [[maybe_unused]] const char* separator = "";
  ((out << separator << values, separator = ", "), ...);
  return out.str();
}

}  // namespace Atoll
