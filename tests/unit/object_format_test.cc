// What stands in object memory, read as another language would: with atoll-object-format(7) at hand, and nothing of ours but
// the descriptor of the memory file.
#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <numeric>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <atoll/codec.h>
#include <atoll/tensor.h>

#include "runtime/objects/arena.h"

namespace {

// ------------------------------------------------------------------ the other language

struct Foreign {
  char kind = 0;  // i: integer, s: str, a: array, x: an array of numbers, t: a tensor
  std::int64_t integer = 0;
  std::string text;
  std::vector<Foreign> items;
  std::uint8_t code = 0, bits = 0;
  std::uint32_t element_bytes = 0;
  std::vector<std::uint64_t> shape;
  std::vector<std::int64_t> strides;
  const unsigned char* elements = nullptr;
  std::uint64_t count = 0;

  double number(const std::vector<std::int64_t>& index) const {
    std::int64_t at = 0;
    for (std::size_t i = 0; i < index.size(); ++i) at += index[i] * strides.at(i);
    if (bits == 64 && code == 2) return reinterpret_cast<const double*>(elements)[at];
    if (bits == 32 && code == 2) return reinterpret_cast<const float*>(elements)[at];
    if (bits == 16 && code == 0) return reinterpret_cast<const std::int16_t*>(elements)[at];
    throw std::runtime_error("a type that the test does not use");
  }
};

class Parser {
 public:
  explicit Parser(const unsigned char* at) : at_(at) {}

  Foreign parse() {
    const unsigned char type = *at_++;
    Foreign value;
    if (type < 0x80) return integer(type);
    if (type >= 0x90 && type < 0xa0) return array(type & 0x0f);
    if (type >= 0xa0 && type < 0xc0) return text(type & 0x1f);
    switch (type) {
      case 0xc7: return extension(big(1));
      case 0xc8: return extension(big(2));
      case 0xc9: return extension(big(4));
      case 0xcd: return integer(static_cast<std::int64_t>(big(2)));
      case 0xd9: return text(big(1));
      default: throw std::runtime_error("a msgpack type that the test does not use: " + std::to_string(type));
    }
  }

 private:
  std::uint64_t big(int size) {
    std::uint64_t value = 0;
    while (size-- > 0) value = value << 8 | *at_++;
    return value;
  }
  std::uint64_t little(int size) {
    std::uint64_t value = 0;
    for (int i = 0; i < size; ++i) value |= std::uint64_t{*at_++} << (8 * i);
    return value;
  }
  static Foreign integer(std::int64_t number) {
    Foreign value;
    value.kind = 'i';
    value.integer = number;
    return value;
  }
  Foreign text(std::uint64_t size) {
    Foreign value;
    value.kind = 's';
    value.text.assign(reinterpret_cast<const char*>(at_), size);
    at_ += size;
    return value;
  }
  Foreign array(std::uint64_t count) {
    Foreign value;
    value.kind = 'a';
    while (count-- > 0) value.items.push_back(parse());
    return value;
  }
  Foreign extension(std::uint64_t size) {
    const std::uint64_t type = big(1);
    const unsigned char* const end = at_ + size;
    Foreign value;
    value.kind = type == 1 ? 'x' : 't';
    value.code = static_cast<std::uint8_t>(little(1));
    value.bits = static_cast<std::uint8_t>(little(1));
    const std::uint64_t pad = little(2);
    value.element_bytes = static_cast<std::uint32_t>(little(4));
    if (type == 2) {
      const std::uint64_t rank = little(4);
      if (little(4) != 0) throw std::runtime_error("four bytes that are not 0");
      for (std::uint64_t i = 0; i < rank; ++i) value.shape.push_back(little(8));
      for (std::uint64_t i = 0; i < rank; ++i) value.strides.push_back(static_cast<std::int64_t>(little(8)));
    } else {
      value.strides = {1};
    }
    value.elements = at_ + pad;
    value.count = static_cast<std::uint64_t>(end - value.elements) / value.element_bytes;
    at_ = end;
    return value;
  }

