#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/ids.h"
#include "runtime/base/status.h"
#include "runtime/wire/secret.h"

namespace Atoll {

// The mutual proof of the secret that begins every connection (DESIGN §7):
//
//   A -> B  offer   who A is, a fresh nonce of A
//   B -> A  answer  who B is, a fresh nonce of B, B's HMAC-SHA256 over all four
//   A -> B  proof   A's HMAC-SHA256 over the same, under another label
//
// Each is kHelloBytes long, whatever it says. Both sides derive from secret and
// nonces a 64-bit token for each direction; a transport that multiplexes
// connections tags each message with it, so that nobody who has not seen the
// secret can speak on somebody else's connection. man/atoll-protocol.7 draws the bytes.
inline constexpr std::size_t kHelloBytes = 128;
// Raised with every change of what is sent, so that two builds that differ say so at once.
inline constexpr std::uint16_t kProtocolVersion = 3;

// One side of one hello: a state machine without I/O (its nonce apart, which the
// kernel gives). It forgets the secret as soon as it is done or has failed.
//
// HELLO-1 done() only after a MAC over both process ids, both nonces and the
//         protocol version was right
// HELLO-2 a message of another hello, of another step, of ourselves or of
//         another version of the protocol fails the hello, and so does any
//         message after the last
// HELLO-3 tokens differ by direction and are never 0
class Hello {
 public:
  // The side that connects, and expects to find `peer`; take the offer to send
  // from `offer()`.
  static Hello connecting(const Secret& secret, ProcessId self, ProcessId peer);
  // The side that is connected to.
  static Hello accepting(const Secret& secret, ProcessId self);

  // The connecting side's first message.
  std::string offer() const;

  // Feeds one received message. On success returns what to send back, empty if
  // nothing. On failure (kUnauthenticated, with the reason for our log; nothing
  // is told to the peer) the connection must be closed.
  Result<std::string> receive(std::string_view message);

  // The peer has proved itself and may be heard; for the connecting side this
  // is when its proof must be sent before anything else.
  bool done() const { return stage_ == Stage::kDone; }

  // Valid when done(): who proved to know the secret. From the offer on, on the side that is connected to: who says so.
  ProcessId peer() const { return peer_; }
  // Valid when done().
  std::uint64_t send_token() const { return send_token_; }
  std::uint64_t receive_token() const { return receive_token_; }

 private:
  enum class Stage { kAwaitOffer, kAwaitAnswer, kAwaitProof, kDone, kFailed };
  using Nonce = std::array<std::uint8_t, 32>;
  struct Transcript;

  Hello(const Secret& secret, ProcessId self, ProcessId peer, Stage stage);
  Result<std::string> on_offer(std::string_view message);
  Result<std::string> on_answer(std::string_view message);
  Result<std::string> on_proof(std::string_view message);

  Secret secret_;
  ProcessId self_;
  ProcessId peer_;
  Stage stage_;
  Nonce own_nonce_{};
  Nonce peer_nonce_{};
  std::uint64_t send_token_ = 0;
  std::uint64_t receive_token_ = 0;
};

}  // namespace Atoll
