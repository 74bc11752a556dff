#include "runtime/node/node_shell.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/base/nodelist.h"
#include "runtime/base/read_file.h"
#include "runtime/node/node_description.h"
#include "runtime/objects/spill_folders.h"
#include "runtime/session/process_identity.h"
#include "runtime/timeline/clock_identity.h"
#include "runtime/wire/ucx_transport.h"

namespace Atoll {
namespace {

constexpr Duration kSpin = std::chrono::microseconds(20);
// While messages keep it busy, it looks at its other descriptors as often as this.
constexpr Duration kLook = std::chrono::milliseconds(1);

// What it has for itself: resident pages but for those of files, such as the arena's.
std::optional<std::uint64_t> memory_of(std::uint64_t pid) {
  const std::optional<std::string> text = read_file("/proc/" + std::to_string(pid) + "/statm");
  unsigned long long size = 0, resident = 0, shared = 0;
  if (!text || std::sscanf(text->c_str(), "%llu %llu %llu", &size, &resident, &shared) != 3 || shared > resident) return std::nullopt;
  return (resident - shared) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::optional<double> cpu_of(std::uint64_t pid) {
  const std::optional<std::string> text = read_file("/proc/" + std::to_string(pid) + "/stat");
  if (!text) return std::nullopt;
  return static_cast<double>(parse_stat(*text).cpu_ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

Result<std::unique_ptr<NodeShell>> NodeShell::create(Options options) {
  Result<Loop> loop = Loop::create();
  if (!loop.ok()) return loop.status();
  std::unique_ptr<NodeShell> shell(new NodeShell(std::move(options), std::move(*loop)));
  ATOLL_RETURN_IF_ERROR(shell->open());
  return shell;
}

Status NodeShell::open() {
  self_.process = random_process_id();
  self_.node = options_.rank;
  Result<std::unique_ptr<UcxTransport>> transport = UcxTransport::create(self_.process, options_.secret, messenger_);
  if (!transport.ok()) return transport.status();
  transport_ = std::move(*transport);
  messenger_.use(*transport_);
  self_.address = transport_->address();
  return loop_.add(transport_->event_fd(), [] {});
}

NodeShell::~NodeShell() {
  self_pointer_.reset();
  host_.reset();
  spill_.reset();
}

NodeInfo NodeShell::node_info() const {
  NodeInfo info;
  info.name = options_.node;
  info.pid = static_cast<std::uint64_t>(::getpid());
  info.total.cpu = Fixed::whole(options_.grant.cpus);
  info.total.memory = options_.grant.memory;
  const auto custom = parse_custom_resources(lookup(options_.environment, "ATOLL_RESOURCES"));
  if (custom.ok())
    info.total.custom = *custom;
  else
    info.warnings.push_back("ATOLL_RESOURCES: " + custom.status().message());
  info.total.gpu = Fixed::whole(static_cast<std::int64_t>(options_.grant.gpus.size()));
  for (const GpuInfo& gpu : options_.grant.gpus) {
    info.gpus.push_back(record_of(gpu));
    info.gpu_capacity.push_back(Fixed::whole(1));
  }
  describe_wires(options_.machine, options_.grant, info);
  info.switches = slurm_switches(options_.environment);
  label(options_.environment, info);
  info.warnings.insert(info.warnings.end(), options_.machine.warnings.begin(), options_.machine.warnings.end());
  info.warnings.insert(info.warnings.end(), options_.grant.warnings.begin(), options_.grant.warnings.end());
  return info;
}

void NodeShell::end(const Status& why) {
  if (!end_) end_ = why;
}

void NodeShell::leave() {
  if (!leave_by_) leave_by_ = now() + kLeaveLimit;
}

Status NodeShell::run(const Contact& head, const std::function<void()>& on_joined) {
  head_ = head;
  now_ = now();
  NodeDaemon::Options described{self_, head, node_info()};
  if (options_.worker_idle_limit) described.worker_idle_limit = *options_.worker_idle_limit;
  described.memory_of = memory_of;
  described.cpu_of = cpu_of;
  described.memory_peak = [this] { return host_->memory_peak(); };
  described.timeline_rate = options_.timeline_rate;
  described.clock = clock_identity();
  if (const Status status = open_arena(described); !status.ok()) {
    log::warn("this node has no object memory: {}", status.message());
    described.object_bytes = 0;
    described.no_arena = status.message();
  }
  ATOLL_RETURN_IF_ERROR(open_logs());
  ATOLL_RETURN_IF_ERROR(open_host());
  ATOLL_RETURN_IF_ERROR(open_spill(described));
  daemon_.emplace(std::move(described), now_, out_);
  open_metrics();
  carry_out();
  bool joined = false;
  Time busy_until = now_, look_at = now_;
  while (!end_ && !daemon_->ending() && !(leave_by_ && now_ >= *leave_by_)) {
    now_ = now();
    if (const Time wanted = daemon_->next_deadline(); now_ >= wanted) {
      daemon_->on_tick(now_, out_);
      carry_out();
      if (metrics_) metrics_->on_tick(now_, wanted);
    }
    if (messenger_.progress(now_)) busy_until = now_ + kSpin;
    answer_readers();
    carry_out();  // of what the transport is done with
    if (!joined && daemon_->joined()) {
      joined = true;
      on_joined();
    }
    const bool idle = now_ >= busy_until && messenger_.arm();
    if (!idle && now_ < look_at) continue;
    loop_.wait(now_, idle ? std::min(daemon_->next_deadline(), leave_by_.value_or(Time::max())) : now_);
    look_at = now_ + kLook;
  }
  if (leave_by_) return Status();
  if (end_) return *end_;
  return daemon_->ending()->failed ? Status(Code::kUnavailable, daemon_->ending()->why) : Status();
}

Status NodeShell::open_arena(NodeDaemon::Options& daemon) {
  if (options_.object_bytes == 0) return Status(Code::kUnavailable, "--object-memory is 0");
  Result<Arena> arena = Arena::create(options_.object_bytes);
  if (!arena.ok()) return arena.status();
  arena_.emplace(std::move(*arena));
  door_.emplace(loop_, options_.secret, self_.process, arena_->fd());
  ATOLL_RETURN_IF_ERROR(door_->open(options_.folder + "/objects-" + print_values(options_.rank)));
  daemon.object_bytes = options_.object_bytes;
  daemon.arena_socket = door_->path();
  return Status();
}

Status NodeShell::open_spill(NodeDaemon::Options& daemon) {
  if (!arena_) return Status();
  const SpillFolders chosen = choose_spill_folders(options_.spill_folder, options_.folder);
  for (const std::string& warning : chosen.warnings) log::warn("{}", warning);
  daemon.spill.why_off = chosen.why_none;
  if (chosen.folders.empty()) return Status();
  daemon.spill.on = true;
  if (options_.spill_limit) daemon.spill.limit = *options_.spill_limit;
  daemon.spill.folders = join_names(chosen.folders);
  daemon.spill.writers = chosen.folders.size();
  spill_ = std::make_unique<SpillThreads>(SpillThreads::Options{chosen.folders}, *arena_);
  return loop_.add(spill_->event_fd(), [this] {
    for (const SpillEvent& event : spill_->take_events()) daemon_->on_spill(now_, event, out_);
    carry_out();
  });
}

// --------------------------------------------------------------------- metrics

void NodeShell::open_metrics() {
  if (options_.metrics.empty()) return;
  MetricsPublisher::Options wanted{options_.metrics, options_.folder,    print_values(options_.rank),
                                   options_.cluster, options_.node, options_.secret};
  Result<std::unique_ptr<MetricsPublisher>> metrics = MetricsPublisher::open(loop_, std::move(wanted), [this] {
    daemon_->count_tasks(now_, out_);
    carry_out();
  });
  if (!metrics.ok()) return log::warn("this node has no metrics: {}", metrics.status().message());
  metrics_ = std::move(*metrics);
  memory_.emplace(NodeMemory::of_this_process());
  messenger_.count_in(metrics_->traffic());
  log::info("metrics of this node: {}", metrics_->words());
}

void NodeShell::answer_readers() {
  if (!metrics_ || !metrics_->is_asked() || !daemon_->is_counted(now_)) return;
  MetricsPage page;
  daemon_->add_metrics(page);
  if (const std::optional<MemoryReading> reading = memory_->read()) {
    page.add(Metric::kNodeMemoryUsed, reading->used);
    page.add(Metric::kNodeMemoryLimit, reading->limit);
  }
  metrics_->reply(std::move(page), now_);
}

// ---------------------------------------------------------------------- objects

void NodeShell::send_bytes(const SendBytes& read) {
  messenger_.send(read.to, CopyBytes{read.request, read.from, read.bytes},
                  {std::string_view(arena_->read_at(read.offset), read.bytes), until_untouched(read.copy)});
}

Place NodeShell::place_for(ProcessId from, const Message& message, std::size_t bytes) {
  const auto* part = std::get_if<CopyBytes>(&message);
  if (part == nullptr || part->bytes != bytes) return {};
  const std::optional<PullTable::Target> target = daemon_->place_for(from, *part);
  if (!target) return {};
  return {arena_->at(target->offset), until_untouched(target->copy)};
}

// Tells the daemon when it is destroyed, which is when the transport lets go of it. What the daemon then wants is carried
// out by the next round.
std::shared_ptr<void> NodeShell::until_untouched(std::uint64_t copy) {
  return {nullptr, [copy, owner = std::weak_ptr(self_pointer_)](void*) {
            if (const auto shell = owner.lock()) (*shell)->daemon_->on_untouched((*shell)->now_, copy, (*shell)->out_);
          }};
}

void NodeShell::carry_out() {
  // Carrying out one thing may make the machine want another.
  while (!out_.empty()) {
    NodeOutbox todo = std::exchange(out_, NodeOutbox());
    for (NameWorker& named : todo.names) host_->order(std::move(named));  // before its tenant hears of it
    messenger_.deliver(todo);
    for (const std::string& line : todo.log_lines) log::info("{}", line);
    for (StartWorker& start : todo.starts) host_->order(std::move(start));
    for (const KillWorker& kill : todo.kills) host_->order(kill);
    for (const ProcessId job : todo.ended_jobs) host_->order(WorkerHost::ForgetJob{job});
    for (FindProgram& find : todo.finds) host_->order(std::move(find));
    for (StoreProgram& store : todo.stores) host_->order(std::move(store));
    for (const SendBytes& read : todo.reads) send_bytes(read);
    for (SpillOrder& order : todo.spills) spill_->order(std::move(order));
  }
}

// --------------------------------------------------------------------- workers

Status NodeShell::open_host() {
  WorkerHost::Options host;
  host.node = options_.node;
  host.rank = options_.rank;
  host.secret = options_.secret;
  host.daemon = self_;
  host.head = head_;
  host.machine = options_.machine;
  host.grant = options_.grant;
  host.folder = options_.folder;
  host.environment = options_.environment;
  host.memory_watch = options_.memory_watch;
  host.out = options_.out;
  host.err = options_.err;
  host.logs = logs_;
  Result<std::unique_ptr<WorkerHost>> opened = WorkerHost::create(std::move(host));
  if (!opened.ok()) return opened.status();
  host_ = std::move(*opened);
  return loop_.add(host_->event_fd(), [this] { take_events(); });
}

Status NodeShell::open_logs() {
  if (logs_ == nullptr) return Status();
  logs_->begin({self_.process, static_cast<std::uint64_t>(::getpid()), LogKind::kDaemon, "atolld", {}});
  log::also_to([logs = logs_, self = self_.process](std::string line) { logs->write(self, std::move(line)); });  // beyond our end
  return loop_.add(logs_->event_fd(), [this] {
    for (auto& [to, answer] : logs_->take_answers()) messenger_.send(to, std::move(answer));
  });
}

void NodeShell::take_events() {
  for (const WorkerHost::Event& event : host_->take_events()) {
    if (const auto* ended = std::get_if<WorkerHost::WorkerEnded>(&event))
      daemon_->on_worker_exit(now_, ended->worker, ended->cause, out_);
    if (const auto* shortage = std::get_if<MemoryShortage>(&event)) daemon_->on_memory_shortage(now_, *shortage, out_);
    if (const auto* found = std::get_if<WorkerHost::ProgramFound>(&event))
      daemon_->on_program(now_, found->job, found->path, found->why, out_);
  }
  carry_out();
}

// -------------------------------------------------------------------- messages

void NodeShell::on_message(ProcessId from, Message message) {
  if (logs_ != nullptr && logs_->ask(from, message)) return;
  if (const auto* list = std::get_if<GetLogs>(&message)) return messenger_.send(from, LogList{list->request, {}, kNoLogFiles});
  daemon_->on_message(now_, from, std::move(message), out_);
  carry_out();
}

void NodeShell::on_lost(ProcessId peer, const Status& why) {
  daemon_->on_lost(now_, peer, why, out_);
  carry_out();
}

}  // namespace Atoll
