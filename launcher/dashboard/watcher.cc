#include "launcher/dashboard/watcher.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "config.h"
#include "launcher/dashboard/summary.h"
#include "launcher/explain_json.h"
#include "launcher/log_reader.h"
#include "launcher/log_search.h"

namespace Atoll {
namespace {

using nlohmann::ordered_json;

// Nodes and drivers come and go; asking who is there costs one message.
constexpr Duration kPeersAge = std::chrono::seconds(1);

std::string dump(const ordered_json& object) {
  return object.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

int http_status(const Status& status) {
  switch (status.code()) {
    case Code::kInvalidArgument:
      return 400;
    case Code::kNotFound:
      return 404;
    default:
      return 503;
  }
}

}  // namespace

Watcher::Watcher(ClusterChoice choice, std::unique_ptr<StateClient> client)
    : choice_(std::move(choice)), client_(std::move(client)), found_peers_(now()) {}

HttpReply Watcher::answer(const DashboardQuestion& question) {
  if (const Status connected = connect(); !connected.ok()) {
    const bool ended = connected.code() == Code::kNotFound;
    ordered_json object = {{"error", ended ? "the cluster has ended" : connected.message()}, {"ended", ended}};
    return {503, "application/json", dump(object)};
  }
  Result<std::string> reply = std::visit([this](const auto& each) { return reply_to(each); }, question.what);
  if (reply.ok()) return {200, "application/json", std::move(*reply)};
  if (reply.status().code() == Code::kUnavailable) client_.reset();
  return error_reply(http_status(reply.status()), reply.status().message());
}

// kNotFound when there is no such cluster any more.
Status Watcher::connect() {
  const Duration timeout = to_duration(choice_.timeout);
  if (client_ != nullptr && now() < found_peers_ + kPeersAge) return Status();
  if (client_ != nullptr && client_->find_peers(timeout).ok()) {
    found_peers_ = now();
    return Status();
  }
  client_.reset();
  ClusterChoice choice = choice_;
  choice.wait = 0;
  const Result<Session> session = find_cluster(choice);
  if (!session.ok()) return session.status();
  Result<std::unique_ptr<StateClient>> client = StateClient::open(*session, timeout);
  if (!client.ok()) return Status(Code::kUnavailable, client.status().message());
  client_ = std::move(*client);
  found_peers_ = now();
  return Status();
}

Result<StateTable> Watcher::list(const std::string& kind, const std::string& columns, std::vector<std::string> filters,
                                 int limit) {
  const Result<ListRequest> request = make_list_request({kind, std::move(filters), "", columns, limit, true});
  if (!request.ok()) return request.status();
  return look(*client_, *request, to_duration(choice_.timeout));
}

Result<std::string> Watcher::reply_to(const SummaryQuestion&) {
  const Time began = now();
  const Result<StateTable> nodes = list("nodes", kSummaryColumns, {}, static_cast<int>(kMostRows));
  if (!nodes.ok()) return nodes.status();
  ordered_json summary = {{"cluster", client_->peers().cluster}, {"version", PACKAGE_VERSION}};
  summary.update(summarize_nodes(*nodes));
  for (const char* kind : {"groups", "jobs", "requests"}) {
    const Result<StateTable> some = list(kind, "id", {}, 1);
    if (!some.ok()) return some.status();
    summary[kind] = some->total;
  }
  summary["took"] = seconds(now() - began);
  return dump(summary);
}

// Finished and failed ones come with every answer.
Status Watcher::take_sample() {
  const Time began = now();
  TaskSample sample;
  history_warnings_.clear();
  const auto count = [&](const char* filter) -> Result<std::uint64_t> {
    const Result<StateTable> some = list("tasks", "state", {filter}, 1);
    if (!some.ok()) return some.status();
    sample.finished = some->finished;
    sample.failed = some->failed;
    history_warnings_ = some->warnings;
    return some->total;
  };
  for (const auto& [state, number] : {std::pair{"state=running", &sample.running},
                                      {"state=sent", &sample.running},
                                      {"state=queued", &sample.queued},
                                      {"state=arguments", &sample.waiting}}) {
    const Result<std::uint64_t> total = count(state);
    if (!total.ok()) return total.status();
    *number += *total;
  }
  sample.at = now();
  history_.add(began, sample);
  return Status();
}

Result<std::string> Watcher::reply_to(const HistoryQuestion&) {
  if (history_.is_due(now())) ATOLL_RETURN_IF_ERROR(take_sample());
  const Time at = now();
  ordered_json object = {{"samples", ordered_json::array()}};
  for (const TaskSample& sample : history_.samples())
    object["samples"].push_back({{"ago", seconds(at - sample.at)},
                                 {"running", sample.running},
                                 {"queued", sample.queued},
                                 {"waiting", sample.waiting},
                                 {"finished", sample.finished},
                                 {"failed", sample.failed}});
  object["warnings"] = history_warnings_;
  return dump(object);
}

Result<std::string> Watcher::reply_to(const ExplainQuestion& question) {
  ExplainSearch search(*client_, to_duration(choice_.timeout));
  const Result<std::vector<ExplainSearch::Found>> found = search.find(question.id);
  if (!found.ok()) return found.status();
  ATOLL_RETURN_IF_ERROR(check_found(question.id, *found));
  return found_to_json(*found, search.warnings(), -1);
}

Result<std::string> Watcher::reply_to(const ListQuestion& question) {
  Result<StateTable> table = look(*client_, question.request, to_duration(choice_.timeout));
  if (!table.ok()) return table.status();
  table->rows.erase(table->rows.begin(),
                    table->rows.begin() + std::min<std::ptrdiff_t>(question.offset, std::ssize(table->rows)));
  return table_to_json(*table, -1);
}

Result<std::string> Watcher::reply_to(const LogsQuestion& question) {
  LogSearch search(*client_, to_duration(choice_.timeout));
  ATOLL_RETURN_IF_ERROR(search.look_up(question.of));
  const Result<LogSearch::Found> found = search.find(true);
  if (!found.ok()) return found.status();
  ordered_json object = {{"logs", ordered_json::array()}, {"total", found->logs.size()}, {"warnings", found->remarks}};
  for (const StateClient::Log& log : found->logs)
    if (object["logs"].size() < kMostRows) object["logs"].push_back(log_to_json(log));
  return dump(object);
}

// Of one whose process has not ended the line that it is in the middle of is there, too.
Result<std::string> Watcher::reply_to(const LogQuestion& question) {
  const Duration patience = to_duration(choice_.timeout);
  const StateClient::Logs all = client_->list_logs(patience);
  const auto log = std::ranges::find_if(
      all.logs, [&question](const StateClient::Log& each) { return to_string(each.record.process) == question.process; });
  if (log == all.logs.end()) return Status(Code::kNotFound, "no log is kept of process " + question.process);
  LogReader reader([&](std::uint64_t from, std::uint32_t bytes) -> Result<LogReader::Bytes> {
    Result<LogBytes> read = client_->read_log(*log, from, bytes, patience);
    if (!read.ok()) return read.status();
    return LogReader::Bytes{read->from, std::move(read->bytes)};
  });
  ordered_json object = {{"log", log_to_json(*log)}, {"lines", ordered_json::array()}};
  ATOLL_RETURN_IF_ERROR(reader.seek(log->record.begin, log->record.end, question.lines));
  ATOLL_RETURN_IF_ERROR(reader.read_to(log->record.end, true, [&object](const std::string& line) { object["lines"].push_back(line); }));
  return dump(object);
}

}  // namespace Atoll
