#include "runtime/wire/codec.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <fstream>
#include <set>

#include "tests/support/random_message.h"

namespace Atoll {
namespace {

constexpr std::size_t kKinds = std::variant_size_v<MessageVariant>;

// An array of 2^32 - 1 entries, a map of as many, and a string and a blob of as many bytes.
const std::string kHugeArray("\xdd\xff\xff\xff\xff", 5), kHugeMap("\xdf\xff\xff\xff\xff", 5);
const std::string kHugeString("\xdb\xff\xff\xff\xff", 5), kHugeBlob("\xc6\xff\xff\xff\xff", 5);

std::string repeated(const std::string& bytes, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += bytes;
  return all;
}

// While it lives, this process can have at most so much more memory. Not under
// the sanitizers, which take terabytes of address space.
class MemoryLimit {
 public:
  explicit MemoryLimit([[maybe_unused]] std::size_t more) {
    ::getrlimit(RLIMIT_AS, &before_);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    rlimit limit = before_;
    limit.rlim_cur = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + more;
    ::setrlimit(RLIMIT_AS, &limit);
#endif
  }
  ~MemoryLimit() { ::setrlimit(RLIMIT_AS, &before_); }

 private:
  rlimit before_{};
};

std::string why(const std::string& bytes) {
  const Result<Message> message = decode(bytes);
  CHECK(message.status().code() == Code::kInvalidArgument);
  return message.status().message();
}

}  // namespace

TEST_CASE("every kind of message survives encoding, field by field") {
  testing::RandomMessages random(1);
  for (std::size_t place = 0; place < kKinds; ++place)
    for (int i = 0; i < 50; ++i) {
      const Message message = random.make(place);
      CAPTURE(name_of(message));
      const std::string bytes = encode(message);
      const Result<Message> decoded = decode(bytes);
      REQUIRE_MESSAGE(decoded.ok(), decoded.status().message());
      CHECK(decoded->index() == place);
      CHECK(encode(*decoded) == bytes);
    }
}

TEST_CASE("a number with a point survives encoding to the bit") {
  const double ends[] = {0.0,     -0.0,    0.1,    3.0,     -9223372036854775808.0, 18446744073709551616.0,
                         1e300, -1e300, 5e-324, INFINITY, NAN};
  for (const double value : ends) {
    CAPTURE(value);
    StatusReport report;
    report.uptime = value;
    const Result<Message> again = decode(encode(report));
    REQUIRE(again.ok());
    CHECK(std::bit_cast<std::uint64_t>(std::get<StatusReport>(*again).uptime) == std::bit_cast<std::uint64_t>(value));
  }
}

TEST_CASE("every kind of message has a name of its own") {
  testing::RandomMessages random(1);
  std::set<std::string> names;
  for (std::size_t place = 0; place < kKinds; ++place) names.insert(name_of(random.make(place)));
  CHECK(names.size() == kKinds);
  CHECK(std::string(name_of(Message(NodeDied()))) == "NodeDied");
}

TEST_CASE("no prefix of a message decodes, and a message with bytes behind it does not") {
  testing::RandomMessages random(2);
  for (std::size_t place = 0; place < kKinds; ++place) {
    const std::string bytes = encode(random.make(place));
    CAPTURE(place);
    for (std::size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(decode(std::string_view(bytes).substr(0, size)).ok());
    CHECK(why(bytes + "x") == "1 bytes follow the message");
  }
}

TEST_CASE("fields of a later version are passed over, and missing ones keep their defaults") {
  const std::string older("\x01\x91\xa4reef", 7), newer("\x01\x94\xa4reef\x05\xc0\x07", 10);
  REQUIRE(std::holds_alternative<Welcome>(decode(older).value()));
  CHECK(std::get<Welcome>(decode(older).value()).expected_nodes == 0);
  CHECK(std::get<Welcome>(decode(newer).value()).cluster == "reef");
  CHECK(std::get<Welcome>(decode(newer).value()).expected_nodes == 5);
}

TEST_CASE("what is not a message is refused with what is wrong") {
  CHECK(why("") == "an empty message");
  CHECK(why("\xff") == "no message has number 255");
  CHECK(why(std::string("\x01\xc0", 2)).find("message 1 does not decode") == 0);
}

TEST_CASE("bytes that are changed at random decode or are refused, and never do harm") {
  std::mt19937_64 random(3);
  testing::RandomMessages messages(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = encode(messages.make(random() % kKinds));
    for (auto changes = 1 + random() % 4; changes > 0; --changes)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    const Result<Message> decoded = decode(bytes);
    if (decoded.ok()) CHECK_FALSE(encode(*decoded).empty());
  }
}

TEST_CASE("what announces more than there is, or is nested too deep, is refused without the memory for it") {
  const std::string padding(4'000'000, '\xc0');
  // An array that claims no more entries than there are bytes, in the first of which is such an array, …
  const std::string nested("\xdd\x00\x30\x00\x00", 5);
  const std::string attacks[] = {kHugeArray, kHugeMap, kHugeString, kHugeBlob, repeated(nested, 60) + padding,
                                 repeated("\x91", 100'000), repeated("\x81", 100'000), repeated("\xdc\xff\xff", 60) + padding};
  const MemoryLimit limit(400'000'000);  // each of these is at most 4 MB long
  for (const std::string& attack : attacks)
    for (const std::size_t place : {std::size_t{0}, std::size_t{24}, Message(StatusReport()).index()})
      CHECK(why(static_cast<char>(place) + attack).find("bad_alloc") == std::string::npos);
}

TEST_CASE("a message as long as they come, of many values and long ones, is taken") {
  StatusReport report;
  report.nodes.resize(3000);
  report.cluster = std::string(100'000, 'x');
  JobReply job;
  job.info.environment.assign(70'000, "NAME=value");
  PushTask push;
  for (const std::size_t size : {0, 31, 32, 255, 256, 65'535, 65'536, 1 << 20}) push.arguments.emplace_back(size, 'x');
  for (const Message& message : {Message(report), Message(job), Message(push)})
    CHECK(encode(decode(encode(message)).value()) == encode(message));
}

}  // namespace Atoll
