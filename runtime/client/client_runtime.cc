#include "runtime/client/client_runtime.h"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>

#include <cerrno>

#include "runtime/base/log.h"
#include "runtime/client/connect.h"
#include "runtime/client/process.h"
#include "runtime/client/termination.h"
#include "runtime/client/timeline_marks.h"
#include "runtime/wire/ucx_transport.h"

namespace Atoll {
Result<std::unique_ptr<ClientRuntime>> ClientRuntime::start(const Options& options, ClientListener& listener) {
  Result<Loop> loop = Loop::create();
  if (!loop.ok()) return loop.status();
  std::unique_ptr<ClientRuntime> runtime(new ClientRuntime(options, listener, std::move(*loop)));
  ATOLL_RETURN_IF_ERROR(runtime->open(options));
  // Signals are the user's: they are delivered to the threads of the program.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  runtime->thread_ = std::thread([raw = runtime.get()] { raw->turns_.serve(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return runtime;
}

ClientRuntime::ClientRuntime(const Options& options, ClientListener& listener, Loop loop)
    : listener_(listener), loop_(std::move(loop)), messenger_(*this), job_(options.job), turns_(*this), table_(turns_), streams_(turns_, table_),
      copies_(*this, options.secret) {
  self_.process = options.self;
  self_.node = options.node;
}

Status ClientRuntime::open(const Options& options) {
  UcxTransport::Options wire;
  wire.tcp_window = options.tcp_window;
  Result<std::unique_ptr<UcxTransport>> transport = UcxTransport::create(options.self, options.secret, messenger_, wire);
  if (!transport.ok()) return transport.status();
  transport_ = std::move(*transport);
  messenger_.use(*transport_);
  self_.address = transport_->address();
  self_text_ = std::make_shared<const std::string>(encode_contact(self_));
  core_ = std::make_unique<ClientCore>(ClientCore::Options{self_, options.head, options.job}, out_);
  messenger_.deliver(out_);
  wake_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_.valid()) return errno_status("eventfd", errno);
  ATOLL_RETURN_IF_ERROR(loop_.add(wake_.get(), [this] {
    std::uint64_t count;
    [[maybe_unused]] const ssize_t n = ::read(wake_.get(), &count, sizeof count);
  }));
  return loop_.add(transport_->event_fd(), [] {});
}

ClientRuntime::~ClientRuntime() {
  if (!thread_.joinable()) return;
  copies_.close();
  turns_.stop();
  thread_.join();
}

void ClientRuntime::use_home(const Contact& home, const std::string& role) {
  home_ = home;
  const bool records = !role.empty() && !home.is_none();
  if (records) begin_timeline(role);
  post([this, home, records](Time, ClientCore& core, ClientOutbox& out) {
    out.learn(home);
    core.set_home(home);
    if (records) out.send(home.process, clock_question());
  });
}

void ClientRuntime::queue(Work work) {
  {
    const std::lock_guard lock(posted_mutex_);
    posted_.push_back(std::move(work));
  }
  any_posted_.store(true, std::memory_order_release);
  turns_.kick();
}

bool ClientRuntime::run_posted(Time now) {
  if (!any_posted_.load(std::memory_order_relaxed) || !any_posted_.exchange(false)) return false;
  std::vector<Work> work;
  {
    const std::lock_guard lock(posted_mutex_);
    work.swap(posted_);
  }
  for (const Work& each : work) each(now, *core_, out_);
  carry_out();
  return !work.empty();
}

void ClientRuntime::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(wake_.get(), &one, sizeof one);
}

// Lets go of what was held (ObjectBook::hold) when nobody has the pointer any more; null if there is nothing.
std::shared_ptr<const std::vector<InsideRef>> ClientRuntime::held_inside(std::vector<InsideRef> inside) {
  if (inside.empty()) return nullptr;
  const auto let_go = [this](const std::vector<InsideRef>* held) {
    const std::unique_ptr<const std::vector<InsideRef>> owned(held);
    if (has_runtime()) post([refs = *held](Time now, ClientCore& core, ClientOutbox& out) { core.release(now, refs, out); });
  };
  return {new std::vector<InsideRef>(std::move(inside)), let_go};
}

// Each in order; the room they took is kept.
template <typename T, typename Each>
void ClientRuntime::drain(std::vector<T>& all, Each each) {
  for (T& one : all) each(one);
  all.clear();
}

void ClientRuntime::carry_out() {
  drain(out_.items, [this](Item& item) { streams_.add(item.stream, {std::move(item.value), held_inside(std::move(item.inside))}); });
  drain(out_.completions, [this](const Completion& completion) { table_.settle(completion); });
  drain(out_.actor_updates, [this](const ActorUpdate& update) { table_.update_actor(update); });
  drain(out_.forgotten_actors, [this](ActorId id) { table_.forget_actor(id); });
  drain(out_.unknown_names, [this](const NoSuchActor& name) { table_.name_is_unknown(name); });
  drain(out_.group_updates, [this](const GroupUpdate& update) { table_.update_group(update); });
  drain(out_.unknown_groups, [this](const std::string& name) { table_.group_name_is_unknown(name); });
  drain(out_.copy_answers, [this](CopyAnswer& answer) { copies_.take(std::move(answer)); });
  drain(out_.long_tasks, [this](const LongTask& task) { mark_long_task(timeline_, now_, task); });
  drain(out_.dropped_copies, [this](const DroppedCopy& dropped) { let_go(std::vector(copies_.forget(dropped.keeper, dropped.copy), dropped.copy)); });
  if (std::exchange(out_.let_go_idle, false)) let_go(copies_.take_idle());
  messenger_.deliver(out_);
  deadline_ = core_->next_deadline();
  if (const Time due = timeline_.due(); due != Time::max() && (!deadline_ || due < *deadline_)) deadline_ = due;
}

void ClientRuntime::let_go(std::vector<std::uint64_t> copies) {
  if (!copies.empty()) out_.send(home_.process, LetGo{std::move(copies)});
}

bool ClientRuntime::round(Time now) {
  if (must_terminate()) [[unlikely]] {
    say_last_words();
    end_if_terminated();
  }
  now_ = now;
  bool any = run_posted(now);
  any |= messenger_.progress(now);
  if (!deadline_ || now < *deadline_) return any;
  if (now >= timeline_.due()) send_timeline(0);
  core_->on_tick(now, out_);
  carry_out();
  return true;
}

void ClientRuntime::on_message(ProcessId from, Message message) {
  if (from == home_.process && take_timeline_message(message)) return;
  core_->on_message(now_, from, message, out_);
  carry_out();
  listener_.on_other_message(from, std::move(message));
}

Place ClientRuntime::place_for(ProcessId from, const Message& message, std::size_t bytes) {
  const auto* part = std::get_if<CopyBytes>(&message);
  return part != nullptr && part->bytes == bytes ? copies_.place_for(from, *part) : Place();
}

void ClientRuntime::on_lost(ProcessId peer, const Status& why) {
  log::debug("lost {}: {}", to_string(peer), why.message());
  core_->on_lost(now_, peer, why, out_);
  carry_out();
  listener_.on_peer_lost(peer, why);
}

}  // namespace Atoll
