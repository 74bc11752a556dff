#include "runtime/wire/messenger.h"

#include <doctest/doctest.h>

#include "runtime/wire/codec.h"
#include "tests/support/builders.h"

namespace Atoll {
namespace {

using namespace testing;

constexpr ProcessId kPeer{0x300};
constexpr ProcessId kStranger{0x400};

// A transport that writes down what it is told, and hands over what the test says.
struct ScriptedTransport : Transport {
  ProcessId self() const override { return kDriver; }
  const std::string& address() const override { return address_; }
  void learn(ProcessId peer, std::string address) override { learned[peer] = std::move(address); }
  Status send(ProcessId peer, std::string message) override {
    if (!learned.contains(peer)) return Status(Code::kNotFound, "nobody knows it");
    sent.emplace_back(peer, std::move(message));
    return Status();
  }
  std::string address_of(ProcessId) const override { return {}; }
  Status send_bulk(ProcessId peer, std::string message, Bulk bulk) override {
    bulks.emplace_back(bulk.bytes);
    return send(peer, std::move(message));
  }
  void disconnect(ProcessId peer) override { disconnected.push_back(peer); }
  bool progress(Time) override {
    const bool any = !arriving.empty();
    for (const auto& [from, bytes] : std::exchange(arriving, {})) handler->on_message(from, bytes);
    return any;
  }
  int event_fd() const override { return -1; }
  bool arm() override { return true; }

  TransportHandler* handler = nullptr;
  std::string address_;
  std::map<ProcessId, std::string> learned;
  std::vector<std::pair<ProcessId, std::string>> sent, arriving;
  std::vector<std::string> bulks;
  std::vector<ProcessId> disconnected;
};

struct Fixture : MessageHandler {
  Fixture() {
    transport.handler = &messenger;
    messenger.use(transport);
  }
  void on_message(ProcessId from, Message message) override { messages.emplace_back(from, std::move(message)); }
  void on_lost(ProcessId peer, const Status& why) override { lost.emplace_back(peer, why); }
  PeerClass class_of(ProcessId peer) const override { return peer == kPeer ? PeerClass::kDaemon : PeerClass::kOther; }

  ScriptedTransport transport;
  Messenger messenger{*this};
  std::vector<std::pair<ProcessId, Message>> messages;
  std::vector<std::pair<ProcessId, Status>> lost;
};

}  // namespace

TEST_CASE("an outbox is carried out contacts first, in order, and emptied") {
  Fixture fixture;
  Outbox out;
  out.send(kPeer, GetJob{kDriver});
  out.send(kPeer, Welcome{"reef", 2});
  out.learn(contact_of(kPeer));
  fixture.messenger.deliver(out);
  CHECK(out.empty());
  CHECK(fixture.transport.learned.at(kPeer) == contact_of(kPeer).address);
  REQUIRE(fixture.transport.sent.size() == 2);
  CHECK(fixture.transport.sent[0].second == encode(GetJob{kDriver}));
  CHECK(fixture.transport.sent[1].second == encode(Welcome{"reef", 2}));
  CHECK(fixture.messenger.arm());
  CHECK_FALSE(fixture.messenger.progress(Time()));
}

TEST_CASE("a message to nobody is a lost peer, told by the next progress and not before") {
  Fixture fixture;
  fixture.messenger.send(kStranger, GetStatus{});
  CHECK(fixture.lost.empty());
  CHECK_FALSE(fixture.messenger.arm());
  CHECK(fixture.messenger.progress(Time()));
  REQUIRE(fixture.lost.size() == 1);
  CHECK(fixture.lost[0].first == kStranger);
  CHECK(fixture.lost[0].second.message() == "nobody knows it");
  CHECK_FALSE(fixture.messenger.progress(Time()));
  CHECK(fixture.lost.size() == 1);
}

TEST_CASE("what arrives is decoded and handed over with its sender") {
  Fixture fixture;
  fixture.transport.arriving = {{kPeer, encode(Welcome{"reef", 2})}};
  CHECK(fixture.messenger.progress(Time()));
  REQUIRE(fixture.messages.size() == 1);
  CHECK(fixture.messages[0].first == kPeer);
  CHECK(std::get<Welcome>(fixture.messages[0].second).cluster == "reef");
}

TEST_CASE("TRANSPORT-3: a message that does not decode costs its sender the connection, and nobody else") {
  Fixture fixture;
  fixture.transport.arriving = {{kStranger, "\xff garbage"}, {kPeer, encode(GetStatus{})}};
  fixture.messenger.progress(Time());
  CHECK(fixture.transport.disconnected == std::vector<ProcessId>{kStranger});
  REQUIRE(fixture.lost.size() == 1);
  CHECK(fixture.lost[0].first == kStranger);
  CHECK(fixture.lost[0].second.code() == Code::kInvalidArgument);
  CHECK(fixture.messages.size() == 1);
}

TEST_CASE("messages and their bytes are counted by what the peer is, once somebody wants to know") {
  Fixture fixture;
  fixture.transport.learn(kPeer, "there");
  fixture.messenger.send(kPeer, GetJob{kDriver});
  TrafficByClass traffic{};
  fixture.messenger.count_in(traffic);
  fixture.messenger.send(kPeer, GetJob{kDriver});
  fixture.messenger.send(kPeer, CopyBytes{1, 0, 100}, {std::string(100, 'x'), nullptr});
  fixture.transport.arriving = {{kStranger, encode(Welcome{"reef", 2})}};
  fixture.messenger.progress(Time());
  const Traffic& peer = traffic[static_cast<std::size_t>(PeerClass::kDaemon)];
  CHECK(peer.messages_out == 2);
  CHECK(peer.bytes_out == encode(GetJob{kDriver}).size() + encode(CopyBytes{1, 0, 100}).size() + 100);
  CHECK(peer.messages_in == 0);
  const Traffic& other = traffic[static_cast<std::size_t>(PeerClass::kOther)];
  CHECK(other.messages_in == 1);
  CHECK(other.bytes_in == encode(Welcome{"reef", 2}).size());
  CHECK(traffic[static_cast<std::size_t>(PeerClass::kHead)].messages_out == 0);
}

}  // namespace Atoll
