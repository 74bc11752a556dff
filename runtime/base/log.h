#pragma once

#include <fmt/core.h>

#include <functional>
#include <string>

// Log lines are lower case, name the cause and not a guess, and start with who
// speaks: "12:03:04.123 n2 atolld: worker 4711 exited with status 9".
// What formats and writes them, spdlog, is in log.cc alone: its headers cost a second in every object that includes them.
namespace Atoll {
class LineWriter;
}

namespace Atoll::log {

// Set up once at the start of main; `level` is trace|debug|info|warn|error|off
// (ATOLL_LOG_LEVEL wins). Lines go to stderr, or are offered to `writer`, which
// outlives every line.
void set_up(const std::string& node, const std::string& program,
            const std::string& level, LineWriter* writer = nullptr);

// What is offered to set_up()'s writer goes there as well, whole lines, from whichever thread says them; null: no more.
void also_to(std::function<void(std::string line)> other);

// Lines from `level` on, as in set_up(), are written; the others are dropped.
void set_level(const std::string& level);

enum class Level { kDebug, kInfo, kWarn, kError };

// Writes one line from a format of fmt's and its arguments, if its level is wanted. Any thread.
void write(Level level, fmt::string_view format, fmt::format_args arguments);

template <typename... Values>
void debug(fmt::format_string<Values...> format, const Values&... values) {
  write(Level::kDebug, format, fmt::make_format_args(values...));
}
template <typename... Values>
void info(fmt::format_string<Values...> format, const Values&... values) {
  write(Level::kInfo, format, fmt::make_format_args(values...));
}
template <typename... Values>
void warn(fmt::format_string<Values...> format, const Values&... values) {
  write(Level::kWarn, format, fmt::make_format_args(values...));
}
template <typename... Values>
void error(fmt::format_string<Values...> format, const Values&... values) {
  write(Level::kError, format, fmt::make_format_args(values...));
}

}  // namespace Atoll::log
