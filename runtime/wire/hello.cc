#include "runtime/wire/hello.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstring>

#include "runtime/base/check.h"

namespace Atoll {
namespace {

// The bytes of every hello message, little-endian:
//   0 magic  4 version  6 step  7 zero  8 sender  16 receiver  24 nonce  56 mac  88 zeros
// An offer has no mac and a proof no nonce: zeros.
constexpr char kMagic[4] = {'A', 'T', 'O', 'L'};
constexpr std::size_t kVersionAt = 4;
constexpr std::size_t kStepAt = 6;
constexpr std::size_t kSenderAt = 8;
constexpr std::size_t kReceiverAt = 16;
constexpr std::size_t kNonceAt = 24;
constexpr std::size_t kMacAt = 56;
constexpr std::size_t kUsed = 88;

enum class Step : std::uint8_t { kOffer = 1, kAnswer = 2, kProof = 3 };

using Bytes32 = std::array<std::uint8_t, 32>;

const char* to_string(Step step) {
  switch (step) {
    case Step::kOffer: return "offer";
    case Step::kAnswer: return "answer";
    case Step::kProof: return "proof";
  }
  return "unknown step";
}

void put(char* out, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>(value >> (8 * i));
}

std::uint64_t get(const char* in, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value |= std::uint64_t(static_cast<std::uint8_t>(in[i])) << (8 * i);
  return value;
}

std::string encode(Step step, ProcessId sender, ProcessId receiver, const Bytes32& nonce, const Bytes32& mac) {
  std::string message(kHelloBytes, '\0');
  std::memcpy(message.data(), kMagic, sizeof kMagic);
  put(message.data() + kVersionAt, kProtocolVersion, 2);
  put(message.data() + kStepAt, static_cast<std::uint8_t>(step), 1);
  put(message.data() + kSenderAt, static_cast<std::uint64_t>(sender), 8);
  put(message.data() + kReceiverAt, static_cast<std::uint64_t>(receiver), 8);
  std::memcpy(message.data() + kNonceAt, nonce.data(), nonce.size());
  std::memcpy(message.data() + kMacAt, mac.data(), mac.size());
  return message;
}

Status refuse(std::string why) { return Status(Code::kUnauthenticated, std::move(why)); }

struct Fields {
  ProcessId sender;
  Bytes32 nonce;
  Bytes32 mac;
};

// Reads a message that must be `step`, from anyone but `self`, meant for `self`.
Result<Fields> decode(std::string_view message, Step step, ProcessId self) {
  if (message.size() != kHelloBytes)
    return refuse("a hello of " + std::to_string(message.size()) + " bytes");
  if (std::memcmp(message.data(), kMagic, sizeof kMagic) != 0) return refuse("not an atoll hello");
  const std::uint64_t version = get(message.data() + kVersionAt, 2);
  if (version != kProtocolVersion) {
    return refuse("peer speaks protocol " + std::to_string(version) + ", we speak " +
                  std::to_string(kProtocolVersion));
  }
  const auto got = static_cast<Step>(get(message.data() + kStepAt, 1));
  if (got != step) return refuse(std::string("expected the ") + to_string(step) + ", got the " + to_string(got));
  const ProcessId sender{get(message.data() + kSenderAt, 8)};
  const ProcessId receiver{get(message.data() + kReceiverAt, 8)};
  if (sender == ProcessId::kNone) return refuse("a hello of nobody");
  if (sender == self) return refuse("our own hello came back");
  if (receiver != self) return refuse("a hello meant for process " + to_string(receiver));

  Fields fields;
  fields.sender = sender;
  std::memcpy(fields.nonce.data(), message.data() + kNonceAt, fields.nonce.size());
  std::memcpy(fields.mac.data(), message.data() + kMacAt, fields.mac.size());
  const bool zeros = message[kStepAt + 1] == 0 && message.find_first_not_of('\0', kUsed) == std::string_view::npos &&
                     (step != Step::kOffer || fields.mac == Bytes32{}) &&
                     (step != Step::kProof || fields.nonce == Bytes32{});
  if (!zeros) return refuse("a hello with bytes that must be zero and are not");
  return fields;
}

bool same(const Bytes32& a, const Bytes32& b) { return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0; }

}  // namespace

// What both sides know once the nonces were exchanged, in the order of the
// connection: who began it comes first. Every key and proof is an HMAC of it
// under a label of its own.
struct Hello::Transcript {
  ProcessId connecting;
  ProcessId accepting;
  const Nonce& connecting_nonce;
  const Nonce& accepting_nonce;

