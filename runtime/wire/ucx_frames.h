#pragma once

#include <cstddef>
#include <cstdint>

namespace Atoll {

// What UcxTransport puts into UCX active messages. All numbers are in the byte
// order of the machine: UCX itself does not cross byte orders.
//
//   kHelloAm    header HelloHeader   body kHelloBytes of hello.h; behind an offer the address that is to be answered, behind
//                                    a proof its ProofTail
//   kDataAm     header DataHeader    body the message
//   kBulkAm     header DataHeader and the message, of kMaxBulkHead at most  body the bulk
//   kControlAm  header ControlHeader no body
//   kKnockAm    neither, and is not read: it arrives when there is a connection (ucx_endpoint.h)
//
// Hello and control are always eager; data and bulk may come by rendezvous.
inline constexpr unsigned kHelloAm = 1;
inline constexpr unsigned kDataAm = 2;
inline constexpr unsigned kControlAm = 3;
inline constexpr unsigned kBulkAm = 4;
inline constexpr unsigned kKnockAm = 5;

// Names the two ends of one hello by random numbers that each end chose, so
// that a stray or forged message cannot end somebody else's hello.
struct HelloHeader {
  std::uint64_t to;    // 0 in an offer
  std::uint64_t from;
};

// Behind the proof, and read only after it was right. A process counts its
// links (ucx_link.h); a higher number than before says that it lost the last.
struct ProofTail {
  std::uint64_t epoch;
};

struct __attribute__((packed)) DataHeader {
  std::uint64_t token;     // the receiver's receive_token
  std::uint32_t sequence;  // counts from 0 for each token; a gap loses the link
};

enum class Control : std::uint64_t {
  kWelcome = 1,   // your proof arrived
  kGoodbye = 2,   // I close; everything before it was sent
  kFarewell = 3,  // everything before your goodbye was received
  kUnknown = 4,   // you speak on a link I do not have any more
};

struct ControlHeader {
  std::uint64_t token;  // the receiver's receive_token
  std::uint64_t epoch;  // the sender's link
  Control control;
};

}  // namespace Atoll
