#include <atoll/tensor.h>

#include <doctest/doctest.h>

#include <cstring>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include <atoll/arguments.h>
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

// 0, 1, 2 ... in that shape.
template <typename T = double>
Tensor<T> counted(const Shape& shape) {
  std::vector<T> values(std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>()));
  std::iota(values.begin(), values.end(), T{});
  return Tensor<T>(shape, values);
}

struct Particle {
  float x, y;
  int charge;
  friend bool operator==(const Particle&, const Particle&) = default;
};

struct Layer {
  std::string name;
  Tensor<float> weights;
  AnyTensor bias;
  ATOLL_FIELDS(name, weights, bias)
};

template <typename E>
std::string words(const std::function<void()>& call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace

TEST_CASE("a tensor's elements are found by their indices, in row-major order") {
  const Tensor<double> tensor = counted({3, 4, 5});
  CHECK(tensor.rank() == 3);
  CHECK(tensor.size() == 60);
  CHECK(tensor.strides() == Strides{20, 5, 1});
  CHECK(tensor(2, 3, 4) == 59);
  CHECK(tensor.at(1, 0, 2) == 22);
  CHECK(counted({}).at() == 0);
  CHECK(counted({}).size() == 1);
  CHECK(Tensor<int>().size() == 0);
  CHECK(tensor.any().description() == "float64[3, 4, 5]");
}

TEST_CASE("what a tensor does not have is a ShapeError that says what it has") {
  const Tensor<double> tensor = counted({3, 4});
  CHECK(words<ShapeError>([&] { tensor.at(3, 0); }) == "index 3 is not in dimension 0 of a tensor float64[3, 4]");
  CHECK(words<ShapeError>([&] { tensor.at(1, -1); }) ==
        "index 18446744073709551615 is not in dimension 1 of a tensor float64[3, 4]");
  CHECK(words<ShapeError>([&] { tensor.at(1); }) == "1 index for a tensor float64[3, 4]");
  CHECK(words<ShapeError>([&] { tensor.at(1, 2, 3); }) == "3 indices for a tensor float64[3, 4]");
  CHECK(words<ShapeError>([&] { tensor.slice(1, 3, 2); }) ==
        "a slice of 2 from 3 on is not in dimension 1 of a tensor float64[3, 4]");
  CHECK(words<ShapeError>([&] { tensor.slice(1, 5, ~std::size_t{0}); }).starts_with("a slice of 18446744073709551615 from 5"));
  CHECK(words<ShapeError>([&] { tensor.slice(2, 0, 1); }) == "there is no dimension 2 in a tensor float64[3, 4]");
  CHECK(words<ShapeError>([&] { tensor.reshaped({5, 2}); }) == "12 elements for the shape [5, 2], which has 10");
  CHECK(words<ShapeError>([&] {
          tensor.transposed({0, 0});
        }) == "[0, 0] is no order of the dimensions of a tensor float64[3, 4]");
  CHECK(words<ShapeError>([] { Tensor<int>({2, 2}, std::vector<int>(3)); }) == "3 elements for the shape [2, 2], which has 4");
}

TEST_CASE("TENSOR-3: too many dimensions, or more elements than memory has, are refused") {
  const std::size_t half = std::size_t{1} << 32;
  CHECK(words<ShapeError>([&] {
          Tensor<int>({half, half}, std::vector<int>());
        }) == "a tensor of shape [4294967296, 4294967296] fits into no memory");
  CHECK(words<ShapeError>([&] { Tensor<int>(Shape(33, 1), std::vector<int>(1)); }) ==
        "a tensor of 33 dimensions: 32 is the limit");
  CHECK(words<ShapeError>([] { Tensor<int>({2, 2}, {1}, nullptr, nullptr); }) == "1 strides for a tensor int32[2, 2]");
  CHECK(Tensor<int>({half, half, 0}, std::vector<int>()).transposed().is_contiguous());
}

TEST_CASE("slices, transposes and reshapes are views of the same memory") {
  const Tensor<int> tensor = counted<int>({3, 4});
  const Tensor<int> columns = tensor.slice(1, 1, 2), turned = tensor.transposed();
  CHECK(columns.shape() == Shape{3, 2});
  CHECK(columns.data() == tensor.data() + 1);
  CHECK(columns(2, 1) == 10);
  CHECK_FALSE(columns.is_contiguous());
  CHECK(turned.data() == tensor.data());
  CHECK(turned.shape() == Shape{4, 3});
  CHECK(turned.at(3, 2) == 11);
  CHECK(turned.transposed() == tensor);
  CHECK(tensor.slice(0, 1, 1).is_contiguous());
  CHECK(tensor.reshaped({2, 6}).data() == tensor.data());
  CHECK(tensor.reshaped({2, 6})(1, 0) == 6);
  CHECK(counted<int>({2, 3, 4}).transposed({2, 0, 1}).at(3, 1, 2) == 23);
  CHECK(tensor.slice(0, 3, 0).size() == 0);
}

TEST_CASE("what does not lie in row-major order is copied where that is asked for") {
  const Tensor<int> tensor = counted<int>({2, 3});
  CHECK(tensor.flat().data() == tensor.data());
  CHECK(tensor.transposed().flat() == Array<int>({0, 3, 1, 4, 2, 5}));
  CHECK(tensor.transposed().reshaped({2, 3}) == Tensor<int>({2, 3}, std::vector<int>{0, 3, 1, 4, 2, 5}));
  const Tensor<Particle> structs({2, 2}, std::vector<Particle>{{1, 1, 1}, {2, 2, 2}, {3, 3, 3}, {4, 4, 4}});
  CHECK(structs.transposed().flat()[1] == Particle{3, 3, 3});
}

TEST_CASE("strides may be any: backwards, or the same element again") {
  const auto memory = std::make_shared<std::vector<int>>(std::vector<int>{0, 1, 2, 3, 4, 5});
  const Tensor<int> backwards({6}, {-1}, memory->data() + 5, memory);
  CHECK(backwards(1) == 4);
  CHECK(backwards.slice(0, 2, 2).flat() == Array<int>({3, 2}));
  const Tensor<int> repeated({2, 3}, {0, 2}, memory->data(), memory);
  CHECK(repeated.flat() == Array<int>({0, 2, 4, 0, 2, 4}));
  CHECK(decode_value<Tensor<int>>(encode_value(backwards)) == backwards);
  CHECK(decode_value<Tensor<int>>(encode_value(repeated)) == repeated);
  const Tensor<int> one_row({1, 3}, {PTRDIFF_MAX / 2, 2}, memory->data(), memory);
  CHECK(one_row.flat() == Array<int>({0, 2, 4}));
  CHECK(decode_value<Tensor<int>>(encode_value(one_row)) == one_row);
}

TEST_CASE("a tensor survives its encoding, whatever its shape, and large ones are aligned") {
  for (const Shape& shape :
       {Shape{0}, {}, {1}, {7}, {3, 0, 2}, {16, 32}, {4, 4, 4, 4, 4}, {8191}, {2, 4095}, {8, 1024}, {100'000}}) {
    CAPTURE(shape.size());
    const Tensor<double> tensor = counted(shape);
    CHECK(decode_value<Tensor<double>>(encode_value(tensor)) == tensor);
    const Bytes bytes = placed(encode(tensor));
    const auto seen = decode_value<Tensor<double>>(bytes);
    CHECK(seen == tensor);
    if (tensor.size() >= 512) CHECK(reinterpret_cast<std::uintptr_t>(seen.data()) % 64 == 0);
    if (tensor.size() >= 512) CHECK(lies_in(bytes, seen.data()));
  }
}

TEST_CASE("a tensor that is decoded lies where the bytes are, and keeps them; so do its views") {
  Bytes bytes = placed(encode(counted({100, 200})));
  auto tensor = decode_value<Tensor<double>>(bytes).slice(1, 5, 10).transposed();
  CHECK(lies_in(bytes, tensor.data()));
  CHECK(tensor.at(9, 99) == 19'814);
  const std::weak_ptr<const void> kept = bytes.owner;
  bytes = Bytes();
  CHECK_FALSE(kept.expired());
  tensor = {};
  CHECK(kept.expired());
}

TEST_CASE("TENSOR-2: one block keeps its strides and is not packed; what has gaps is packed") {
  const Tensor<double> turned = counted({100, 200}).transposed();
  const auto again = decode_value<Tensor<double>>(placed(encode(turned)));
  CHECK(again.strides() == Strides{1, 200});
  CHECK(again == turned);
  const Tensor<double> part = counted({100, 200}).slice(1, 0, 50);
  const auto packed = decode_value<Tensor<double>>(placed(encode(part)));
  CHECK(packed.strides() == Strides{50, 1});
  CHECK(packed == part);
  CHECK(encode(part).size() < 40'200);
}

TEST_CASE("tensors inside of other values are not copied on the way either") {
  const Layer layer{"dense", counted<float>({64, 128}), counted<std::int16_t>({4096})};
  const Bytes bytes = placed(encode(layer));
  const auto seen = decode_value<Layer>(bytes);
  CHECK(seen.weights == layer.weights);
  CHECK(lies_in(bytes, seen.weights.data()));
  CHECK(lies_in(bytes, seen.bias.data()));
  CHECK(seen.bias.as<std::int16_t>()(4095) == 4095);
}

TEST_CASE("a reader that does not know the type asks for it") {
  const AnyTensor any = decode_value<AnyTensor>(encode_value(counted<std::uint16_t>({2, 3})));
  CHECK(any.dtype().name() == "uint16");
  CHECK(any.is<std::uint16_t>());
  CHECK(any.as<std::uint16_t>()(1, 2) == 5);
  CHECK(any.transposed().as<std::uint16_t>()(2, 1) == 5);
  CHECK(words<WrongTypeError>([&] { any.as<std::int16_t>(); }) == "the tensor is uint16[2, 3], its elements are no int16");
  CHECK(decode_value<AnyTensor>(encode_value(Array<float>(std::vector<float>{1, 2, 3}))).description() == "float32[3]");
  CHECK(decode_value<Tensor<float>>(encode_value(Array<float>(std::vector<float>{1, 2, 3})))(2) == 3);
  CHECK(decode_value<AnyTensor>(encode_value(AnyTensor(counted<int>({2})))).as<int>()(1) == 1);
  CHECK(dtype_of<bool>().name() == "bool");
  CHECK(dtype_of<Particle>().name() == "struct of 12 bytes");
}

TEST_CASE("a parameter of any type takes tensors and arrays, values or Refs") {
  CHECK(internal::kStandsFor<Tensor<float>, AnyTensor>);
  CHECK(internal::kStandsFor<Ref<Tensor<float>>, AnyTensor>);
  CHECK(internal::kStandsFor<Ref<Array<float>>, AnyTensor>);
  CHECK_FALSE(internal::kStandsFor<Ref<std::vector<float>>, AnyTensor>);
  CHECK_FALSE(internal::kStandsFor<Ref<Tensor<float>>, Tensor<double>>);
}

TEST_CASE("what is no tensor of that type is a type_error with words, not a wrong value") {
  const auto words_of = [](const std::string& bytes) {
    return words<msgpack::type_error>([&] { decode_value<Tensor<double>>(bytes); });
  };
  CHECK(words_of(encode_value(counted<float>({2, 3}))) == "the tensor is float32[2, 3], its elements are no float64");
  CHECK(words_of(encode_value(std::vector<double>{1})) == "the value is neither a tensor nor an array");
  CHECK(words_of(encode_value(std::string("tensor"))) == "the value is neither a tensor nor an array");
  const std::string good = encode_value(counted({2, 3}));
  REQUIRE(good.size() == 3 + 16 + 32 + 48);
  CHECK(decode_value<Tensor<double>>(good) == counted({2, 3}));
  for (std::size_t cut = 0; cut < good.size(); ++cut) CHECK_THROWS(decode_value<Tensor<double>>(good.substr(0, cut)));
  // Where in the bytes a number is put, and what must come of it.
  struct Forged {
    std::size_t at;
    std::uint64_t number;
    const char* words;
  };
  for (const Forged& forged : {Forged{19, 3, "6 elements for the shape [3, 3], which has 9"},
                               {19, ~std::uint64_t{0}, "a tensor of shape [18446744073709551615, 3] fits into no memory"},
                               {35, 4, "a tensor's elements do not lie in one block"},
                               {35, 0, "a tensor's elements do not lie in one block"},
                               {35, ~std::uint64_t{2}, "a tensor's elements do not lie in one block"},
                               {11, 33, "a tensor of 33 dimensions in 80 bytes"},
                               {11, std::uint64_t{1} << 32 | 2, "a tensor of 2 dimensions in 80 bytes"},
                               {11, 6, "a tensor of 6 dimensions in 80 bytes"},
                               {3, 0x0000'0008'0031'4002, "a tensor's elements are cut off"},
                               {3, 0x0000'0008'0001'4002, "a tensor's elements are cut off"},
                               {3, 0x0000'0008'0000'2002, "elements of 32 bits in 8 bytes are no tensor's"},
                               {3, 0x0000'0000'0000'4002, "elements of 64 bits in 0 bytes are no tensor's"}}) {
    std::string bytes = good;
    std::memcpy(bytes.data() + forged.at, &forged.number, 8);
    CHECK(words_of(bytes) == forged.words);
  }
}

}  // namespace Atoll
