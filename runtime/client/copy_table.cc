#include "runtime/client/copy_table.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "runtime/base/log.h"
#include "runtime/client/client_runtime.h"
#include "runtime/client/process.h"
#include "runtime/client/running_task.h"
#include "runtime/objects/arena_door.h"
#include "runtime/objects/arena_space.h"

namespace Atoll {
namespace {

constexpr auto kOpenLimit = std::chrono::seconds(5);
// Of a copy on another node: parts that are under way at one time.
constexpr std::size_t kPartsAhead = 4;

// Of a hold that was refused.
Code code_of_refusal(const CopyAnswer& answer) {
  if (answer.no_disk) return Code::kDiskFull;
  return answer.no_room ? Code::kResourceExhausted : Code::kNotFound;
}

}  // namespace

// One value's hold on a copy.
class CopyTable::Use {
 public:
  Use(std::shared_ptr<Arena> arena, const CopyId& key) : arena_(std::move(arena)), key_(key) {}
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  ~Use() {
    if (has_runtime()) current_runtime().copies().end_use(key_);
  }

 private:
  std::shared_ptr<Arena> arena_;
  CopyId key_;
};

// ---------------------------------------------------------- questions and answers

std::uint64_t CopyTable::ask(const Contact& daemon, Message question, std::shared_ptr<char[]> memory) {
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!std::holds_alternative<GetArena>(question)) number = next_number_++;
    Question& asked = questions_[number];
    asked.asked = daemon.process;
    if (const auto* part = std::get_if<ReadCopy>(&question)) asked.part = *part;
    asked.memory = std::move(memory);
  }
  std::visit([number](auto& fields) { if constexpr (requires { fields.request; }) fields.request = number; }, question);
  runtime_.post([this, daemon, number, question = std::move(question)](Time, ClientCore& core, ClientOutbox& out) mutable {
    if (auto* room = std::get_if<MakeRoom>(&question)) room->owner_address = runtime_.address_of(room->owner);
    core.copies().ask(daemon, number, std::move(question), out);
  });
  return number;
}

Result<CopyAnswer> CopyTable::wait(std::uint64_t number, Deadline deadline) {
  std::optional<Time> until;
  if (deadline) until = Time(deadline->time_since_epoch());
  const RunningTask* task = running_task();
  runtime_.wait(
      [&] {
        const std::lock_guard lock(mutex_);
        return questions_.at(number).answer.has_value() || (task != nullptr && task->cancelled);
      },
      until);
  const std::lock_guard lock(mutex_);
  Question& question = questions_.at(number);
  if (!question.answer) {
    question.is_abandoned = true;
    return Status(Code::kTimedOut, "the object's bytes did not come in the time allowed");
  }
  CopyAnswer answer = std::move(*question.answer);
  questions_.erase(number);
  return answer;
}

template <typename Asked>
Result<CopyAnswer> CopyTable::ask_and_wait(const Contact& daemon, Asked question, Deadline deadline) {
  return wait(ask(daemon, std::move(question)), deadline);
}

void CopyTable::take(CopyAnswer answer) {
  std::optional<Question> abandoned;
  {
    const std::lock_guard lock(mutex_);
    const auto question = questions_.find(answer.number);
    if (question == questions_.end()) return;
    if (!question->second.is_abandoned) {
      question->second.answer = std::move(answer);
      return;
    }
    abandoned = std::move(question->second);
    questions_.erase(question);
  }
  if (answer.why.empty() && answer.copy != 0) say(abandoned->asked, LetGo{{answer.copy}});
}

Place CopyTable::place_for(ProcessId from, const CopyBytes& part) {
  const std::lock_guard lock(mutex_);
  const auto question = questions_.find(part.request);
  if (question == questions_.end() || !question->second.part || question->second.answer) return {};
  const ReadCopy& asked = *question->second.part;
  if (question->second.asked != from || asked.from != part.from || asked.bytes != part.bytes) return {};
  return {question->second.memory.get() + part.from, question->second.memory};
}

void CopyTable::say(ProcessId keeper, Message message) {
  runtime_.post([keeper, message = std::move(message)](Time, ClientCore& core, ClientOutbox& out) {
    core.copies().say(keeper, message, out);
  });
}

