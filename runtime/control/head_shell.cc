#include "runtime/control/head_shell.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "runtime/base/environment.h"
#include "runtime/base/log.h"
#include "runtime/control/summary.h"
#include "runtime/session/session_folder.h"
#include "runtime/wire/card.h"
#include "runtime/wire/ucx_transport.h"

namespace Atoll {
namespace {

constexpr Duration kSpin = std::chrono::microseconds(20);
// While messages keep it busy, it looks at its other descriptors as often as this.
constexpr Duration kLook = std::chrono::milliseconds(1);
// For scontrol: without its answer nodes know what their own environment says.
constexpr Duration kTopologyPatience = std::chrono::milliseconds(500);
constexpr std::size_t kMostEarly = 64 * 1024;  // bytes of log lines

}  // namespace

Result<std::unique_ptr<HeadShell>> HeadShell::create(const Options& options) {
  Result<Loop> loop = Loop::create();
  if (!loop.ok()) return loop.status();
  std::unique_ptr<HeadShell> shell(new HeadShell(options, std::move(*loop)));
  ATOLL_RETURN_IF_ERROR(shell->open(options));
  return shell;
}

Status HeadShell::open(const Options& options) {
  self_.process = random_process_id();
  self_.node = NodeId(0);
  Result<std::unique_ptr<UcxTransport>> transport = UcxTransport::create(self_.process, options.secret, messenger_);
  if (!transport.ok()) return transport.status();
  transport_ = std::move(*transport);
  messenger_.use(*transport_);
  self_.address = transport_->address();
  described_.cluster = options.cluster;
  described_.self = self_;
  described_.host = options.host;
  described_.pid = static_cast<std::uint64_t>(::getpid());
  described_.expected_nodes = options.expected_nodes;
  metrics_wanted_ = {options.metrics, options.folder, "head", options.cluster, options.host, options.secret};
  if (const char* limit = std::getenv("ATOLL_NODE_TIMEOUT"))
    described_.node_silence = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(std::max(1.0, std::atof(limit))));
  return loop_.add(transport_->event_fd(), [] {});
}

Status HeadShell::run(int lifeline) {
  started_ = now_ = now();
  head_ = std::make_unique<Head>(described_, now_);
  log::also_to([this](std::string line) { keep(std::move(line)); });
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  const Fd signals(::signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals.valid()) return errno_status("signalfd", errno);
  bool stopping = false;
  ATOLL_RETURN_IF_ERROR(loop_.add(signals.get(), [&] { stopping = true; }));
  ATOLL_RETURN_IF_ERROR(loop_.add(lifeline, [&] { stopping = true; }));
  Time busy_until = now(), look_at = busy_until;
  while (!stopping) {
    now_ = now();
    if (const Time wanted = head_->next_deadline(); now_ >= wanted) {
      head_->on_tick(now_, out_);
      carry_out();
      open_metrics();
      if (metrics_) metrics_->on_tick(now_, wanted);
    }
    if (messenger_.progress(now_)) busy_until = now_ + kSpin;
    if (!logs_ && log_options_ && head_->ready()) ATOLL_RETURN_IF_ERROR(open_logs());
    answer_readers();
    const bool idle = now_ >= busy_until && messenger_.arm();
    if (!idle && now_ < look_at) continue;
    loop_.wait(now_, idle ? head_->next_deadline() : now_);
    look_at = now_ + kLook;
  }
  head_->stop("the cluster was told to stop", out_);
  carry_out();
  return Status();
}

// What was said before there was a folder for the files comes first.
Status HeadShell::open_logs() {
  const std::lock_guard lock(log_mutex_);
  logs_.emplace(*log_options_);
  logs_->begin({self_.process, described_.pid, LogKind::kHead, "head", {}});
  logs_->write(self_.process, std::exchange(early_lines_, {}));
  return loop_.add(logs_->event_fd(), [this] {
    for (auto& [to, answer] : logs_->take_answers()) messenger_.send(to, std::move(answer));
  });
}

