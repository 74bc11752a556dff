#include "runtime/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>

#include <cstdlib>

namespace Atoll::log {

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

}  // namespace Atoll::log
