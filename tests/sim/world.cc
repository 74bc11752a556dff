#include "tests/sim/world.h"

#include "tests/support/builders.h"

#include <ctime>

#include "runtime/base/check.h"
#include "runtime/wire/codec.h"
#include "tests/sim/worker.h"

namespace Atoll::sim {
namespace {

// CPU time of this thread; what others do on this machine does not count.
double cpu_now() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace

// --------------------------------------------------------------------- process

Process::Process(World& world, ProcessId process, Host on) : id(process), host(on), world_(world) {
  world.network.add(id, host, *this);
}

void Process::run(const std::function<void()>& event) {
  if (!alive) return;
  const double began = cpu_now();
  event();
  if (alive) carry_out();
  cpu_seconds += cpu_now() - began;
  if (alive) plan_tick();
}

void Process::on_bytes(ProcessId from, std::string_view bytes) {
  run([&] {
    Result<Message> message = decode(bytes);
    ATOLL_CHECK(message.ok(), message.status().to_string());
    receive(from, std::move(*message));
  });
}

void Process::on_lost(ProcessId peer, const Status& why) {
  run([&] { lost(peer, why); });
}

void Process::send(Outbox& out) {
  for (const Contact& contact : out.contacts) world_.network.learn(id, contact.process);
  for (const Outbox::Letter& letter : out.letters) world_.network.send(id, letter.to, encode(letter.message));
  out.clear();
}

// One tick is planned at a time, at the earliest deadline that was asked for.
void Process::plan_tick() {
  const std::optional<Time> next = deadline();
  if (!next || (planned_ && *planned_ <= *next)) return;
  planned_ = std::max(*next, world_.now());
  world_.clock_.at(*planned_, [this, when = *planned_] {
    if (!alive || planned_ != when) return;
    planned_.reset();
    run([this] { tick(); });
  });
}

// ------------------------------------------------------------------------ head

HeadProcess::HeadProcess(World& world, ProcessId process, Host on, std::uint32_t nodes)
    : Process(world, process, on), head_({"reef", {process, NodeId(0), "sim"}, "n0", 1, nodes}, world.now()) {
  run([] {});
}

void HeadProcess::receive(ProcessId from, Message message) { head_.on_message(world_.now(), from, std::move(message), out_); }
void HeadProcess::lost(ProcessId peer, const Status& why) { head_.on_lost(world_.now(), peer, why, out_); }
void HeadProcess::tick() {
  head_.on_tick(world_.now(), out_);
  head_.log_lines().clear();
}

// ---------------------------------------------------------------------- daemon

DaemonProcess::DaemonProcess(World& world, ProcessId process, Host on, const NodeInfo& info)
    : Process(world, process, on), info_(info) {}

void DaemonProcess::start() {
  NodeDaemon::Options options;
  options.self = contact();
  options.head = {world_.head().id, NodeId(0), "sim"};
  options.info = info_;
  options.new_process = [this] { return world_.new_process(); };
  options.object_bytes = world_.options.arena;
  options.spill.on = world_.options.spills;
  run([&] { node_.emplace(std::move(options), world_.now(), out_); });
}

void DaemonProcess::receive(ProcessId from, Message message) {
  if (const auto* part = std::get_if<CopyBytes>(&message))
    receive_bytes(from, *part);
  else
    node_->on_message(world_.now(), from, std::move(message), out_);
}
void DaemonProcess::lost(ProcessId peer, const Status& why) { node_->on_lost(world_.now(), peer, why, out_); }
void DaemonProcess::tick() { node_->on_tick(world_.now(), out_); }

void DaemonProcess::reap(ProcessId worker, const std::string& cause) {
  run([&] { node_->on_worker_exit(world_.now(), worker, cause, out_); });
}

// The bytes are read when they are sent, and written when they arrive: some time after that was decided.
void DaemonProcess::send_bytes(const SendBytes& read) {
  world_.clock_.after(world_.random_time(std::chrono::milliseconds(3)), [this, read] {
    run([&] {
      world_.bulks[{read.to, read.request}] = arena.read(read.offset);
      out_.send(read.to, CopyBytes{read.request, read.from, read.bytes});
      node_->on_untouched(world_.now(), read.copy, out_);
    });
  });
}

// One after the other.
void DaemonProcess::order_spill(const SpillOrder& order) {
  disk_busy_until_ = std::max(disk_busy_until_, world_.now()) + world_.random_time(std::chrono::milliseconds(5));
  world_.clock_.at(disk_busy_until_, [this, order] {
    if (!alive) return;
    run([&] {
      if (const std::optional<SpillEvent> event = disk_.carry_out(order, arena)) node_->on_spill(world_.now(), *event, out_);
    });
  });
}

void DaemonProcess::receive_bytes(ProcessId from, const CopyBytes& part) {
  auto bulk = world_.bulks.extract({id, part.request});
  const auto target = node_->place_for(from, part);
  if (!target) return;
  world_.clock_.after(world_.random_time(std::chrono::milliseconds(3)), [this, from, part, target = *target, bulk = bulk.mapped()] {
    run([&] {
      arena.write(target.offset, bulk);
      node_->on_message(world_.now(), from, part, out_);
      node_->on_untouched(world_.now(), target.copy, out_);
    });
  });
}

void DaemonProcess::carry_out() {
  NodeOutbox todo = std::exchange(out_, {});
  send(todo);
  for (const SendBytes& read : todo.reads) send_bytes(read);
  for (const SpillOrder& order : todo.spills) order_spill(order);
  for (const StartWorker& start : todo.starts) world_.add_worker(start, *this);
  for (const KillWorker& kill : todo.kills) world_.kill_worker(kill.worker);
  for (const FindProgram& find : todo.finds)
    world_.clock_.after(std::chrono::milliseconds(1), [this, job = find.job.job] {
      run([&] { node_->on_program(world_.now(), job, "/home/me/simulate", "", out_); });
    });
  if (node_->ending() && alive) world_.kill(*this, node_->ending()->why);
}

// ---------------------------------------------------------------------- client

ClientProcess::ClientProcess(World& world, ProcessId process, Host on) : Process(world, process, on) {
  const Contact head{world.head().id, NodeId(0), "sim"};
  core_.emplace(ClientCore::Options{contact(), head, id}, out_);
  JobInfo job;
  job.path = "/home/me/simulate";
  job.build_id = "b1";
  out_.send(head.process, Attach{contact(), ClientKind::kDriver, "elsewhere", job});
  run([] {});
}

void ClientProcess::receive(ProcessId from, Message message) {
  if (const auto* attached = std::get_if<Attached>(&message)) {
    attached_ = true;
    out_.learn(attached->home);
    core_->set_home(attached->home);
    home_ = attached->home.process;
  } else {
    core_->on_message(world_.now(), from, message, out_);
  }
}

void ClientProcess::lost(ProcessId peer, const Status& why) { core_->on_lost(world_.now(), peer, why, out_); }
void ClientProcess::tick() { core_->on_tick(world_.now(), out_); }

void ClientProcess::submit(int tasks, const Resources& shape, std::int32_t retries) {
  submit_in(GroupId(), -1, tasks, shape, retries);
}

void ClientProcess::submit_in(GroupId group, std::int32_t bundle, int tasks, const Resources& shape,
                              std::int32_t retries) {
  submit_shape({shape, group, bundle}, tasks, retries);
}

TaskId ClientProcess::submit_shape(const WorkerShape& shape, int tasks, std::int32_t retries) {
  const TaskId first{id, sequence_ + 1};
  run([&] {
    for (int i = 0; i < tasks; ++i) {
      TaskSpec spec{{id, ++sequence_}, "f", {}, shape, retries};
      tally_.asked[result_of(spec.task)] = 0;
      core_->submit(world_.now(), std::move(spec), out_);
    }
  });
  return first;
}

void ClientProcess::submit_chains(int chains, int length, std::int32_t retries, double drop) {
  run([&] {
    for (int chain = 0; chain < chains; ++chain)
      for (int link = 0; link < length; ++link) {
        TaskSpec spec{{id, ++sequence_}, "f", {}, {{.cpu = Fixed::whole(1)}}, retries};
        tally_.asked[result_of(spec.task)] = 0;
        const ObjectId before{id, sequence_ - 1};
        if (link > 0) spec.arguments.push_back({nullptr, before, {}, nullptr});
        core_->submit(world_.now(), std::move(spec), out_);
        if (link == 0 || !world_.network.chance(drop)) continue;
        dropped_.insert(before);
        core_->drop(world_.now(), before, out_);
      }
  });
}

ActorId ClientProcess::create_actor(const Resources& shape, std::int32_t max_restarts,
                                    const PlaceStrategy& strategy) {
  ActorSpec spec;
  spec.actor = {id, ++sequence_};
  spec.job = id;
  spec.class_name = "Counter";
  spec.shape = shape;
  spec.max_restarts = max_restarts;
  spec.strategy = strategy;
  updates_[spec.actor];
  run([&] { core_->create_actor(spec, {}, out_); });
  return spec.actor;
}

void ClientProcess::cancel_some(double probability) {
  run([&] {
    for (const auto& [object, ended] : tally_.asked)
      if (ended == 0 && world_.network.chance(probability))
        core_->cancel(world_.now(), {object, /*force=*/false, /*recursive=*/true}, contact(), out_);
  });
}

void ClientProcess::call_actor(ActorId actor, int calls, std::optional<std::int32_t> retries) {
  run([&] {
    for (int i = 0; i < calls; ++i) {
      ActorCallSpec spec{{id, ++sequence_}, actor, "add", {}};
      spec.retries = retries;
      tally_.asked[result_of(spec.task)] = 0;
      core_->call_actor(world_.now(), std::move(spec), out_);
    }
  });
}

GroupId ClientProcess::create_group(std::size_t bundles, const Resources& each, bool move_whole) {
  GroupSpec spec;
  spec.group = {id, ++sequence_};
  spec.job = id;
  spec.move_whole = move_whole;
  spec.bundles.assign(bundles, each);
  groups_[spec.group];
  run([&] { core_->create_group(spec, out_); });
  return spec.group;
}

void ClientProcess::remove_group(GroupId group) {
  run([&] { core_->remove_group(group, out_); });
}

void ClientProcess::hold_some(double hold, double drop) {
  run([&] {
    for (auto large = large_.begin(); large != large_.end();) {
      const auto& [object, location] = *large;
      if (world_.network.chance(hold)) ask({object, location});
      const bool drops = world_.network.chance(drop);
      if (drops) {
        dropped_.insert(object);
        read_.erase(object);
        core_->drop(world_.now(), object, out_);
      }
      large = drops ? large_.erase(large) : std::next(large);
    }
  });
}

void ClientProcess::ask(const Question& question) {
  const std::uint64_t number = next_question_++;
  questions_[number] = question;
  const Location& location = question.location;
  if (question.is_far)
    core_->copies().ask(location.keeper, number, HoldCopy{number, location.copy}, out_);
  else
    core_->copies().ask({}, number, HoldCopy{number, location.copy, location.keeper, location.bytes}, out_);
}

void ClientProcess::hear(const CopyAnswer& answer) {
  const auto question = questions_.extract(answer.number);
  ++(answer.why.empty() ? held_ : gone_);
  if (answer.no_room)
    return world_.clock_.after(Duration(0), [this, far = Question{question.mapped().object, question.mapped().location, true}] {
      if (alive) run([&] { ask(far); });
    });
  if (!answer.why.empty()) return lose(question.mapped(), answer.why);
  if (large_.contains(question.mapped().object)) read_.insert(question.mapped().object);
  check_bytes(question.mapped(), answer.offset);
  world_.clock_.after(world_.random_time(std::chrono::milliseconds(50)), [this, question = question.mapped(), answer] {
    if (!alive) return;
    check_bytes(question, answer.offset);
    const ProcessId keeper = question.is_far ? question.location.keeper.process : ProcessId::kNone;
    run([&] { core_->copies().say(keeper, LetGo{{answer.copy}}, out_); });
  });
}

// As a reader in this process would, whose turn comes a little later.
void ClientProcess::lose(const Question& question, const std::string& why) {
  world_.clock_.after(world_.random_time(std::chrono::milliseconds(1)), [this, question, why] {
    if (!alive || dropped_.contains(question.object)) return;
    run([&] { core_->lose(world_.now(), question.object, question.location.id(), why, out_); });
  });
}

// What is held does not change.
void ClientProcess::check_bytes(const Question& question, std::uint64_t offset) const {
  const DaemonProcess* home = world_.find_daemon(question.is_far ? question.location.keeper.process : home_);
  ATOLL_CHECK(home == nullptr || home->arena.holds(question.object, offset, question.location.bytes), question.object);
}

void ClientProcess::detach() {
  run([&] { out_.send(world_.head().id, Detach{id}); });
}

void ClientProcess::complete(const Completion& completion) {
  const auto asked = tally_.asked.find(completion.object);
  ATOLL_CHECK(asked != tally_.asked.end(), completion.object);
  asked->second += completion.again ? 0 : 1;
  tally_.ended += completion.again ? 0 : 1;
  made_again_ += completion.again ? 1 : 0;
  if (completion.error) ++tally_.errors[completion.error->kind];
  large_.erase(completion.object);
  read_.erase(completion.object);
  if (completion.value && is_location(*completion.value) && !dropped_.contains(completion.object))
    large_[completion.object] = decode_location(*completion.value).value();
}

void ClientProcess::carry_out() {
  for (const Completion& completion : out_.completions) complete(completion);
  for (const CopyAnswer& answer : out_.copy_answers) hear(answer);
  for (const ActorUpdate& update : out_.actor_updates) updates_[update.actor] = update;
  for (const GroupUpdate& update : out_.group_updates) groups_[update.group] = update;
  ClientOutbox todo = std::exchange(out_, {});
  send(todo);
}

// ----------------------------------------------------------------------- world

World::World(Options given) : options(std::move(given)), network(clock_, options.seed, options.faults) {
  head_ = std::make_unique<HeadProcess>(*this, new_process(), kHeadHost, options.nodes);
  for (std::uint32_t rank = 0; rank < options.nodes; ++rank) {
    NodeInfo info;
    info.name = "n" + std::to_string(rank);
    info.total = options.node;
    testing::add_board(info, static_cast<std::int32_t>(options.node.gpu.units() / Fixed::kScale));
    info.labels["zone"] = rank % 2 == 0 ? "a" : "b";
    daemons_.push_back(std::make_unique<DaemonProcess>(*this, new_process(), rank, info));
    clock_.after(random_time(std::chrono::milliseconds(200)), [this, rank] { daemons_[rank]->start(); });
  }
}

World::~World() = default;

Duration World::random_time(Duration most) {
  return Duration(static_cast<Duration::rep>(network.random()() % static_cast<std::uint64_t>(most.count() + 1)));
}

bool World::run_until(const std::function<bool()>& done, Duration limit) {
  const Time end = now() + limit;
  while (!done())
    if (!clock_.step(end)) return done();
  return true;
}

void World::run_for(Duration duration) {
  run_until([] { return false; }, duration);
}

DaemonProcess* World::find_daemon(ProcessId daemon) const {
  const auto found = std::ranges::find_if(daemons_, [daemon](const auto& each) { return each->id == daemon && each->alive; });
  return found == daemons_.end() ? nullptr : found->get();
}

ClientProcess& World::add_client() {
  const auto host = static_cast<Host>(kClientHost + clients_.size());
  clients_.push_back(std::make_unique<ClientProcess>(*this, new_process(), host));
  return *clients_.back();
}

void World::kill(Process& process, const std::string& cause) {
  if (!process.alive) return;
  process.alive = false;
  network.remove(process.id);
  const auto worker = workers_.find(process.id);
  if (worker == workers_.end()) return;
  DaemonProcess& daemon = worker->second->daemon();
  ended_workers_.push_back(std::move(worker->second));  // it may be running just now
  workers_.erase(worker);
  clock_.after(random_time(std::chrono::milliseconds(1)), [&daemon, id = process.id, cause] { daemon.reap(id, cause); });
}

void World::kill_node(std::uint32_t node, bool silently) {
  if (silently) network.cut(node);
  for (Worker* worker : workers(node)) kill(*worker, "killed by signal 9");
  kill(daemon(node), "killed by signal 9");
}

std::vector<Worker*> World::workers(Host host) {
  std::vector<Worker*> found;
  for (const auto& [id, worker] : workers_)
    if (worker->host == host) found.push_back(worker.get());
  return found;
}

Worker* World::any_worker() {
  if (workers_.empty()) return nullptr;
  return std::next(workers_.begin(), static_cast<std::ptrdiff_t>(network.random()() % workers_.size()))->second.get();
}

void World::add_worker(const StartWorker& start, DaemonProcess& daemon) {
  workers_[start.worker] = std::make_unique<Worker>(*this, start, daemon);
}

void World::kill_worker(ProcessId id) {
  clock_.after(random_time(std::chrono::milliseconds(1)), [this, id] {
    const auto worker = workers_.find(id);
    if (worker != workers_.end()) kill(*worker->second, "killed by signal 9");
  });
}

}  // namespace Atoll::sim