// -------------------------------------------------------------------- the arena

bool CopyTable::available() {
  if (opened_.load(std::memory_order_acquire)) return arena_ != nullptr;
  const std::lock_guard lock(open_mutex_);
  if (opened_) return arena_ != nullptr;
  if (const Status status = open(); !status.ok()) log::debug("no object memory: {}", status.message());
  opened_.store(true, std::memory_order_release);
  return arena_ != nullptr;
}

Status CopyTable::open() {
  const Result<CopyAnswer> answer = ask_and_wait({}, GetArena{}, std::chrono::steady_clock::now() + kOpenLimit);
  if (!answer.ok()) return answer.status();
  if (!answer->why.empty()) return Status(Code::kUnavailable, answer->why);
  Result<Fd> file = get_arena(answer->socket, secret_, runtime_.self().process, runtime_.home().process,
                              static_cast<int>(std::chrono::milliseconds(kOpenLimit).count()));
  if (!file.ok()) return file.status();
  Result<Arena> arena = Arena::open(std::move(*file));
  if (!arena.ok()) return arena.status();
  arena_ = std::make_shared<Arena>(std::move(*arena));
  return Status();
}

PinnedMemory* CopyTable::pinned(const cuda::Functions& functions) {
  if (!available()) return nullptr;
  const std::lock_guard lock(pinned_mutex_);
  if (pinned_ == nullptr) pinned_ = std::make_unique<PinnedMemory>(functions, arena_->at(0), arena_->size());
  return pinned_.get();
}

char* CopyTable::writable(const char* at) {
  if (!available() || at < arena_->read_at(0) || at >= arena_->read_at(arena_->size())) return nullptr;
  return arena_->at(static_cast<std::uint64_t>(at - arena_->read_at(0)));
}

void CopyTable::close() {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, held] : held_)
    if (held.uses > 0) arena_->detach(held.offset, ArenaSpace::rounded(held.bytes));
  held_.clear();
}

// --------------------------------------------------------------- writing, reading

Result<std::string> CopyTable::write(ObjectId object, ProcessId owner, const internal::Encoded& value) {
  const std::uint64_t bytes = value.size();
  const Result<CopyAnswer> room = ask_and_wait({}, MakeRoom{0, object, owner, bytes}, std::nullopt);
  if (!room.ok()) return room.status();
  if (!room->why.empty()) return Status(room->no_disk ? Code::kDiskFull : Code::kResourceExhausted, room->why);
  try {
    value.copy_to(arena_->at(room->offset));
  } catch (...) {
    say(ProcessId::kNone, LetGo{{room->copy}});
    throw;
  }
  const bool is_own = owner == runtime_.self().process;
  // Held from the round on that seals it: take_idle() must not let go of it before.
  runtime_.post([this, copy = room->copy, offset = room->offset, bytes, is_own](Time, ClientCore& core, ClientOutbox& out) {
    core.copies().say(ProcessId::kNone, SealCopy{copy}, out);
    if (!is_own) return core.copies().say(ProcessId::kNone, LetGo{{copy}}, out);
    const std::lock_guard lock(mutex_);
    held_[{runtime_.home().process, copy}] = {copy, offset, bytes, 1, 0, true};
  });
  if (is_own) return encode_location({runtime_.home(), room->copy, bytes, object, runtime_.self()});
  return encode_location({runtime_.home(), room->copy, bytes});
}

Result<internal::Bytes> CopyTable::read(std::string_view text, bool is_own, Deadline deadline) {
  const Result<Location> location = decode_location(text);
  if (!location.ok()) return location.status();
  if (!available()) return read_far(*location, deadline);
  Result<internal::Bytes> here = read_here(*location, is_own, deadline);
  const bool has_room = here.status().code() != Code::kResourceExhausted && here.status().code() != Code::kDiskFull;
  return has_room || location->keeper.process == runtime_.home().process ? std::move(here) : read_far(*location, deadline);
}

