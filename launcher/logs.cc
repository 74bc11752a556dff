// atoll logs: what the processes of a cluster printed.

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "launcher/commands.h"
#include "launcher/find_cluster.h"
#include "launcher/into_job.h"
#include "launcher/log_reader.h"
#include "launcher/log_search.h"
#include "launcher/log_view.h"
#include "launcher/say.h"
#include "launcher/status_text.h"
#include "launcher/subcommand.h"
#include "runtime/node/worker_output.h"

namespace Atoll {
namespace {

constexpr Duration kPatience = std::chrono::seconds(5);
constexpr Duration kFollowInterval = std::chrono::milliseconds(200);
constexpr int kFollowRest = 5;  // times as long as the asking takes, so that thousands of logs are no burden

struct LogsCommand {
  ClusterChoice choice;
  std::vector<std::string> words;
  std::string lines = "100";
  bool follows = false;
  bool json = false;
  bool no_prefix = false;
  bool list = false;
};

int fail(const Status& status) {
  say_error(status.message());
  return status.code() == Code::kInvalidArgument ? kExitUsage : kExitFailure;
}

// Reads the logs of one cluster and prints them.
class LogsReader {
 public:
  LogsReader(const LogsCommand& command, std::uint64_t lines, std::unique_ptr<StateClient> client)
      : command_(command),
        lines_(lines),
        client_(std::move(client)),
        search_(*client_, kPatience),
        colours_(wants_colour(STDOUT_FILENO, current_environment())) {}

  Status print_all();
  // Until nothing can come any more, or nobody reads us.
  Status follow();
  Status print_list();

 private:
  using Log = StateClient::Log;
  struct Followed {
    LogReader reader;
    bool is_done = false;
  };

  Result<std::vector<Log>> chosen();
  Status print(const Log& log, Followed& followed);
  void print_line(const Log& log, const std::string& line) const;
  LogReader reader_of(const Log& log);
  Followed& followed(const Log& log, bool is_new_process);
  Result<bool> may_go_on(const std::vector<Log>& logs);
  void remark(const std::string& words);