  const unsigned char* at_;
};

// The file, mapped a second time and for reading.
struct ForeignMemory {
  explicit ForeignMemory(int fd) {
    struct stat info;
    REQUIRE(::fstat(fd, &info) == 0);
    bytes = static_cast<std::size_t>(info.st_size);
    void* const mapped = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, fd, 0);
    REQUIRE(mapped != MAP_FAILED);
    data = static_cast<const unsigned char*>(mapped);
  }
  ~ForeignMemory() { ::munmap(const_cast<unsigned char*>(data), bytes); }
  ForeignMemory(const ForeignMemory&) = delete;
  ForeignMemory& operator=(const ForeignMemory&) = delete;

  const unsigned char* data;
  std::size_t bytes;
};

// ------------------------------------------------------------------------------- ours

struct Model {
  std::string name;
  int step = 0;
  Atoll::Tensor<float> weights;
  Atoll::Array<double> losses;
  Atoll::Tensor<std::int16_t> labels;
  ATOLL_FIELDS(name, step, weights, losses, labels)
};

Model some_model() {
  std::vector<float> weights(64 * 300);
  std::iota(weights.begin(), weights.end(), 0.25f);
  std::vector<double> losses(20'000);
  std::iota(losses.begin(), losses.end(), 0.5);
  return {"resnet", 1000, Atoll::Tensor<float>({64, 300}, weights).transposed(), losses,
          Atoll::Tensor<std::int16_t>({2, 2}, std::vector<std::int16_t>{1, -2, 3, -4})};
}

}  // namespace

TEST_CASE("what lies in object memory is read with the manual page alone") {
  Atoll::Arena arena = std::move(Atoll::Arena::create(1 << 20).value());
  constexpr std::uint64_t kOffset = 3 * 4096;
  Atoll::internal::encode(some_model()).copy_to(arena.at(kOffset));

  const ForeignMemory memory(arena.fd());
  const Foreign model = Parser(memory.data + kOffset).parse();
  REQUIRE(model.kind == 'a');
  REQUIRE(model.items.size() == 5);
  CHECK(model.items[0].text == "resnet");
  CHECK(model.items[1].integer == 1000);
  const Foreign& weights = model.items[2];
  CHECK(weights.kind == 't');
  CHECK(weights.shape == std::vector<std::uint64_t>{300, 64});
  CHECK(weights.strides == std::vector<std::int64_t>{1, 300});
  CHECK(weights.count == 19'200);
  CHECK(weights.number({299, 63}) == 19'199.25);
  CHECK(weights.number({7, 2}) == 607.25);
  CHECK(reinterpret_cast<std::uintptr_t>(weights.elements) % 64 == 0);
  const Foreign& losses = model.items[3];
  CHECK(losses.kind == 'x');
  CHECK(losses.count == 20'000);
  CHECK(losses.number({19'999}) == 19'999.5);
  CHECK(reinterpret_cast<std::uintptr_t>(losses.elements) % 64 == 0);
  std::int16_t last = 0;  // not aligned: it is small
  std::memcpy(&last, model.items[4].elements + 3 * sizeof last, sizeof last);
  CHECK(last == -4);
}

TEST_CASE("the manual page's example is what a tensor is encoded as") {
  const auto tensor = Atoll::Tensor<float>({2, 3}, std::vector<float>{0, 1, 2, 3, 4, 5}).transposed();
  static constexpr unsigned char kBytes[] = {
      0xc7, 0x48, 0x02, 0x02, 0x20, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0,
      3, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0,
      0, 0, 0, 0, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40, 0, 0, 0x80, 0x40, 0, 0, 0xa0, 0x40};
  const std::string bytes = Atoll::internal::encode_value(tensor);
  CHECK(bytes == std::string(reinterpret_cast<const char*>(kBytes), sizeof kBytes));
  CHECK(Atoll::internal::decode_value<Atoll::Tensor<float>>(bytes) == tensor);
}
