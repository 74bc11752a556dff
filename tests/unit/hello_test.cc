#include "runtime/wire/hello.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

namespace Atoll {
namespace {

constexpr ProcessId kAnna{0xa};
constexpr ProcessId kBert{0xb};

struct Pair {
  Secret secret = Secret::random();
  Hello anna = Hello::connecting(secret, kAnna, kBert);
  Hello bert = Hello::accepting(secret, kBert);
};

// Offsets of the fields of a hello message (man/atoll-protocol.7).
constexpr std::size_t kVersionAt = 4, kStepAt = 6, kReceiverAt = 16, kMacAt = 56, kUnusedAt = 88;

std::string changed(std::string message, std::size_t at) {
  message[at] = static_cast<char>(message[at] ^ 1);
  return message;
}

std::string why(const Result<std::string>& result) {
  CHECK(result.status().code() == Code::kUnauthenticated);
  return result.status().message();
}

}  // namespace

TEST_CASE("two sides with one secret find each other in three messages of equal length") {
  Pair pair;
  const std::string offer = pair.anna.offer();
  const std::string answer = pair.bert.receive(offer).value();
  CHECK_FALSE(pair.bert.done());
  const std::string proof = pair.anna.receive(answer).value();
  CHECK(pair.anna.done());
  CHECK(pair.bert.receive(proof).value() == "");
  CHECK(pair.bert.done());
  CHECK(offer.size() == kHelloBytes);
  CHECK(answer.size() == kHelloBytes);
  CHECK(proof.size() == kHelloBytes);
  CHECK(pair.anna.peer() == kBert);
  CHECK(pair.bert.peer() == kAnna);
}

TEST_CASE("both sides derive the same tokens, other ones for each direction and each hello") {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 50; ++i) {
    Pair pair;
    REQUIRE(pair.bert.receive(pair.anna.receive(pair.bert.receive(pair.anna.offer()).value()).value()).ok());
    CHECK(pair.anna.send_token() == pair.bert.receive_token());
    CHECK(pair.bert.send_token() == pair.anna.receive_token());
    seen.insert({pair.anna.send_token(), pair.bert.send_token()});
  }
  CHECK(seen.size() == 100);
  CHECK_FALSE(seen.contains(0));
}

TEST_CASE("no secret byte is in any message") {
  Pair pair;
  const std::string offer = pair.anna.offer();
  const std::string answer = pair.bert.receive(offer).value();
  const std::string proof = pair.anna.receive(answer).value();
  const std::string secret(pair.secret.bytes.begin(), pair.secret.bytes.end());
  for (std::size_t i = 0; i + 4 <= secret.size(); ++i)
    CHECK((offer + answer + proof).find(secret.substr(i, 4)) == std::string::npos);
}

TEST_CASE("the connecting side refuses who does not know the secret") {
  Pair pair;
  Hello stranger = Hello::accepting(Secret::random(), kBert);
  CHECK(why(pair.anna.receive(stranger.receive(pair.anna.offer()).value())) ==
        "process 000000000000000b does not know the cluster secret");
  CHECK_FALSE(pair.anna.done());
}

TEST_CASE("the accepting side refuses who does not know the secret") {
  Pair pair;
  Hello stranger = Hello::connecting(Secret::random(), kAnna, kBert);
  std::string answer = pair.bert.receive(stranger.offer()).value();
  CHECK_FALSE(stranger.receive(answer).ok());
  // All a stranger can do is to make up a proof.
  Pair other;
  const std::string proof =
      other.anna.receive(other.bert.receive(other.anna.offer()).value()).value();
  CHECK(why(pair.bert.receive(proof)) == "process 000000000000000a does not know the cluster secret");
}

TEST_CASE("a changed byte anywhere in any of the three messages fails the hello") {
  for (std::size_t at = 0; at < kHelloBytes; ++at) {
    CAPTURE(at);
    {
      Pair pair;
      Result<std::string> answer = pair.bert.receive(changed(pair.anna.offer(), at));
      // Who offers, and the nonce, are for anyone to choose: the proof is over them.
      if (answer.ok()) CHECK_FALSE(pair.anna.receive(*answer).ok());
    }
    {
      Pair pair;
      CHECK_FALSE(pair.anna.receive(changed(pair.bert.receive(pair.anna.offer()).value(), at)).ok());
    }
    {
      Pair pair;
      const std::string proof = pair.anna.receive(pair.bert.receive(pair.anna.offer()).value()).value();
      CHECK_FALSE(pair.bert.receive(changed(proof, at)).ok());
    }
  }
}

