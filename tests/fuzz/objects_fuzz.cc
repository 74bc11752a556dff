// Whatever processes and other daemons say of large objects, in whatever order: a node's store and its pulls stay whole, and when
// all who spoke are gone nothing is left.
//
// An input is a list of who speaks (1 byte: a process below kSpeakers, or something that happens), how long it is (2 bytes), and
// a message as it travels.
#include "runtime/base/check.h"
#include "runtime/objects/node_objects.h"
#include "runtime/wire/codec.h"
#include "tests/support/fuzz_target.h"
#include "tests/support/random_message.h"

namespace {

using namespace Atoll;

constexpr std::uint64_t kMiB = 1 << 20, kArena = 16 * kMiB, kSpillLimit = 64 * kMiB;
constexpr unsigned kSpeakers = 6;  // the first three are the node's own, the others daemons
constexpr ProcessId kSelf{1000};

ProcessId speaker(unsigned number) { return ProcessId(number + 1); }
Contact contact_of(ProcessId process) { return {process, NodeId(7), "somewhere"}; }

class Node {
 public:
  void hear(unsigned who, std::string_view bytes) {
    now_ += std::chrono::milliseconds(50);
    if (who % 16 < kSpeakers)
      say(speaker(who % 16), bytes);
    else if (who % 16 < 2 * kSpeakers)
      objects_.on_ended(now_, speaker(who % 16 - kSpeakers), out_);
    else
      objects_.on_tick(now_, out_);
    carry_out();
    check();
  }
  void end_all() {
    for (unsigned who = 0; who < kSpeakers; ++who) objects_.on_ended(now_, speaker(who), out_);
    for (const ProcessId owner : owners_) objects_.on_ended(now_, owner, out_);
    carry_out();
    check();
    ATOLL_CHECK(objects_.store().copies() == 0, objects_.store().copies());
    ATOLL_CHECK(objects_.store().free() == objects_.store().size(), objects_.store().free());
    ATOLL_CHECK(objects_.store().waiting() == 0 && objects_.pulls().under_way() == 0, objects_.pulls().under_way());
    ATOLL_CHECK(objects_.store().spills().files() == 0 && objects_.store().spills().on_disk() == 0);
  }

 private:
  void say(ProcessId from, std::string_view bytes) {
    const Result<Message> message = decode(bytes);
    if (!message.ok()) return;
    std::visit([&](const auto& said) { hand_on(from, said); }, *message);
  }
  // As the node's daemon does it.
  void hand_on(ProcessId from, const ReadCopy& read) {
    if (objects_.pin_to_send(from, read, out_)) objects_.unpin(now_, read.copy, out_);
  }
  void hand_on(ProcessId from, const CopyBytes& part) {
    const auto target = objects_.pin_to_receive(from, part);
    if (target) ATOLL_CHECK(target->offset <= kArena && part.bytes <= kArena - target->offset, target->offset, part.bytes);
    objects_.handle(now_, from, part, out_);
    if (target) objects_.unpin(now_, target->copy, out_);
  }
  void hand_on(ProcessId, const NodeDied& died) {
    if (died.daemon != kSelf) objects_.on_node_died(now_, died.daemon, died.why, out_);
  }
  template <typename Said>
  void hand_on(ProcessId from, const Said& said) {
    if constexpr (requires { objects_.handle(now_, from, said, out_); }) {
      if constexpr (std::is_same_v<Said, MakeRoom>) owners_.insert(said.owner);
      objects_.handle(now_, from, said, out_);
    }
  }
  void carry_out() {
    while (!out_.empty()) {
      ObjectOutbox todo = std::exchange(out_, {});
      for (const Outbox::Letter& letter : todo.letters) ATOLL_CHECK(letter.to != kSelf, name_of(letter.message));
      for (const SpillOrder& order : todo.spills) std::visit([this](const auto& each) { carry_out(each); }, order);
    }
  }
  void carry_out(const WriteSpill& order) {
    SpillWritten written{order.file, {}};
    for (const SpillPiece& piece : order.pieces) written.copies.emplace_back(piece.copy, piece.copy);
    objects_.on_spill(now_, written, out_);
  }
  void carry_out(const ReadSpill& order) { objects_.on_spill(now_, SpillRead{order.file, order.piece.copy, ""}, out_); }
  void carry_out(const DeleteSpill&) {}
  void carry_out(const PunchSpill& order) {
    SpillPunched punched{order.file, 0};
    for (const PunchSpill::Part& part : order.parts) punched.bytes += part.bytes;
    objects_.on_spill(now_, punched, out_);
  }
  void check() const {
    ATOLL_CHECK(objects_.store().free() <= objects_.store().size(), objects_.store().free());
    ATOLL_CHECK(objects_.store().spills().on_disk() <= kSpillLimit, objects_.store().spills().on_disk());
  }

