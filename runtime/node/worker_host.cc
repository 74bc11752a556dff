#include "runtime/node/worker_host.h"

#include <poll.h>
#include <pthread.h>

#include <algorithm>

#include "runtime/base/log.h"
#include "runtime/base/words.h"
#include "runtime/node/node_description.h"
#include "runtime/wire/worker_environment.h"

namespace Atoll {
namespace {

std::string name_of(const WorkerHost::Order& order) {
  if (std::holds_alternative<StartWorker>(order)) return "starting a worker";
  if (std::holds_alternative<KillWorker>(order)) return "ending a worker";
  if (std::holds_alternative<FindProgram>(order)) return "looking for a program";
  if (std::holds_alternative<StoreProgram>(order)) return "storing a program";
  if (std::holds_alternative<NameWorker>(order)) return "naming a worker";
  return "forgetting a job";
}

}  // namespace

Result<std::unique_ptr<WorkerHost>> WorkerHost::create(Options options) {
  Result<Loop> loop = Loop::create();
  if (!loop.ok()) return loop.status();
  std::unique_ptr<WorkerHost> host(new WorkerHost(std::move(options), std::move(*loop)));
  ATOLL_RETURN_IF_ERROR(host->loop_.add(host->orders_.fd(), [raw = host.get()] { raw->take_orders(); }));
  ATOLL_RETURN_IF_ERROR(host->out_.open());
  ATOLL_RETURN_IF_ERROR(host->err_.open());
  if (LogFiles* logs = host->options_.logs)
    ATOLL_RETURN_IF_ERROR(host->loop_.add(logs->room_fd(), [raw = host.get(), logs] {
      logs->take_room();
      raw->out_.resume();
      raw->err_.resume();
    }));
  host->thread_ = std::thread([raw = host.get()] { raw->run(); });
  return host;
}

WorkerHost::WorkerHost(Options options, Loop loop)
    : options_(std::move(options)),
      loop_(std::move(loop)),
      out_(loop_, *options_.out, options_.logs),
      err_(loop_, *options_.err, options_.logs),
      warm_(loop_, out_, err_, options_.logs, options_.node, lookup(options_.environment, kWarmForkVariable) != "0"),
      programs_(options_.folder) {
  if (options_.machine.synthetic) return;
  if (Result<Binder> binder = Binder::open(); binder.ok()) binder_ = std::move(*binder);
}

WorkerHost::~WorkerHost() {
  orders_.post({Close(), now()});
  if (thread_.joinable()) thread_.join();
}

// The kernel ends a worker with the thread that started it (PR_SET_PDEATHSIG), so this one ends after them.
void WorkerHost::run() {
  ::pthread_setname_np(::pthread_self(), "workers");
  while (!closed_) {
    now_ = now();
    kill_the_stubborn();
    watch_memory();
    warm_.on_tick(now_);
    Time wake = warm_.next_deadline();
    for (const auto& [worker, asked] : terminated_) wake = std::min(wake, asked + kTermLimit);
    if (options_.memory_watch > 0) wake = std::min(wake, next_look_);
    loop_.wait(now_, wake);
  }
  end_workers();
}

void WorkerHost::take_orders() {
  const std::vector<Post> posts = orders_.take();
  if (posts.empty()) return;
  if (const Duration waited = now() - posts.front().posted; waited > kSlow)
    log::warn("starts and ends of workers waited {}", format_duration(waited));
  for (const Post& post : posts) {
    if (const auto* order = std::get_if<Order>(&post.what))
      carry_out(*order);
    else
      closed_ = true;
  }
}

void WorkerHost::carry_out(const Order& order) {
  now_ = now();
  if (const auto* start = std::get_if<StartWorker>(&order)) this->start(*start);
  if (const auto* kill = std::get_if<KillWorker>(&order)) terminate(*kill);
  if (const auto* find = std::get_if<FindProgram>(&order)) this->find(*find);
  if (const auto* store = std::get_if<StoreProgram>(&order)) this->store(*store);
  if (const auto* forget = std::get_if<ForgetJob>(&order)) this->forget(*forget);
  if (const auto* named = std::get_if<NameWorker>(&order)) rename(*named);
  if (const Duration took = now() - now_; took > kSlow) log::warn("{} took {}", name_of(order), format_duration(took));
}

// --------------------------------------------------------------------- workers

void WorkerHost::start(const StartWorker& start) {
  Result<WorkerProcess> process = spawn(start);
  if (!process.ok())
    return events_.post(WorkerEnded{start.worker, "could not be started: " + process.status().message()});
  watch(start, processes_.emplace(start.worker, std::move(*process)).first->second);
}

Result<WorkerProcess> WorkerHost::spawn(const StartWorker& start) {
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
  told.daemon = options_.daemon;
  told.head = options_.head;
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
Result<WorkerProcess> WorkerHost::fork_or_execute(const StartWorker& start, WorkerProcess::Start process,
                                                 const WorkerStart& told) {
  const std::string text = encode_worker_start(told);
  if (start.gpus.empty() && process.binding.cpus.empty() && process.binding.numa.empty())
    if (std::optional<WorkerProcess> forked = warm_.fork(now_, start.job, process, text)) return std::move(*forked);
  process.environment[kWorkerVariable] = text;
  return WorkerProcess::start(process);
}

WorkerBinding WorkerHost::worker_binding(const std::vector<GpuInfo>& gpus, const Binding& binding) const {
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

void WorkerHost::watch(const StartWorker& start, const WorkerProcess& process) {
  const ProcessId worker = start.worker;
  const std::string prefix = prefix_of(options_.node, process.pid(), start.name);
  if (options_.logs != nullptr)
    options_.logs->begin({worker, static_cast<std::uint64_t>(process.pid()), LogKind::kWorker, start.name, start.actor});
  const Status added[] = {out_.add(process.out(), prefix, worker), err_.add(process.err(), prefix, worker),
                          loop_.add(process.pidfd(), [this, worker] { on_exit(worker); })};
  for (const Status& status : added)
    if (!status.ok()) log::error("a worker cannot be watched: {}", status.message());
}

void WorkerHost::rename(const NameWorker& named) {
  const auto process = processes_.find(named.worker);
  if (process == processes_.end()) return;
  const std::string prefix = prefix_of(options_.node, process->second.pid(), named.name);
  out_.rename(process->second.out(), prefix);
  err_.rename(process->second.err(), prefix);
  if (options_.logs != nullptr) options_.logs->rename(named.worker, named.name, named.actor);
}

void WorkerHost::on_exit(ProcessId worker) {
  const auto entry = processes_.find(worker);
  WorkerProcess& process = entry->second;
  loop_.remove(process.pidfd());
  out_.remove(process.out());
  err_.remove(process.err());
  if (options_.logs != nullptr) options_.logs->end(worker);
  std::string cause = process.reap();
  const bool by_us = terminated_.contains(worker);
  if (!by_us && cause.starts_with("was killed by signal 9") && memory_kills_.take_one()) cause += ", for lack of memory";
  processes_.erase(entry);
  terminated_.erase(worker);
  events_.post(WorkerEnded{worker, std::move(cause)});
}

void WorkerHost::terminate(const KillWorker& kill) {
  const auto process = processes_.find(kill.worker);
  if (process == processes_.end()) return;
  kill.at_once ? process->second.kill() : process->second.terminate();
  terminated_.emplace(kill.worker, now_);
}

void WorkerHost::watch_memory() {
  if (options_.memory_watch <= 0 || now_ < next_look_) return;
  next_look_ = now_ + kMemoryWatchInterval;
  const std::optional<MemoryReading> reading = memory_.read();
  if (reading) memory_peak_ = std::max(memory_peak_.load(), reading->used);
  if (!reading || static_cast<double>(reading->used) <= options_.memory_watch * static_cast<double>(reading->limit)) return;
  MemoryShortage shortage{now_, reading->used, reading->limit, {}};
  for (const auto& [worker, process] : processes_) shortage.workers.push_back({worker, private_memory(process.pid())});
  events_.post(std::move(shortage));
}

void WorkerHost::kill_the_stubborn() {
  for (const auto& [worker, asked] : terminated_)
    if (now_ >= asked + kTermLimit) processes_.at(worker).kill();
  std::erase_if(terminated_, [this](const auto& entry) { return now_ >= entry.second + kTermLimit; });
}

// At the end of the daemon: asks all to end, and kills those that do not.
void WorkerHost::end_workers() {
  warm_.close();
  for (auto& [id, process] : processes_) process.terminate();
  const Time limit = now() + kTermLimit;
  for (auto& [id, process] : processes_) {
    pollfd ended{process.pidfd(), POLLIN, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(limit - now()).count();
    ::poll(&ended, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
  }
  for (auto& [id, process] : processes_) {
    out_.remove(process.out());
    err_.remove(process.err());
    if (options_.logs != nullptr) options_.logs->end(id);
  }
  if (options_.logs != nullptr) loop_.remove(options_.logs->room_fd());
  processes_.clear();
}

// ------------------------------------------------------------- jobs and programs

void WorkerHost::forget(const ForgetJob& forget) {
  warm_.forget(forget.job);
  jobs_.erase(forget.job);
}

void WorkerHost::find(const FindProgram& find) {
  jobs_[find.job.job] = find.job;
  const Result<std::string> program = programs_.find(find.job);
  events_.post(ProgramFound{find.job.job, program.ok() ? *program : "", program.status().message()});
}

void WorkerHost::store(const StoreProgram& store) {
  const Result<std::string> program = programs_.store(store.job, store.chunk);
  if (program.ok() && program->empty()) return;
  events_.post(ProgramFound{store.job.job, program.ok() ? *program : "", program.status().message()});
}

}  // namespace Atoll