TEST_CASE("another version of the protocol is named") {
  Pair pair;
  std::string offer = pair.anna.offer();
  offer[kVersionAt] = kProtocolVersion - 1;
  CHECK(why(pair.bert.receive(offer)) == "peer speaks protocol 2, we speak 3");
}

TEST_CASE("messages that are not a hello are refused with a reason") {
  Pair pair;
  const std::string offer = pair.anna.offer();
  struct Case {
    std::string message, reason;
  };
  const Case cases[] = {
      {"", "a hello of 0 bytes"},
      {offer.substr(1), "a hello of 127 bytes"},
      {offer + "x", "a hello of 129 bytes"},
      {std::string(kHelloBytes, 'x'), "not an atoll hello"},
      {changed(offer, kMacAt), "a hello with bytes that must be zero and are not"},
      {changed(offer, kUnusedAt), "a hello with bytes that must be zero and are not"},
      {changed(offer, kHelloBytes - 1), "a hello with bytes that must be zero and are not"},
      {changed(offer, kReceiverAt), "a hello meant for process 000000000000000a"},
      {changed(changed(offer, kStepAt), kStepAt + 1), "expected the offer, got the unknown step"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.reason);
    Hello bert = Hello::accepting(pair.secret, kBert);
    CHECK(why(bert.receive(c.message)) == c.reason);
  }
}

TEST_CASE("a peer that sends our own offer back is refused") {
  Pair pair;
  CHECK(why(pair.anna.receive(pair.anna.offer())) == "expected the answer, got the offer");
  Hello anna_accepts = Hello::accepting(pair.secret, kAnna);
  CHECK(why(anna_accepts.receive(pair.anna.offer())) == "our own hello came back");
}

TEST_CASE("a peer that lets us answer ourselves does not get in") {
  // A stranger turns Anna's offer to Bert around, as if Bert connected to Anna.
  Pair pair;
  std::string turned = pair.anna.offer();
  std::swap_ranges(turned.begin() + 8, turned.begin() + 16, turned.begin() + 16);
  Hello anna_accepts = Hello::accepting(pair.secret, kAnna);
  std::string answer = anna_accepts.receive(turned).value();
  std::swap_ranges(answer.begin() + 8, answer.begin() + 16, answer.begin() + 16);
  CHECK_FALSE(pair.anna.receive(answer).ok());
}

TEST_CASE("a recorded hello cannot be replayed") {
  Pair first;
  const std::string offer = first.anna.offer();
  const std::string answer = first.bert.receive(offer).value();
  const std::string proof = first.anna.receive(answer).value();

  Hello anna_again = Hello::connecting(first.secret, kAnna, kBert);
  CHECK_FALSE(anna_again.receive(answer).ok());
  Hello bert_again = Hello::accepting(first.secret, kBert);
  REQUIRE(bert_again.receive(offer).ok());
  CHECK_FALSE(bert_again.receive(proof).ok());
}

TEST_CASE("an answer of another process than the one we called is refused") {
  Pair pair;
  std::string offer = pair.anna.offer();
  offer[kReceiverAt] = 0xc;
  Hello carl = Hello::accepting(pair.secret, ProcessId{0xc});
  CHECK(why(pair.anna.receive(carl.receive(offer).value())) ==
        "process 000000000000000c answered for 000000000000000b");
}

TEST_CASE("a hello hears nothing after its end") {
  Pair pair;
  const std::string proof = pair.anna.receive(pair.bert.receive(pair.anna.offer()).value()).value();
  REQUIRE(pair.bert.receive(proof).ok());
  CHECK(why(pair.bert.receive(proof)) == "a message after the end of the hello");
  CHECK_FALSE(pair.bert.done());
}

TEST_CASE("a secret survives its hexadecimal form and nothing else does") {
  const Secret secret = Secret::random();
  CHECK(Secret::from_hex(secret.to_hex()).value() == secret);
  CHECK(secret.to_hex().size() == 64);
  CHECK_FALSE(secret == Secret::random());
  for (const std::string& bad : {std::string(), secret.to_hex().substr(1), secret.to_hex() + "0", std::string(64, 'g')}) {
    const Result<Secret> read = Secret::from_hex(bad);
    REQUIRE_FALSE(read.ok());
    CHECK(read.status().message() == "a cluster secret is 64 hexadecimal digits");
  }
}

}  // namespace Atoll