  Time now_{std::chrono::seconds(1000)};
  ObjectOutbox out_;
  std::set<ProcessId> owners_;
  NodeObjects objects_{contact_of(kSelf), kArena, "n1", {true, kSpillLimit, "/spill"}};
};

std::string line(unsigned who, const Message& message) {
  const std::string bytes = encode(message);
  return std::string{static_cast<char>(who), static_cast<char>(bytes.size() >> 8), static_cast<char>(bytes.size())} + bytes;
}

// Made, sealed, read by another process and by a daemon, and dropped.
std::string life(std::uint64_t copy, std::uint64_t bytes) {
  const ProcessId owner = speaker(0), daemon = speaker(4);
  return line(0, MakeRoom{1, ObjectId{owner, 5}, owner, bytes}) + line(0, SealCopy{copy}) + line(1, HoldCopy{2, copy}) +
         line(0, LetGo{{copy}}) + line(4, HoldCopy{3, copy, {}, 0, contact_of(daemon)}) + line(4, ReadCopy{4, copy, 0, 4096}) +
         line(4, LetGo{{copy}}) + line(4, CopyTaken{copy, 70}) + line(1, LetGo{{copy}}) + line(0, DropCopies{{copy}});
}
// Of another node's copy; the first numbers that a pull counts.
std::string fetch(std::uint64_t bytes, bool ahead) {
  const ProcessId keeper = speaker(3);
  std::string all = line(1, HoldCopy{1, 9, contact_of(keeper), bytes, {}, ahead}) +
                    line(3, CopyHeld{2, 9, 0, bytes, ObjectId{speaker(5), 1}});
  for (std::uint64_t from = 0, request = 3; from < bytes; from += kMostRead, ++request)
    all += line(3, CopyBytes{request, from, std::min(kMostRead, bytes - from)});
  return all + line(2, HoldCopy{2, 9, contact_of(keeper), bytes}) + line(3, CopyDropped{9});
}
// Twice the memory, so that some are spilled.
std::string many(std::uint64_t bytes) {
  std::string all;
  for (std::uint64_t copy = 1; copy * bytes <= 2 * kArena; ++copy)
    all += line(0, MakeRoom{copy, ObjectId{speaker(0), copy}, speaker(0), bytes}) + line(0, SealCopy{copy}) + line(0, LetGo{{copy}});
  return all + line(1, HoldCopy{50, 1}) + line(0, DropCopies{{1, 2, 3}}) + line(1, LetGo{{1}}) + line(12, SealCopy{});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  Node node;
  while (rest.size() >= 3) {
    const auto byte = [&](std::size_t at) { return static_cast<std::size_t>(static_cast<unsigned char>(rest[at])); };
    const std::size_t who = byte(0), length = std::min(byte(1) << 8 | byte(2), rest.size() - 3);
    node.hear(static_cast<unsigned>(who), rest.substr(3, length));
    rest.remove_prefix(3 + length);
  }
  node.end_all();
  return 0;
}

Atoll::testing::FuzzTarget Atoll::testing::fuzz_target() {
  std::vector<std::string> seeds = {life(1, 100'000),        life(1, 9 * kMiB), fetch(100'000, false), fetch(9 * kMiB, true),
                                    fetch(9 * kMiB, false), many(kMiB),        many(300'000),         life(1, 4096) + many(2 * kMiB)};
  std::vector<std::string> words;
  RandomMessages random(1);
  for (std::size_t place = 0; place < std::variant_size_v<MessageVariant>; ++place)
    for (unsigned who : {0, 3}) words.push_back(line(who, random.make(place)));
  for (unsigned who = 6; who < 13; ++who) words.push_back({static_cast<char>(who), 0, 0});
  for (std::uint64_t copy = 1; copy < 4; ++copy)
    for (const Message& message : {Message(HoldCopy{9, copy}), Message(LetGo{{copy}}), Message(DropCopies{{copy}}),
                                   Message(OwnCopies{{copy}}), Message(CopyTaken{copy, 3}), Message(SealCopy{copy})})
      words.push_back(line(static_cast<unsigned>(copy), message));
  return {"objects", seeds, words};
}
