#include "tests/sim/holders.h"

#include <algorithm>
#include <charconv>

#include "runtime/base/check.h"
#include "runtime/wire/codec.h"

namespace Atoll::sim {
namespace {

using std::chrono::milliseconds;

constexpr Duration kTick = milliseconds(50);
constexpr Duration kLongestCall = milliseconds(10);
// What is on its way when a process dies may go with it: a call with it, and what that tells.
constexpr Duration kOnItsWay = milliseconds(100);
constexpr std::size_t kMostVariables = 30;

// "10.1 11.7 ": the references in a value.
std::string encoded(const std::vector<ObjectId>& refs) {
  std::string text;
  for (const ObjectId ref : refs)
    text += std::to_string(static_cast<std::uint64_t>(ref.process)) + "." + std::to_string(ref.sequence) + " ";
  return text;
}

std::vector<ObjectId> decoded(const std::string& text) {
  std::vector<ObjectId> refs;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    std::uint64_t process = 0, sequence = 0;
    at = std::from_chars(at, end, process).ptr + 1;
    at = std::from_chars(at, end, sequence).ptr + 1;
    refs.push_back({ProcessId(process), sequence});
  }
  return refs;
}

}  // namespace

Holder::Holder(Holders& world, ProcessId process, Host on) : id(process), host(on), world_(world) {
  world.network.add(id, host, *this);
  core_.emplace(ClientCore::Options{contact(), {Holders::kDirectory, NodeId(0), "sim"}, id}, out_);
  run([] {});
}

void Holder::run(const std::function<void()>& event) {
  if (!alive) return;
  event();
  carry_out();
}

void Holder::on_bytes(ProcessId from, std::string_view bytes) {
  const Result<Message> message = decode(bytes);
  ATOLL_CHECK(message.ok(), message.status().to_string());
  run([&] {
    if (const auto* call = std::get_if<CallActor>(&*message)) return begin_call(from, *call);
    core_->on_message(world_.now(), from, *message, out_);
  });
}

void Holder::on_lost(ProcessId peer, const Status& why) {
  run([&] { core_->on_lost(world_.now(), peer, why, out_); });
}

void Holder::tick() {
  run([this] { core_->on_tick(world_.now(), out_); });
}

void Holder::carry_out() {
  while (!out_.completions.empty() || !let_go_.empty()) {
    for (const ObjectId object : std::exchange(let_go_, {})) remove(object);
    for (const Completion& completion : std::exchange(out_.completions, {})) {
      if (wanted_.erase(completion.object) == 0 || !handles_.contains(completion.object)) continue;
      if (completion.error) ++lost_values_;
      if (completion.value == nullptr) continue;
      for (const ObjectId inner : decoded(*completion.value)) {
        add(inner, /*tell=*/true);
        variables_.push_back(inner);
      }
    }
  }
  for (const Contact& known : out_.contacts) world_.network.learn(id, known.process);
  for (const Outbox::Letter& letter : out_.letters) world_.network.send(id, letter.to, encode(letter.message));
  out_.clear();
}

// ---------------------------------------------------------------------- handles

void Holder::own(ObjectId object) {
  handles_[object] = 1;
  since_[object] = world_.now();
  variables_.push_back(object);
}

void Holder::add(ObjectId object, bool tell) {
  if (++handles_[object] > 1) return;
  since_[object] = world_.now();
  core_->adopt(object, world_.at(object.process).contact(), tell, out_);
}

void Holder::remove(ObjectId object) {
  if (--handles_.at(object) > 0) return;
  handles_.erase(object);
  since_.erase(object);
  core_->drop(world_.now(), object, out_);
}

ObjectId Holder::any() { return variables_[world_.chance(variables_.size())]; }

Holder::Refs Holder::some(std::size_t most) {
  Refs refs;
  if (!variables_.empty())
    for (auto i = world_.chance(most + 1); i > 0; --i) refs.push_back(any());
  return refs;
}

// A value may have inside what is not there yet; then it can come to have itself inside, and counting ends nowhere.
Holder::Refs Holder::settled(Refs refs) const {
  std::erase_if(refs, [this](ObjectId ref) {
    const ObjectBook::Object* object = world_.at(ref.process).core().objects().find(ref);
    return object == nullptr || !object->settled;
  });
  return refs;
}

