#include "runtime/base/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>

namespace Atoll::log {
namespace {

spdlog::level::level_enum level_of(Level level) {
  switch (level) {
    case Level::kDebug: return spdlog::level::debug;
    case Level::kInfo: return spdlog::level::info;
    case Level::kWarn: return spdlog::level::warn;
    case Level::kError: break;
  }
  return spdlog::level::err;
}

}  // namespace

void set_up(const std::string& node, const std::string& program,
            const std::string& level) {
  auto logger = std::make_shared<spdlog::logger>(
      program, std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%H:%M:%S.%e " + node + " %n: %v");
  const char* wanted = std::getenv("ATOLL_LOG_LEVEL");
  logger->set_level(spdlog::level::from_str(wanted ? wanted : level));
  logger->flush_on(spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
}

void set_level(const std::string& level) { spdlog::set_level(spdlog::level::from_str(level)); }

void write(Level level, fmt::string_view format, fmt::format_args arguments) {
  spdlog::logger* const logger = spdlog::default_logger_raw();
  const auto wanted = level_of(level);
  if (logger->should_log(wanted)) logger->log(wanted, fmt::vformat(format, arguments));
}

}  // namespace Atoll::log