  Bytes32 mac(const Secret& secret, std::string_view label) const {
    std::string text(label);
    text.resize(32, '\0');
    char numbers[18];
    put(numbers, kProtocolVersion, 2);
    put(numbers + 2, static_cast<std::uint64_t>(connecting), 8);
    put(numbers + 10, static_cast<std::uint64_t>(accepting), 8);
    text.append(numbers, sizeof numbers);
    text.append(reinterpret_cast<const char*>(connecting_nonce.data()), connecting_nonce.size());
    text.append(reinterpret_cast<const char*>(accepting_nonce.data()), accepting_nonce.size());

    Bytes32 out;
    unsigned size = 0;
    const auto* done = HMAC(EVP_sha256(), secret.bytes.data(), static_cast<int>(secret.bytes.size()),
                            reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &size);
    ATOLL_CHECK(done != nullptr && size == out.size(), size);
    return out;
  }

  std::uint64_t token(const Secret& secret, std::string_view label) const {
    std::uint64_t value;
    const Bytes32 bytes = mac(secret, label);
    std::memcpy(&value, bytes.data(), sizeof value);
    return value != 0 ? value : 1;
  }
};

namespace {

constexpr std::string_view kAnswerLabel = "atoll answer";
constexpr std::string_view kProofLabel = "atoll proof";
constexpr std::string_view kForthLabel = "atoll token forth";
constexpr std::string_view kBackLabel = "atoll token back";

}  // namespace

Hello::Hello(const Secret& secret, ProcessId self, ProcessId peer, Stage stage)
    : secret_(secret), self_(self), peer_(peer), stage_(stage) {
  ATOLL_CHECK(self != ProcessId::kNone && self != peer, self, peer);
  fill_random(own_nonce_.data(), own_nonce_.size());
}

Hello Hello::connecting(const Secret& secret, ProcessId self, ProcessId peer) {
  ATOLL_CHECK(peer != ProcessId::kNone, self);
  return Hello(secret, self, peer, Stage::kAwaitAnswer);
}

Hello Hello::accepting(const Secret& secret, ProcessId self) {
  return Hello(secret, self, ProcessId::kNone, Stage::kAwaitOffer);
}

std::string Hello::offer() const { return encode(Step::kOffer, self_, peer_, own_nonce_, {}); }

Result<std::string> Hello::receive(std::string_view message) {
  Result<std::string> reply = refuse("a message after the end of the hello");
  switch (stage_) {
    case Stage::kAwaitOffer: reply = on_offer(message); break;
    case Stage::kAwaitAnswer: reply = on_answer(message); break;
    case Stage::kAwaitProof: reply = on_proof(message); break;
    case Stage::kDone:
    case Stage::kFailed: break;
  }
  if (!reply.ok()) stage_ = Stage::kFailed;
  if (stage_ == Stage::kFailed || stage_ == Stage::kDone) secret_ = Secret();
  return reply;
}

Result<std::string> Hello::on_offer(std::string_view message) {
  const Result<Fields> offer = decode(message, Step::kOffer, self_);
  if (!offer.ok()) return offer.status();
  peer_ = offer->sender;
  peer_nonce_ = offer->nonce;
  stage_ = Stage::kAwaitProof;
  const Transcript transcript{peer_, self_, peer_nonce_, own_nonce_};
  return encode(Step::kAnswer, self_, peer_, own_nonce_, transcript.mac(secret_, kAnswerLabel));
}

Result<std::string> Hello::on_answer(std::string_view message) {
  const Result<Fields> answer = decode(message, Step::kAnswer, self_);
  if (!answer.ok()) return answer.status();
  if (answer->sender != peer_)
    return refuse("process " + to_string(answer->sender) + " answered for " + to_string(peer_));
  peer_nonce_ = answer->nonce;
  const Transcript transcript{self_, peer_, own_nonce_, peer_nonce_};
  if (!same(answer->mac, transcript.mac(secret_, kAnswerLabel)))
    return refuse("process " + to_string(peer_) + " does not know the cluster secret");
  std::string proof = encode(Step::kProof, self_, peer_, {}, transcript.mac(secret_, kProofLabel));
  send_token_ = transcript.token(secret_, kForthLabel);
  receive_token_ = transcript.token(secret_, kBackLabel);
  stage_ = Stage::kDone;
  return proof;
}

Result<std::string> Hello::on_proof(std::string_view message) {
  const Result<Fields> proof = decode(message, Step::kProof, self_);
  if (!proof.ok()) return proof.status();
  if (proof->sender != peer_)
    return refuse("process " + to_string(proof->sender) + " proved for " + to_string(peer_));
  const Transcript transcript{peer_, self_, peer_nonce_, own_nonce_};
  if (!same(proof->mac, transcript.mac(secret_, kProofLabel)))
    return refuse("process " + to_string(peer_) + " does not know the cluster secret");
  send_token_ = transcript.token(secret_, kBackLabel);
  receive_token_ = transcript.token(secret_, kForthLabel);
  stage_ = Stage::kDone;
  return std::string();
}

}  // namespace Atoll