internal::Bytes CopyTable::use(const CopyId& key, Held& held) {
  ++held.uses;
  return internal::Bytes(std::string_view(arena_->read_at(held.offset), held.bytes), std::make_shared<const Use>(arena_, key));
}

Result<internal::Bytes> CopyTable::read_here(const Location& location, bool is_own, Deadline deadline) {
  const CopyId key = location.id();
  {
    const std::lock_guard lock(mutex_);
    if (const auto held = held_.find(key); held != held_.end()) return use(key, held->second);
  }
  const Result<CopyAnswer> answer = ask_and_wait({}, HoldCopy{0, location.copy, location.keeper, location.bytes}, deadline);
  if (!answer.ok()) return answer.status();
  if (!answer->why.empty()) return Status(code_of_refusal(*answer), answer->why);
  const std::lock_guard lock(mutex_);
  Held& held = held_[key];
  held.local = answer->copy;
  held.offset = answer->offset;
  held.bytes = answer->bytes;
  held.is_kept |= is_own && key.keeper == runtime_.home().process;
  ++held.holds;
  return use(key, held);
}

Result<internal::Bytes> CopyTable::read_far(const Location& location, Deadline deadline) {
  const Result<CopyAnswer> answer = ask_and_wait(location.keeper, HoldCopy{0, location.copy}, deadline);
  if (!answer.ok()) return answer.status();
  if (!answer->why.empty()) return Status(code_of_refusal(*answer), answer->why);
  if (answer->bytes != location.bytes) return Status(Code::kNotFound, "its node has another of that number");
  const auto memory = std::make_shared_for_overwrite<char[]>(location.bytes);
  const Status status = read_parts(location, memory, deadline);
  say(location.keeper.process, LetGo{{location.copy}});
  if (!status.ok()) return status;
  return internal::Bytes(std::string_view(memory.get(), answer->bytes), memory);
}

Status CopyTable::read_parts(const Location& location, const std::shared_ptr<char[]>& memory, Deadline deadline) {
  std::deque<std::uint64_t> under_way;
  Status failure;
  for (std::uint64_t from = 0; failure.ok() && (from < location.bytes || !under_way.empty());) {
    if (from < location.bytes && under_way.size() < kPartsAhead) {
      const std::uint64_t bytes = std::min(kMostRead, location.bytes - from);
      under_way.push_back(ask(location.keeper, ReadCopy{0, location.copy, from, bytes}, memory));
      from += bytes;
      continue;
    }
    const Result<CopyAnswer> part = wait(under_way.front(), deadline);
    under_way.pop_front();
    if (!part.ok())
      failure = part.status();
    else if (!part->why.empty())
      failure = Status(Code::kNotFound, part->why);
  }
  const std::lock_guard lock(mutex_);
  for (const std::uint64_t number : under_way) questions_[number].is_abandoned = true;
  return failure;
}

// ------------------------------------------------------------------ letting go

void CopyTable::end_use(const CopyId& key) {
  std::vector<std::uint64_t> copies;
  {
    const std::lock_guard lock(mutex_);
    const auto held = held_.find(key);
    if (held == held_.end() || --held->second.uses > 0 || held->second.is_kept) return;
    copies.assign(held->second.holds, held->second.local);
    held_.erase(held);
  }
  say(ProcessId::kNone, LetGo{std::move(copies)});
}

std::uint32_t CopyTable::forget(ProcessId keeper, std::uint64_t copy) {
  if (keeper != runtime_.home().process) return 0;
  const std::lock_guard lock(mutex_);
  const auto held = held_.find({keeper, copy});
  if (held == held_.end()) return 0;
  held->second.is_kept = false;
  if (held->second.uses > 0) return 0;
  const std::uint32_t holds = held->second.holds;
  held_.erase(held);
  return holds;
}

std::vector<std::uint64_t> CopyTable::take_idle() {
  std::vector<std::uint64_t> idle;
  const std::lock_guard lock(mutex_);
  std::erase_if(held_, [&idle](const auto& entry) {
    if (entry.second.uses > 0) return false;
    idle.insert(idle.end(), entry.second.holds, entry.second.local);
    return true;
  });
  return idle;
}

}  // namespace Atoll