std::vector<InsideRef> Holder::inside(const Refs& refs) const {
  std::vector<InsideRef> found;
  for (const ObjectId ref : refs) found.push_back({ref, world_.at(ref.process).contact()});
  return found;
}

// ---------------------------------------------------------------- what programs do

void Holder::step() {
  run([this] {
    switch (variables_.size() > kMostVariables ? 10 : world_.chance(13)) {
      case 0: case 1: return put();
      case 2: case 3: case 4: case 5: return call();
      case 6: case 7: case 8: return get();
      case 9: return create();
      default: return drop();
    }
  });
}

void Holder::put() {
  const Refs refs = settled(some(3));
  const ObjectId object{id, ++sequence_};
  core_->put(world_.now(), object, std::make_shared<const std::string>(encoded(refs)), out_, inside(refs));
  own(object);
}

void Holder::create() {
  ActorSpec spec;
  spec.actor = {id, ++sequence_};
  const ObjectId handle = handles_of(spec.actor);
  core_->create_actor(std::move(spec), {}, out_);
  core_->count_handles(actor_of(handle));
  own(handle);
}

// Nobody waits for what it says.
void Holder::call_actor(ActorId actor) {
  const TaskId task{id, ++sequence_};
  core_->call_actor(world_.now(), {task, actor, "f", {}}, out_);
  core_->drop(world_.now(), result_of(task), out_);
}

void Holder::call() {
  const Refs refs = some(3);
  ActorCallSpec spec{{id, ++sequence_}, Holders::actor_of(world_.any().id), "f", {}};
  CallArgument argument;
  argument.value = std::make_shared<const std::string>(encoded(refs));
  for (const ObjectId ref : refs) ++handles_[ref];
  argument.keep = std::shared_ptr<const void>(this, [refs, this](const void*) { let_go_.insert(let_go_.end(), refs.begin(), refs.end()); });
  spec.arguments.push_back(std::move(argument));
  const ObjectId result = result_of(spec.task);
  own(result);
  core_->call_actor(world_.now(), std::move(spec), out_);
}

void Holder::get() {
  if (variables_.empty()) return;
  const ObjectId object = any();
  if (world_.actors.knows(actor_of(object))) return call_actor(actor_of(object));
  wanted_.insert(object);
  core_->fetch(object, world_.at(object.process).contact(), out_);
}

void Holder::drop() {
  if (variables_.empty()) return;
  const auto which = variables_.begin() + static_cast<std::ptrdiff_t>(world_.chance(variables_.size()));
  remove(*which);
  variables_.erase(which);
}

void Holder::drop_all() {
  run([this] {
    for (const ObjectId object : std::exchange(variables_, {})) remove(object);
  });
}

void Holder::begin_call(ProcessId caller, const CallActor& call) {
  const Refs given = decoded(call.arguments.at(0));
  for (const ObjectId ref : given) add(ref, /*tell=*/false);
  const auto time = Duration(static_cast<Duration::rep>(world_.chance(static_cast<std::uint64_t>(kLongestCall.count()))));
  world_.clock.after(time, [this, caller, task = call.task, given] { run([&] { end_call(caller, task, given); }); });
}

// Some of what it was given it keeps, some of what it has it returns.
void Holder::end_call(ProcessId caller, TaskId task, const Refs& given) {
  Refs result = some(2);
  if (world_.chance(3) == 0) put(), result.push_back(variables_.back());
  for (const ObjectId ref : given) {
    if (world_.chance(4) == 0) result.push_back(ref);
    if (world_.chance(4) == 0) {
      variables_.push_back(ref);
      add(ref, false);
    }
  }
  result = settled(std::move(result));
  const std::vector<InsideRef> refs = inside(result);
  for (const ObjectId ref : result) ++handles_[ref];  // the value, until it is encoded
  for (const ObjectId ref : given) remove(ref);
  TaskDone done;
  done.task = task;
  done.value = encoded(result);
  core_->end_call(caller, done, refs, out_);
  for (const ObjectId ref : result) remove(ref);
}

