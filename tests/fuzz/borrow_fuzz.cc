// Whatever other processes say to an owner of objects and caller of tasks: it answers or does not heed it, and stays whole.
//
// An input is a list of who speaks (1 byte), how long it is (2 bytes), and a message as it travels.
#include "runtime/base/check.h"
#include "runtime/client/client_core.h"
#include "runtime/state/columns.h"
#include "runtime/wire/codec.h"
#include "tests/support/fuzz_target.h"
#include "tests/support/random_message.h"

namespace {

using namespace Atoll;

constexpr ProcessId kSelf{1}, kHead{2}, kDaemon{3}, kFar{4}, kWorker{5}, kPeer{6};
constexpr ProcessId kSpeakers[] = {kHead, kDaemon, kFar, kWorker, kPeer};

Contact contact_of(ProcessId process) { return {process, NodeId(static_cast<std::uint32_t>(process)), "somewhere"}; }
CallArgument of(ObjectId object) { return {nullptr, object, contact_of(object.process), nullptr}; }

// Owns a small, a large and a pending object, and has borrowed one; a task runs that takes some of them.
class Owner {
 public:
  Owner() : core_({contact_of(kSelf), contact_of(kHead), kSelf}, out_) {
    core_.set_home(contact_of(kDaemon));
    core_.put(now_, {kSelf, 1}, std::make_shared<const std::string>("abc"), out_);
    core_.put(now_, {kSelf, 2}, std::make_shared<const std::string>(encode_location({contact_of(kFar), 12, 1 << 20})), out_);
    core_.borrow({kPeer, 7}, contact_of(kPeer), out_);
    core_.submit(now_, {{kSelf, 3}, "f", {of({kSelf, 1})}, {}, 3}, out_);
    core_.submit(now_, {{kSelf, 4}, "f", {of({kSelf, 2}), of({kSelf, 3})}, {}, 3}, out_);
    out_.clear();
  }
  void hear(unsigned who, std::string_view bytes) {
    now_ += std::chrono::milliseconds(20);
    const ProcessId from = kSpeakers[who % std::size(kSpeakers)];
    if (who >= 128) {
      core_.on_lost(now_, from, Status(Code::kUnavailable, "connection reset"), out_);
    } else if (const Result<Message> message = decode(bytes); message.ok()) {
      core_.on_message(now_, from, *message, out_);
    }
    core_.on_tick(now_, out_);
    out_.clear();
  }
  // All is listed, whatever there is.
  void look() {
    for (const StateKind kind : {StateKind::kTasks, StateKind::kRefs}) {
      GetState question;
      question.kind = kind;
      for (const StateColumn& column : info_of(kind).columns) question.columns.push_back(column.key);
      core_.on_message(now_, kPeer, question, out_);
      ATOLL_CHECK(!out_.letters.empty());
      const auto& report = std::get<StateReport>(out_.letters.back().message);
      for (const StateRow& row : report.rows) ATOLL_CHECK(row.cells.size() == question.columns.size(), row.cells.size());
      out_.clear();
    }
  }

 private:
  Time now_{std::chrono::seconds(1000)};
  ClientOutbox out_;
  ClientCore core_;
};

std::string line(unsigned who, const Message& message) {
  const std::string bytes = encode(message);
  return std::string{static_cast<char>(who), static_cast<char>(bytes.size() >> 8), static_cast<char>(bytes.size())} + bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  Owner owner;
  while (rest.size() >= 3) {
    const auto byte = [&](std::size_t at) { return static_cast<std::size_t>(static_cast<unsigned char>(rest[at])); };
    const std::size_t who = byte(0), length = std::min(byte(1) << 8 | byte(2), rest.size() - 3);
    owner.hear(static_cast<unsigned>(who), rest.substr(3, length));
    rest.remove_prefix(3 + length);
  }
  owner.look();
  return 0;
}

Atoll::testing::FuzzTarget Atoll::testing::fuzz_target() {
  const LeaseId lease{kDaemon, 1};
  const std::string grant = line(1, LeaseGrant{1, lease, contact_of(kWorker)});
  const std::string large = encode_location({contact_of(kFar), 30, 1 << 20});
  const InsideRef inside{{kPeer, 9}, contact_of(kPeer)}, own{{kSelf, 1}, contact_of(kSelf)};
  std::vector<std::string> seeds = {
      grant + line(3, TaskDone{{kSelf, 3}, "7", {}, 1}) + line(3, TaskDone{{kSelf, 4}, "8", {}, 1}),
      grant + line(3, DoneWithRefs{{{kSelf, 3}, large, {}, 1}, {inside, own}, NodeId(5), {{kSelf, 1}}}) +
          line(4, ObjectsBorrowed{1}) + line(3, ReturnObjects{{{kSelf, 1}}}),
      grant + line(3, TaskDone{{kSelf, 3}, large, {}, 1}) + line(3, ArgumentLost{{kSelf, 4}, large, "it is gone"}) +
          line(0, NodeDied{NodeId(4), kFar, "it is silent"}),
      line(4, BorrowObjects{1, NodeId(6), {{kSelf, 1}, {kSelf, 2}}, false}) + line(4, FetchObject{{kSelf, 2}}) +
          line(4, CopyLost{{kSelf, 2}, kFar, 12, "it is gone"}) + line(4, ReturnObjects{{{kSelf, 2}}}),
      line(4, ObjectReady{{kPeer, 7}, large, {}, {own}}) + line(4, RecountRefs{{{{kPeer, 7}, 0}}}) + line(132, Sync{}),
      line(2, CopyOrphaned{{kSelf, 2}, 12}) + line(2, CopyHeld{1, 12, 0, 9}) + line(2, CopyGone{1, "gone"}),
      line(4, RefsTaken{{{kPeer, 3}, 1}, NodeId(6), {{kSelf, 1}}}) + line(4, CancelObject{{kSelf, 3}, true, true}),
      grant + line(1, LeaseLost{lease, "killed by signal 9", "n1", 7}) + line(1, LeaseRefused{2, 1, "", false}) + line(131, Sync{}),
      grant + line(3, ItemWithRefs{{{kSelf, 3}, 0, "1"}, {inside}}) + line(3, TasksReturned{{{kSelf, 3}}})};
  std::vector<std::string> words;
  RandomMessages random(2);
  for (std::size_t place = 0; place < std::variant_size_v<MessageVariant>; ++place)
    for (unsigned who = 0; who < 5; ++who) words.push_back(line(who, random.make(place)));
  for (unsigned who = 128; who < 133; ++who) words.push_back({static_cast<char>(who), 0, 0});
  return {"borrow", seeds, words};
}
