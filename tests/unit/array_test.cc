#include <atoll/array.h>

#include <doctest/doctest.h>

#include <numeric>
#include <string>
#include <vector>

#include <atoll/codec.h>

#include "tests/support/placed.h"

namespace Atoll {
namespace {

using internal::Bytes;
using internal::decode_value;
using internal::encode;
using internal::encode_value;
using testing::lies_in;
using testing::placed;

std::vector<double> numbers(std::size_t count) {
  std::vector<double> values(count);
  std::iota(values.begin(), values.end(), 0.5);
  return values;
}

struct Particle {
  float x, y;
  int charge;
  friend bool operator==(const Particle&, const Particle&) = default;
};

struct Frame {
  std::string name;
  Array<float> pixels;
  Array<Particle> particles;
  ATOLL_FIELDS(name, pixels, particles)
};

}  // namespace

TEST_CASE("an array survives its encoding, whatever its length") {
  for (const std::size_t count : {0, 1, 2, 100, 511, 512, 513, 8170, 8180, 8182, 8183, 8184, 8185, 8188, 8190, 8191, 8192, 100'000}) {
    CAPTURE(count);
    const Array<double> array(numbers(count));
    CHECK(decode_value<Array<double>>(encode_value(array)) == array);
    const Bytes bytes = placed(encode(array));
    const auto seen = decode_value<Array<double>>(bytes);
    CHECK(seen == array);
    if (count >= 512) CHECK(reinterpret_cast<std::uintptr_t>(seen.data()) % 64 == 0);
  }
}

TEST_CASE("an array that is decoded lies where the bytes are, and keeps them") {
  Bytes bytes = placed(encode(Array<double>(numbers(10'000))));
  const auto array = decode_value<Array<double>>(bytes);
  CHECK(lies_in(bytes, array.data()));
  const std::weak_ptr<const void> kept = bytes.owner;
  bytes = Bytes();
  CHECK_FALSE(kept.expired());
  const Array<double> part = array.part(9'999, 1);
  CHECK(part[0] == 9'999.5);
  CHECK(lies_in(Bytes(std::string_view(reinterpret_cast<const char*>(array.data()), 80'000)), part.data()));
}

TEST_CASE("an array of bytes that nobody keeps is copied") {
  const std::string bytes = encode_value(Array<double>(numbers(10'000)));
  CHECK_FALSE(lies_in(Bytes(bytes), decode_value<Array<double>>(bytes).data()));
}

TEST_CASE("arrays inside of other values are not copied on the way either") {
  Frame frame{"f", std::vector<float>(20'000, 1.5f), std::vector<Particle>(5'000, {1, 2, 3})};
  const Bytes bytes = placed(encode(frame));
  const auto seen = decode_value<Frame>(bytes);
  CHECK(seen.name == "f");
  CHECK(seen.pixels == frame.pixels);
  CHECK(seen.particles == frame.particles);
  CHECK(lies_in(bytes, seen.pixels.data()));
  CHECK(lies_in(bytes, seen.particles.data()));
  CHECK(reinterpret_cast<std::uintptr_t>(seen.pixels.data()) % 64 == 0);
  CHECK(reinterpret_cast<std::uintptr_t>(seen.particles.data()) % 64 == 0);
}

TEST_CASE("vectors and strings are encoded where they lie, and can be seen without a copy") {
  const std::vector<double> many = numbers(10'000), few = numbers(3);
  CHECK(decode_value<std::vector<double>>(encode_value(many)) == many);
  CHECK(decode_value<std::vector<double>>(encode_value(few)) == few);
  CHECK(decode_value<Array<double>>(encode_value(many)).to_vector() == many);
  CHECK(decode_value<Array<double>>(encode_value(few)).to_vector() == few);
  const std::string text(100'000, 'x');
  const Bytes bytes = placed(encode(text));
  CHECK(decode_value<std::string>(bytes) == text);
  CHECK(decode_value<Array<char>>(bytes).text() == text);
  CHECK(lies_in(bytes, decode_value<Array<char>>(bytes).data()));
  const std::vector<unsigned char> blob(100'000, 7);
  CHECK(decode_value<Array<unsigned char>>(placed(encode(blob))).to_vector() == blob);
}

TEST_CASE("small vectors are msgpack's own lists, and large ones cost no more than their bytes") {
  CHECK(encode_value(std::vector<int>{1, 2, 3}) == "\x93\x01\x02\x03");
  CHECK(encode_value(numbers(100'000)).size() < 800'100);
}

TEST_CASE("what is no array of that type is a type_error, not a wrong value") {
  const std::string doubles = encode_value(numbers(1'000));
  CHECK_THROWS_AS(decode_value<std::vector<float>>(doubles), msgpack::type_error);
  CHECK_THROWS_AS(decode_value<Array<std::int64_t>>(doubles), msgpack::type_error);
  CHECK_THROWS_AS(decode_value<Array<Particle>>(doubles), msgpack::type_error);
  CHECK_THROWS_AS(decode_value<Array<Particle>>(encode_value(std::string("abc"))), msgpack::type_error);
  for (std::size_t cut = 0; cut < 40; ++cut) CHECK_THROWS(decode_value<Array<double>>(doubles.substr(0, cut)));
  std::string forged = doubles;
  forged[8] = '\x7f';  // more padding than there are bytes
  forged[9] = '\x7f';
  CHECK_THROWS_AS(decode_value<Array<double>>(forged), msgpack::type_error);
}

}  // namespace Atoll
