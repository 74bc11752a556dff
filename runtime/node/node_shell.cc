#include "runtime/node/node_shell.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/node/node_description.h"
#include "runtime/wire/worker_environment.h"
#include "runtime/wire/ucx_transport.h"
#include "runtime/wire/worker_start.h"

namespace Atoll {
namespace {

constexpr Duration kSpin = std::chrono::microseconds(20);
// How long a worker that was asked to end may take.
constexpr Duration kTermLimit = std::chrono::milliseconds(500);

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
  if (!options_.machine.synthetic)
    if (Result<Binder> binder = Binder::open(); binder.ok()) binder_ = std::move(*binder);
  return loop_.add(transport_->event_fd(), [] {});
}

NodeShell::~NodeShell() {
  self_pointer_.reset();
  end_workers();
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
  if (const Status status = open_arena(described); !status.ok()) {
    log::warn("this node has no object memory: {}", status.message());
    described.object_bytes = 0;
    described.no_arena = status.message();
  }
  daemon_.emplace(std::move(described), now_, out_);
  carry_out();
  bool joined = false;
  Time busy_until = now_;
  while (!end_ && !daemon_->ending() && !(leave_by_ && now_ >= *leave_by_)) {
    now_ = now();
    if (now_ >= daemon_->next_deadline()) {
      daemon_->on_tick(now_, out_);
      carry_out();
    }
    if (messenger_.progress(now_)) busy_until = now_ + kSpin;
    carry_out();  // of what the transport is done with
    if (!joined && daemon_->joined()) {
      joined = true;
      on_joined();
    }
    kill_the_stubborn();
    warm_.on_tick(now_);
    Time wake = std::min({daemon_->next_deadline(), leave_by_.value_or(Time::max()), warm_.next_deadline()});
    for (const auto& [worker, asked] : terminated_) wake = std::min(wake, asked + kTermLimit);
    if (now_ >= busy_until && messenger_.arm()) loop_.wait(now_, wake);
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
    messenger_.deliver(todo);
    for (const std::string& line : todo.log_lines) log::info("{}", line);
    for (const StartWorker& start : todo.starts) start_worker(start);
    for (const KillWorker& kill : todo.kills)
      terminate(kill.worker);
    for (const ProcessId job : todo.ended_jobs) forget_job(job);
    for (const FindProgram& find : todo.finds) find_program(find.job);
    for (const StoreProgram& store : todo.stores) store_program(store);
    for (const SendBytes& read : todo.reads) send_bytes(read);
  }
}

// --------------------------------------------------------------------- workers

void NodeShell::start_worker(const StartWorker& start) {
  Result<WorkerProcess> process = spawn(start);
  if (!process.ok()) {
    daemon_->on_worker_exit(now_, start.worker, "could not be started: " + process.status().message(), out_);
    return;
  }
  const std::string prefix = "(" + options_.node + " " + std::to_string(process->pid()) + ") ";
  processes_.emplace(start.worker, Process{std::move(*process), WorkerOutput(prefix, 1), WorkerOutput(prefix, 2)});
  watch(start.worker);
}

Result<WorkerProcess> NodeShell::spawn(const StartWorker& start) {
  const JobInfo& job = jobs_.at(start.job);
  std::vector<GpuInfo> gpus;
  for (const int place : start.gpus) gpus.push_back(options_.grant.gpus.at(static_cast<std::size_t>(place)));
  WorkerProcess::Start process;
  process.program = start.program;
  process.directory = job.directory;
  process.secret = options_.secret;
  process.environment = worker_environment(options_.environment, job.environment);
  process.binding = bind_worker(options_.machine, options_.grant, gpus, start.cpu, process.environment);
  process.binder = binder_ ? &*binder_ : nullptr;
  for (const auto& [name, value] : process.binding.environment) process.environment[name] = value;
  WorkerStart told;
  told.self = {start.worker, options_.rank, ""};
  told.daemon = self_;
  told.head = head_;
  told.job = start.job;
  told.build_id = job.build_id;
  told.secret_fd = WorkerProcess::kSecretFd;
  told.binding = worker_binding(gpus, process.binding);
  told.binding.group = start.group;
  told.binding.bundle = start.bundle;
  told.binding.bundles = start.bundles;
  return fork_or_execute(start, std::move(process), told);
}

// A worker with GPUs is executed: libraries look for them as soon as they are loaded. So is one that is bound.
Result<WorkerProcess> NodeShell::fork_or_execute(const StartWorker& start, WorkerProcess::Start process,
                                                 const WorkerStart& told) {
  const std::string text = encode_worker_start(told);
  if (start.gpus.empty() && process.binding.cpus.empty() && process.binding.numa.empty())
    if (std::optional<WorkerProcess> forked = warm_.fork(now_, start.job, process, text)) return std::move(*forked);
  process.environment[kWorkerVariable] = text;
  return WorkerProcess::start(process);
}

WorkerBinding NodeShell::worker_binding(const std::vector<GpuInfo>& gpus, const Binding& binding) const {
  WorkerBinding told;
  told.node = options_.node;
  for (const GpuInfo& gpu : gpus) {
    told.gpus.push_back(record_of(gpu));
    for (const std::string& nic : gpu.nics)
      if (std::ranges::find(told.nics, nic) == told.nics.end()) told.nics.push_back(nic);
  }
  told.cpus = binding.cpus;
  if (!binding.numa.empty()) told.numa = binding.numa.front();
  // On a machine that was only described, say what a real one would be bound to.
  if (options_.machine.synthetic && !gpus.empty() && gpus.front().numa)
    if (const NumaNode* numa = find_numa(options_.machine, *gpus.front().numa)) {
      told.numa = numa->index;
      told.cpus = numa->cpus;
    }
  return told;
}

void NodeShell::watch(ProcessId worker) {
  Process& process = processes_.at(worker);
  const auto pump = [this, worker](int fd, WorkerOutput Process::*stream) {
    Process& owner = processes_.at(worker);
    if (!(owner.*stream).pump(fd)) loop_.remove(fd);
  };
  const int out = process.process.out(), err = process.process.err();
  const Status added[] = {loop_.add(out, [pump, out] { pump(out, &Process::out); }),
                          loop_.add(err, [pump, err] { pump(err, &Process::err); }),
                          loop_.add(process.process.pidfd(), [this, worker] { on_exit(worker); })};
  for (const Status& status : added)
    if (!status.ok()) log::error("a worker cannot be watched: {}", status.message());
}

void NodeShell::on_exit(ProcessId worker) {
  const auto entry = processes_.find(worker);
  Process& process = entry->second;
  for (const int fd : {process.process.out(), process.process.err(), process.process.pidfd()}) loop_.remove(fd);
  process.out.drain(process.process.out());
  process.err.drain(process.process.err());
  std::string cause = process.process.reap();
  const bool by_us = terminated_.contains(worker);
  if (!by_us && cause.starts_with("was killed by signal 9") && memory_kills_.take_one()) cause += ", for lack of memory";
  processes_.erase(entry);
  terminated_.erase(worker);
  daemon_->on_worker_exit(now_, worker, cause, out_);
  carry_out();
}

void NodeShell::terminate(ProcessId worker) {
  const auto process = processes_.find(worker);
  if (process == processes_.end()) return;
  process->second.process.terminate();
  terminated_.emplace(worker, now_);
}

void NodeShell::kill_the_stubborn() {
  for (const auto& [worker, asked] : terminated_)
    if (now_ >= asked + kTermLimit) processes_.at(worker).process.kill();
  std::erase_if(terminated_, [this](const auto& entry) { return now_ >= entry.second + kTermLimit; });
}

// At the end of the daemon: asks all to end, and kills those that do not.
void NodeShell::end_workers() {
  warm_.close();
  for (auto& [id, process] : processes_) process.process.terminate();
  const Time limit = now() + kTermLimit;
  for (auto& [id, process] : processes_) {
    pollfd ended{process.process.pidfd(), POLLIN, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(limit - now()).count();
    ::poll(&ended, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
  }
  processes_.clear();
}

// ------------------------------------------------------------- jobs and programs

void NodeShell::forget_job(ProcessId job) {
  warm_.forget(job);
  jobs_.erase(job);
}

void NodeShell::find_program(const JobInfo& job) {
  jobs_[job.job] = job;
  const Result<std::string> program = programs_.find(job);
  daemon_->on_program(now_, job.job, program.ok() ? *program : "", program.status().message(), out_);
}

void NodeShell::store_program(const StoreProgram& store) {
  const Result<std::string> program = programs_.store(store.job, store.chunk);
  if (program.ok() && program->empty()) return;
  daemon_->on_program(now_, store.job.job, program.ok() ? *program : "", program.status().message(), out_);
}

// -------------------------------------------------------------------- messages

void NodeShell::on_message(ProcessId from, Message message) {
  daemon_->on_message(now_, from, std::move(message), out_);
  carry_out();
}

void NodeShell::on_lost(ProcessId peer, const Status& why) {
  daemon_->on_lost(now_, peer, why, out_);
  carry_out();
}

}  // namespace Atoll
