#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "launcher/dashboard/http.h"
#include "launcher/list_request.h"
#include "runtime/base/status.h"

namespace Atoll {

// What a page may ask of the cluster. Pure.
struct SummaryQuestion {};
struct HistoryQuestion {};  // of the tasks
struct ExplainQuestion {
  std::string id;
};
struct ListQuestion {
  ListRequest request;       // of all rows up to the last that is wanted
  std::uint32_t offset = 0;  // the first that is
};
// Which logs there are.
struct LogsQuestion {
  std::vector<std::string> of;  // whose, as after `atoll logs`; none: all
};
// The last lines of one.
struct LogQuestion {
  std::string process;  // its id
  std::uint32_t lines = 0;
};
struct DashboardQuestion {
  std::variant<SummaryQuestion, HistoryQuestion, ExplainQuestion, ListQuestion, LogsQuestion, LogQuestion> what;
  std::string path;  // as it was asked
  HttpArguments arguments;
};

// A longer argument, or more of them, are refused.
inline constexpr std::size_t kMostArgument = 500;
inline constexpr std::size_t kMostArguments = 20;
// Rows of one answer, where no number is asked for.
inline constexpr std::uint32_t kUsualRows = 50;
// Lines of a log.
inline constexpr std::uint32_t kUsualLines = 200;
inline constexpr std::uint32_t kMostLines = 2000;

// "api/summary", "api/history", "api/explain?id=", "api/list?kind=&filter=&filter=&sort=&columns=&offset=&count=",
// "api/logs?of=&of=", "api/log?id=&lines=".
// kNotFound for other paths, kInvalidArgument with the reason for arguments that make no sense.
Result<DashboardQuestion> parse_question(const std::string& path, const HttpArguments& arguments);

}  // namespace Atoll