bool Holder::is_empty() const {
  return core_->objects().size() == 0 && core_->objects().borrowers().size() == 0 && core_->borrows().size() == 0 &&
         core_->borrows().waiting() == 0 && core_->borrows().unanswered() == 0 && core_->passing().passed() == 0 &&
         handles_.empty() && !core_->is_needed();
}

std::string Holder::words() const {
  return to_string(id) + ": objects " + std::to_string(core_->objects().size()) + ", borrowers " +
         std::to_string(core_->objects().borrowers().size()) + ", borrowed " + std::to_string(core_->borrows().size()) + ", waiting " +
         std::to_string(core_->borrows().waiting()) + ", unanswered " + std::to_string(core_->borrows().unanswered()) + ", passed " +
         std::to_string(core_->passing().passed()) + ", handles " + std::to_string(handles_.size());
}

// ------------------------------------------------------------------------ holders

Holders::Holders(std::uint64_t seed, int holders) : network(clock, seed, {}), actors(*this) {
  network.add(kDirectory, 0, *this);
  for (int i = 0; i < holders; ++i) {
    const auto number = static_cast<std::uint64_t>(i);
    holders_.push_back(std::make_unique<Holder>(*this, ProcessId(kFirst + number), static_cast<Host>(1 + i)));
    network.learn(kDirectory, holders_.back()->id);
    network.learn(ActorHost::kProcess, holders_.back()->id);
    plan_tick(*holders_.back());
  }
}

Holders::~Holders() = default;

void Holders::plan_tick(Holder& holder) {
  clock.after(kTick, [this, &holder] {
    if (!holder.alive) return;
    holder.tick();
    plan_tick(holder);
  });
}

void Holders::run_for(Duration duration) {
  run_until([] { return false; }, duration);
}

bool Holders::run_until(const std::function<bool()>& done, Duration limit) {
  const Time end = now() + limit;
  while (!done())
    if (!clock.step(end)) return done();
  return true;
}

void Holders::on_bytes(ProcessId from, std::string_view bytes) {
  const Result<Message> message = decode(bytes);
  const auto* watch = std::get_if<WatchActor>(&*message);
  if (const auto* create = std::get_if<CreateActor>(&*message))
    actors.create(from, create->spec.actor);
  else if (watch != nullptr && watch->actor == actor_of(watch->actor.process))
    say(from, at(watch->actor.process));
  else if (watch != nullptr)
    actors.watch(from, watch->actor);
}

void Holders::say(ProcessId to, const Holder& about) {
  ActorUpdate update;
  update.actor = actor_of(about.id);
  update.incarnation = 1;
  update.state = about.alive ? ActorState::kAlive : ActorState::kDead;
  if (about.alive)
    update.worker = about.contact();
  else
    update.error.emplace().kind = ErrorKind::kActorDied;
  network.send(kDirectory, to, encode(update));
}

void Holders::kill(Holder& holder) {
  holder.alive = false;
  kills_.push_back(now());
  network.remove(holder.id);
  for (const auto& other : holders_)
    if (other->alive) say(other->id, holder);
  actors.on_killed(holder.id);
}

Holder& Holders::any() {
  Holder* holder = nullptr;
  do {
    holder = holders_[chance(holders_.size())].get();
  } while (!holder->alive);
  return *holder;
}

void Holders::check() {
  for (const auto& holder : holders_) {
    if (!holder->alive) continue;
    for (const auto& [object, since] : holder->since()) {
      const Holder& owner = at(object.process);
      if (!owner.alive || owner.core().objects().find(object) != nullptr || lost_.contains(object)) continue;
      CHECK_MESSAGE(is_excused(since), to_string(holder->id) << " has a reference to " << to_string(object) << ", which is gone");
      lost_.insert(object);
    }
  }
}

bool Holders::is_excused(Time since) const {
  return std::ranges::any_of(kills_, [since](Time kill) { return kill > since - kOnItsWay && kill < since + kOnItsWay; });
}

bool Holders::all_empty() const {
  return std::ranges::all_of(holders_, [](const auto& holder) { return !holder->alive || holder->is_empty(); });
}

}  // namespace Atoll::sim
