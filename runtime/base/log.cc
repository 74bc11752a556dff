#include "runtime/base/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <mutex>

#include "runtime/base/line_writer.h"

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

class WriterSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit WriterSink(LineWriter& writer) : writer_(writer) {}

  void also_to(std::function<void(std::string)> other) {
    const std::lock_guard lock(mutex_);
    other_ = std::move(other);
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    if (other_) other_({line.data(), line.size()});
    writer_.offer({line.data(), line.size()});
  }
  void flush_() override {}

  LineWriter& writer_;
  std::function<void(std::string)> other_;
};

spdlog::sink_ptr sink_to(LineWriter* writer) {
  if (writer != nullptr) return std::make_shared<WriterSink>(*writer);
  return std::make_shared<spdlog::sinks::stderr_sink_mt>();
}

}  // namespace

void set_up(const std::string& node, const std::string& program,
            const std::string& level, LineWriter* writer) {
  auto logger = std::make_shared<spdlog::logger>(program, sink_to(writer));
  logger->set_pattern("%H:%M:%S.%e " + node + " %n: %v");
  const char* wanted = std::getenv("ATOLL_LOG_LEVEL");
  logger->set_level(spdlog::level::from_str(wanted ? wanted : level));
  logger->flush_on(spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
}

void also_to(std::function<void(std::string)> other) {
  for (const spdlog::sink_ptr& sink : spdlog::default_logger_raw()->sinks())
    if (auto* writer = dynamic_cast<WriterSink*>(sink.get())) writer->also_to(other);
}

void set_level(const std::string& level) { spdlog::set_level(spdlog::level::from_str(level)); }

void write(Level level, fmt::string_view format, fmt::format_args arguments) {
  spdlog::logger* const logger = spdlog::default_logger_raw();
  const auto wanted = level_of(level);
  if (logger->should_log(wanted)) logger->log(wanted, fmt::vformat(format, arguments));
}

}  // namespace Atoll::log
