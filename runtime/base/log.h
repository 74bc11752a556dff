#pragma once

#include <spdlog/spdlog.h>

#include <string>

namespace Atoll::log {

// Log lines are lower case, name the cause and not a guess, and start with who
// speaks: "12:03:04.123 n2 atolld: worker 4711 exited with status 9".
// Set up once at the start of main; `level` is trace|debug|info|warn|error|off
// (ATOLL_LOG_LEVEL wins). Lines go to stderr.
void set_up(const std::string& node, const std::string& program,
            const std::string& level);

using spdlog::debug;
using spdlog::error;
using spdlog::info;
using spdlog::trace;
using spdlog::warn;

}  // namespace Atoll::log