void HeadShell::keep(std::string line) {
  const std::lock_guard lock(log_mutex_);
  if (logs_)
    logs_->write(self_.process, std::move(line));
  else if (early_lines_.size() < kMostEarly)
    early_lines_ += line;
}

HeadShell::~HeadShell() { log::also_to(nullptr); }

// The session folder is there once the daemon of this host has joined.
void HeadShell::open_metrics() {
  if (metrics_opened_ || metrics_wanted_.where.empty()) return;
  const NodeTable::Node* beside = head_->nodes().get(self_.node);
  if (beside == nullptr || beside->state != NodeState::kAlive) return;
  metrics_opened_ = true;
  Result<std::unique_ptr<MetricsPublisher>> metrics = MetricsPublisher::open(loop_, metrics_wanted_, [this] {
    head_->count_tasks(now_, out_);
    carry_out();
  });
  if (!metrics.ok()) return log::warn("the head has no metrics: {}", metrics.status().message());
  metrics_ = std::move(*metrics);
  messenger_.count_in(metrics_->traffic());
  log::info("metrics of the head: {}", metrics_->words());
}

void HeadShell::answer_readers() {
  if (!metrics_ || !metrics_->is_asked() || !head_->is_counted(now_)) return;
  MetricsPage page;
  head_->add_metrics(page);
  metrics_->reply(std::move(page), now_);
}

void HeadShell::carry_out() {
  messenger_.deliver(out_);
  for (const std::string& line : std::exchange(head_->log_lines(), {})) log::info("{}", line);
}

void HeadShell::on_message(ProcessId from, Message message) {
  if (logs_ && logs_->ask(from, message)) return;
  if (const auto* list = std::get_if<GetLogs>(&message)) return messenger_.send(from, LogList{list->request, {}, kNoLogFiles});
  head_->on_message(now_, from, std::move(message), out_);
  carry_out();
}

void HeadShell::on_lost(ProcessId peer, const Status& why) {
  head_->on_lost(now_, peer, why, out_);
  carry_out();
}

int run_head_process(const std::string& cluster, const std::string& host, std::uint32_t expected_nodes, int channel,
                     LineWriter& err) {
  const Fd socket(channel);
  HeadShell::Options options;
  options.cluster = cluster;
  options.host = host;
  options.expected_nodes = expected_nodes;
  const Environment environment = current_environment();
  options.logs = log_options(environment, host, sessions_path(environment) + "/" + session_job(environment) + "-" + cluster);
  options.metrics = lookup(environment, "ATOLL_METRICS");
  options.folder = sessions_path(environment) + "/" + session_job(environment) + "-" + cluster;
  char hex[64];
  if (::recv(channel, hex, sizeof hex, MSG_WAITALL) != sizeof hex) {
    log::error("the node daemon did not hand over the cluster's secret");
    return 1;
  }
  Result<Secret> secret = Secret::from_hex({hex, sizeof hex});
  if (!secret.ok()) return 1;
  options.secret = *secret;
  Result<std::unique_ptr<HeadShell>> shell = HeadShell::create(options);
  if (!shell.ok()) {
    log::error("the head cannot start: {}", shell.status().message());
    return 1;
  }
  Card card;
  card.host = host;
  card.daemon = (*shell)->self();
  const std::string bytes = encode_card(card);
  if (::send(channel, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) return 1;
  // Daemons are still wiring up; their first words wait meanwhile.
  if (std::getenv("SLURM_JOB_ID") != nullptr) (*shell)->use_topology(ask_slurm_topology(kTopologyPatience));
  const Status status = (*shell)->run(channel);
  if (!status.ok()) log::error("the head ended: {}", status.message());
  const long summary_from = lookup_number(environment, "ATOLL_SUMMARY");
  if (summary_from >= 0 && seconds((*shell)->life()) >= static_cast<double>(summary_from))
    err.write(summary_of((*shell)->totals(), (*shell)->life()));
  return status.ok() ? 0 : 1;
}

}  // namespace Atoll