  const LogsCommand& command_;
  std::uint64_t lines_;
  std::unique_ptr<StateClient> client_;
  LogSearch search_;
  bool colours_;
  std::map<ProcessId, Followed> followed_;
  std::set<std::string> said_;
};

void LogsReader::remark(const std::string& words) {
  if (said_.insert(words).second) say_warning(words);
}

Result<std::vector<StateClient::Log>> LogsReader::chosen() {
  Result<LogSearch::Found> found = search_.find(command_.follows);
  if (!found.ok()) return found.status();
  for (const std::string& words : found->remarks) remark(words);
  return std::move(found->logs);
}

LogReader LogsReader::reader_of(const Log& log) {
  return LogReader([this, log](std::uint64_t from, std::uint32_t bytes) -> Result<LogReader::Bytes> {
    Result<LogBytes> read = client_->read_log(log, from, bytes, kPatience);
    if (!read.ok()) return read.status();
    return LogReader::Bytes{read->from, std::move(read->bytes)};
  });
}

LogsReader::Followed& LogsReader::followed(const Log& log, bool is_new_process) {
  const auto known = followed_.find(log.record.process);
  if (known != followed_.end()) return known->second;
  Followed& made = followed_.emplace(log.record.process, Followed{reader_of(log)}).first->second;
  const Status found = made.reader.seek(log.record.begin, is_new_process ? log.record.begin : log.record.end, lines_);
  if (!found.ok()) remark(found.message());
  return made;
}

Status LogsReader::print(const Log& log, Followed& followed) {
  const Status read = followed.reader.read_to(log.record.end, log.record.ended || !command_.follows,
                                              [this, &log](const std::string& line) { print_line(log, line); });
  followed.is_done = log.record.ended;
  if (!read.ok()) remark(read.message());
  return std::cout ? Status() : Status(Code::kUnavailable, "");
}

void LogsReader::print_line(const Log& log, const std::string& line) const {
  if (command_.json) {
    const nlohmann::ordered_json object = {
        {"node", log.node}, {"pid", log.record.pid}, {"name", log.record.name}, {"line", line}};
    std::cout << object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
    return;
  }
  if (!command_.no_prefix && log.record.kind == LogKind::kWorker) {  // the others say who they are
    const std::string prefix = prefix_of(log.node, static_cast<pid_t>(log.record.pid), log.record.name);
    std::cout << (colours_ ? colour(prefix_in(prefix)) : prefix);
  }
  std::cout << line << "\n";
}

Status LogsReader::print_all() {
  ATOLL_RETURN_IF_ERROR(search_.look_up(command_.words));
  Result<std::vector<Log>> logs = chosen();
  if (!logs.ok()) return logs.status();
  for (const Log& log : *logs)
    if (Status printed = print(log, followed(log, false)); !printed.ok()) return printed;
  std::cout << std::flush;
  return Status();
}

// Whether more may come of what was asked for.
Result<bool> LogsReader::may_go_on(const std::vector<Log>& logs) {
  if (command_.words.empty() || !std::ranges::all_of(logs, [](const Log& log) { return log.record.ended; })) return true;
  std::set<std::string> actors;
  for (const LogWord& word : search_.words()) {
    actors.insert(word.actors.begin(), word.actors.end());
    if (word.actors.empty() && !ends_with_its_logs(word, logs)) return true;
  }
  if (actors.empty()) return false;
  Result<std::set<std::string>> living = search_.values(StateKind::kActors, "state!=dead", "id");
  if (!living.ok()) return living.status();
  return std::ranges::any_of(actors, [&living](const std::string& id) { return living->contains(id); });
}

Status LogsReader::follow() {
  ATOLL_RETURN_IF_ERROR(search_.look_up(command_.words));
  for (bool is_first = true;; is_first = false) {
    const Time began = now();
    Result<std::vector<Log>> logs = chosen();
    if (!logs.ok()) return logs.status();
    if (is_first && logs->empty() && !command_.words.empty())
      say_warning("nothing is printed yet by what you named; waiting for it");
    for (const Log& log : *logs) {
      Followed& each = followed(log, !is_first);
      if (each.is_done) continue;
      if (Status printed = print(log, each); !printed.ok()) return printed;
    }
    std::cout << std::flush;
    if (!std::cout) return Status(Code::kUnavailable, "");
    if (!logs->empty()) {
      Result<bool> more = may_go_on(*logs);
      if (!more.ok()) return more.status();
      if (!*more) return Status();
    }
    std::this_thread::sleep_for(std::max<Duration>(kFollowInterval, kFollowRest * (now() - began)));
    if (Status found = client_->find_peers(kPatience); !found.ok()) return Status();  // the cluster has ended
    if (logs->empty() && !command_.words.empty()) ATOLL_RETURN_IF_ERROR(search_.look_up(command_.words));
  }
}

Status LogsReader::print_list() {
  ATOLL_RETURN_IF_ERROR(search_.look_up(command_.words));
  Result<std::vector<Log>> logs = chosen();
  if (!logs.ok()) return logs.status();
  std::vector<std::vector<std::string>> rows = {{"node", "pid", "id", "name", "bytes", "kept", "state"}};
  nlohmann::ordered_json objects = nlohmann::ordered_json::array();
  for (const Log& log : *logs) {
    const LogRecord& record = log.record;
    objects.push_back(log_to_json(log));
    rows.push_back({log.node, std::to_string(record.pid), to_string(record.process),
                    record.name.empty() ? "-" : record.name, std::to_string(record.end),
                    std::to_string(record.end - record.begin), record.ended ? "ended" : "alive"});
  }
  std::cout << (command_.json ? objects.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n"
                              : format_table(rows))
            << std::flush;
  return Status();
}

Result<std::uint64_t> parse_lines(const std::string& text) {
  if (text == "all") return std::numeric_limits<std::uint64_t>::max();
  if (!text.empty() && text.size() < 18 && text.find_first_not_of("0123456789") == std::string::npos)
    return std::stoull(text);
  return Status(Code::kInvalidArgument, "-n " + text + " is not a number of lines, or all");
}

int execute(const LogsCommand& command, const CommandLine& line) {
  const Result<std::uint64_t> lines = parse_lines(command.lines);
  if (!lines.ok()) return fail(lines.status());
  if (is_elsewhere(command.choice.job, current_environment())) return run_into_job(command.choice.job, line);
  Result<Session> session = find_cluster(command.choice);
  if (!session.ok()) return fail(session.status());
  Result<std::unique_ptr<StateClient>> client = StateClient::open(*session, to_duration(command.choice.timeout));
  if (!client.ok()) return fail(client.status());
  LogsReader reader(command, *lines, std::move(*client));
  const Status done = command.list ? reader.print_list() : command.follows ? reader.follow() : reader.print_all();
  if (done.ok()) return kExitOk;
  return done.message().empty() ? kExitFailure : fail(done);  // empty: nobody reads
}

}  // namespace

void add_logs(CLI::App& app, CommandLine& line) {
  auto command = std::make_shared<LogsCommand>();
  Subcommand logs(app, "logs", "Print what workers, daemons and the head printed");
  logs.add("what", command->words,
           "whose: an actor's name, class or id, a function, a task, a node, a process (4711, n2:4711), a worker's id, "
           "head or atolld "
           "(default: all)");
  logs.add("-f,--follow", command->follows,
           "go on with what is printed from now on, until all that is meant has ended");
  logs.add("-n,--lines", command->lines, "how many of the last lines of each process, or all (default 100)");
  logs.add("--list", command->list, "print which logs there are");
  logs.add("--no-prefix", command->no_prefix, "print lines without who said them");
  logs.add("--json", command->json, "print a JSON object for each line; see atoll-logs(1)");
  command->choice.add_to(logs);
  logs.run([command, &line] { line.exit_code = execute(*command, line); });
}

}  // namespace Atoll
