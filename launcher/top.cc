// atoll top: what a cluster is busy with, live.

#include <unistd.h>

#include <condition_variable>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "launcher/commands.h"
#include "launcher/find_cluster.h"
#include "launcher/into_job.h"
#include "launcher/look.h"
#include "launcher/say.h"
#include "launcher/subcommand.h"
#include "launcher/terminal.h"
#include "launcher/top_screen.h"

namespace Atoll {
namespace {

struct TopCommand {
  ClusterChoice choice;
  double interval = 2;  // seconds
  std::string sort = "cpu";
  std::string filter;
  bool once = false;
  bool json = false;
};

// Between the two looks of --once: what a process used lately takes two.
constexpr Duration kShortest = std::chrono::milliseconds(500);
// How long a signal, or news, may go unnoticed.
constexpr Duration kGlance = std::chrono::milliseconds(100);

int fail(const Status& status) {
  say_error(status.message());
  return status.code() == Code::kInvalidArgument ? kExitUsage : kExitFailure;
}

// Asks a cluster again and again.
class TopSource {
 public:
  TopSource(StateClient& client, Duration timeout) : client_(client), timeout_(timeout) {}

  Result<TopData> look_again() {
    if (before_)
      if (const Status found = client_.find_peers(timeout_); !found.ok()) return found;
    TopLook now_seen;
    StateTable* const tables[] = {&now_seen.nodes, &now_seen.workers, &now_seen.actors, &now_seen.requests};
    std::size_t place = 0;
    for (const ListOptions& options : top_questions()) {
      Result<ListRequest> request = make_list_request(options);
      if (!request.ok()) return request.status();
      Result<StateTable> table = look(client_, std::move(*request), timeout_);
      if (!table.ok()) return table.status();
      *tables[place++] = std::move(*table);
    }
    now_seen.taken = seconds(now().time_since_epoch());
    TopData data = make_top(client_.peers().cluster, now_seen, before_ ? &*before_ : nullptr);
    before_ = std::move(now_seen);
    return data;
  }

 private:
  StateClient& client_;
  Duration timeout_;
  std::optional<TopLook> before_;
};

// Looks on a thread of its own, so that keys are heard while somebody does not answer.
class TopWatcher {
 public:
  TopWatcher(StateClient& client, Duration timeout, Duration interval)
      : source_(client, timeout), interval_(interval), thread_([this] { run(); }) {}
  ~TopWatcher() {
    std::unique_lock lock(mutex_);
    over_ = true;
    wake_.notify_all();
    lock.unlock();
    thread_.join();
  }
  TopWatcher(const TopWatcher&) = delete;
  TopWatcher& operator=(const TopWatcher&) = delete;

  // The latest, if it is news.
  std::optional<Result<TopData>> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(news_, std::nullopt);
  }

 private:
  void run() {
    for (Duration pause = std::min(kShortest, interval_);; pause = interval_) {
      Result<TopData> data = source_.look_again();
      std::unique_lock lock(mutex_);
      news_.emplace(std::move(data));
      if (wake_.wait_for(lock, pause, [this] { return over_; })) return;
    }
  }

  TopSource source_;
  Duration interval_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool over_ = false;
  std::optional<Result<TopData>> news_;
  std::thread thread_;  // last: it uses the others
};

Status show_live(StateClient& client, const TopCommand& command, TopView view) {
  ATOLL_RETURN_IF_ERROR(TopScreen::open());
  const struct AtEnd {
    ~AtEnd() { TopScreen::close(); }
  } at_end;
  std::optional<TopWatcher> watcher(std::in_place, client, to_duration(command.choice.timeout), to_duration(command.interval));
  TopData data;
  data.cluster = client.peers().cluster;
  while (true) {
    TopScreen::draw(draw_top(data, view, TopScreen::width(), TopScreen::height()));
    bool changed = false;
    while (!changed) {
      const TopScreen::Key key = TopScreen::wait_key(kGlance);
      if (key.kind == TopScreen::Key::Kind::kEnd) return Status();
      if (key.kind == TopScreen::Key::Kind::kKey && take_key(view, key.key, key.letter)) {
        TopScreen::close();  // at once, whatever is still awaited
        return Status();
      }
      changed = key.kind != TopScreen::Key::Kind::kNone;
      if (std::optional<Result<TopData>> news = watcher->take()) {
        if (!news->ok()) return news->status();
        data = std::move(**news);
        changed = true;
      }
    }
  }
}

Status show_once(StateClient& client, const TopCommand& command, TopView view) {
  TopSource source(client, to_duration(command.choice.timeout));
  if (const Result<TopData> first = source.look_again(); !first.ok()) return first.status();
  std::this_thread::sleep_for(kShortest);
  const Result<TopData> data = source.look_again();
  if (!data.ok()) return data.status();
  if (command.json) {
    std::cout << top_to_json(*data);
  } else {
    for (const TopLine& line : draw_top(*data, view, static_cast<std::size_t>(table_width()), 0)) std::cout << line.text << "\n";
  }
  std::cout << std::flush;
  return std::cout ? Status() : Status(Code::kUnavailable, "writing to stdout failed");
}

int execute(const TopCommand& command, const CommandLine& line) {
  TopView view;
  const Result<TopSort> sort = parse_top_sort(command.sort);
  if (!sort.ok()) return fail(sort.status());
  view.sort = *sort;
  view.filter = command.filter;
  if (command.interval < 0.1 || command.interval > 3600)
    return fail(Status(Code::kInvalidArgument, "--interval is from 0.1 to 3600 seconds"));
  const bool live = !command.once && !command.json;
  if (live && (terminal_columns() == 0 || ::isatty(STDIN_FILENO) == 0))
    return fail(Status(Code::kInvalidArgument, "atoll top draws on a terminal, and this is none; say --once or --json"));
  if (is_elsewhere(command.choice.job, current_environment())) return run_into_job(command.choice.job, line, live);
  Result<Session> session = find_cluster(command.choice);
  if (!session.ok()) return fail(session.status());
  Result<std::unique_ptr<StateClient>> client = StateClient::open(*session, to_duration(command.choice.timeout));
  if (!client.ok()) return fail(client.status());
  const Status shown = live ? show_live(**client, command, view) : show_once(**client, command, view);
  return shown.ok() ? kExitOk : fail(shown);
}

}  // namespace

void add_top(CLI::App& app, CommandLine& line) {
  auto command = std::make_shared<TopCommand>();
  Subcommand top(app, "top", "Show live what a cluster is busy with: nodes, actors and workers");
  top.add("--interval", command->interval, "seconds between two looks (default 2)").above_zero();
  top.add("--sort", command->sort, "order of the processes: cpu (default), memory, work or node");
  top.add("--filter", command->filter, "only nodes and processes that have this word");
  top.add("--once", command->once, "print one frame and end");
  top.add("--json", command->json, "print what one frame shows as JSON; see atoll-top(1)");
  command->choice.add_to(top);
  top.run([command, &line] { line.exit_code = execute(*command, line); });
}

}  // namespace Atoll
