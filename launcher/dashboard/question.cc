#include "launcher/dashboard/question.h"

#include <charconv>

namespace Atoll {
namespace {

Status bad(const std::string& words) { return Status(Code::kInvalidArgument, words); }

Status check_bounds(const HttpArguments& arguments) {
  if (arguments.size() > kMostArguments) return bad("more than " + std::to_string(kMostArguments) + " arguments");
  for (const auto& [key, value] : arguments)
    if (key.size() > kMostArgument || value.size() > kMostArgument)
      return bad("an argument is longer than " + std::to_string(kMostArgument) + " characters");
  return Status();
}

Status parse_count(const std::string& key, const std::string& text, std::uint32_t most, std::uint32_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value <= most) return Status();
  return bad(key + " is a number up to " + std::to_string(most));
}

Result<ExplainQuestion> parse_explain(const HttpArguments& arguments) {
  ExplainQuestion question;
  for (const auto& [key, value] : arguments)
    if (key == "id") question.id = value;
  if (question.id.empty()) return bad("id= is missing");
  return question;
}

Result<ListQuestion> parse_list(const HttpArguments& arguments) {
  ListOptions options;
  options.json = true;
  std::uint32_t offset = 0, count = kUsualRows;
  for (const auto& [key, value] : arguments) {
    if (key == "kind") options.kind = value;
    if (key == "filter") options.filters.push_back(value);
    if (key == "sort") options.sort = value;
    if (key == "columns") options.columns = value;
    if (key == "offset") ATOLL_RETURN_IF_ERROR(parse_count(key, value, kMostRows, offset));
    if (key == "count") ATOLL_RETURN_IF_ERROR(parse_count(key, value, kMostRows, count));
  }
  if (offset + count > kMostRows)
    return bad("only the first " + std::to_string(kMostRows) + " rows can be looked at; a filter leaves fewer");
  options.limit = static_cast<int>(offset + count);
  Result<ListRequest> request = make_list_request(options);
  if (!request.ok()) return request.status();
  return ListQuestion{std::move(*request), offset};
}

LogsQuestion parse_logs(const HttpArguments& arguments) {
  LogsQuestion question;
  for (const auto& [key, value] : arguments)
    if (key == "of" && !value.empty()) question.of.push_back(value);
  return question;
}

Result<LogQuestion> parse_log(const HttpArguments& arguments) {
  LogQuestion question{"", kUsualLines};
  for (const auto& [key, value] : arguments) {
    if (key == "id") question.process = value;
    if (key == "lines") ATOLL_RETURN_IF_ERROR(parse_count(key, value, kMostLines, question.lines));
  }
  if (question.process.empty()) return bad("id= is missing");
  return question;
}

}  // namespace

Result<DashboardQuestion> parse_question(const std::string& path, const HttpArguments& arguments) {
  ATOLL_RETURN_IF_ERROR(check_bounds(arguments));
  DashboardQuestion question = {SummaryQuestion{}, path, arguments};
  if (path == "api/summary") return question;
  if (path == "api/history") {
    question.what = HistoryQuestion{};
    return question;
  }
  const auto take = [&question](auto parsed) -> Result<DashboardQuestion> {
    if (!parsed.ok()) return parsed.status();
    question.what = std::move(*parsed);
    return question;
  };
  if (path == "api/explain") return take(parse_explain(arguments));
  if (path == "api/list") return take(parse_list(arguments));
  if (path == "api/logs") return take(Result<LogsQuestion>(parse_logs(arguments)));
  if (path == "api/log") return take(parse_log(arguments));
  return Status(Code::kNotFound, "there is no such page");
}

}  // namespace Atoll
