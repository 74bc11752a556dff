#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <atoll/encoded.h>

namespace Atoll {

// Values of one type in a row, immutable and shared: copies of an Array refer to the same memory, which lives until the
// last is gone. One that was got, or is a parameter of a task, lies in the node's object memory if it is large, and nobody
// has copied it there; while such a one lives, so does its place there. Any thread may read it.
//
// T is a number, or a struct that can be copied as bytes; the same build reads it everywhere.
template <typename T>
class Array {
  static_assert(std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>, "an Array is of numbers, or of structs without pointers");

 public:
  using value_type = T;

  Array() = default;
  // Takes the vector over; nothing is copied.
  Array(std::vector<T> values) {  // NOLINT: implicit on purpose
    auto kept = std::make_shared<const std::vector<T>>(std::move(values));
    values_ = *kept;
    owner_ = std::move(kept);
  }
  // Of memory that `owner` keeps as it is.
  Array(std::span<const T> values, std::shared_ptr<const void> owner) : values_(values), owner_(std::move(owner)) {}

  const T* data() const { return values_.data(); }
  std::size_t size() const { return values_.size(); }
  bool empty() const { return values_.empty(); }
  const T& operator[](std::size_t i) const { return values_[i]; }
  const T* begin() const { return values_.data(); }
  const T* end() const { return values_.data() + values_.size(); }
  std::span<const T> span() const { return values_; }
  operator std::span<const T>() const { return values_; }  // NOLINT: implicit on purpose
  // A part of it, which keeps the whole.
  Array part(std::size_t first, std::size_t count) const { return Array(values_.subspan(first, count), owner_); }
  std::vector<T> to_vector() const { return std::vector<T>(begin(), end()); }
  // Of chars.
  std::string_view text() const
    requires std::is_same_v<T, char>
  {
    return std::string_view(data(), size());
  }
  const std::shared_ptr<const void>& owner() const { return owner_; }

  friend bool operator==(const Array& a, const Array& b)
    requires std::equality_comparable<T>
  {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  std::span<const T> values_;
  std::shared_ptr<const void> owner_;
};

namespace internal {

// The msgpack extension type of an array: an ArrayHeader, `pad` bytes, and the values, which lie on a multiple of
// kArrayAlign bytes from the beginning of the whole value.
inline constexpr std::int8_t kArrayExtension = 1;
inline constexpr std::size_t kArrayAlign = 64;
inline const std::shared_ptr<const void> kNobody;

struct ArrayHeader {
  std::uint8_t code = 0;  // DLPack's: 0 int, 1 uint, 2 float, 6 bool; 3: anything
  std::uint8_t bits = 0;  // of a number; 0: no number
  std::uint16_t pad = 0;
  std::uint32_t element_bytes = 0;
  friend bool operator==(const ArrayHeader&, const ArrayHeader&) = default;
};

template <typename T>
constexpr ArrayHeader array_header() {
  constexpr auto bits = static_cast<std::uint8_t>(8 * sizeof(T));
  if constexpr (std::is_same_v<T, bool>)
    return {6, 8, 0, sizeof(T)};
  else if constexpr (std::is_floating_point_v<T>)
    return {2, bits, 0, sizeof(T)};
  else if constexpr (std::is_integral_v<T>)
    return {std::is_signed_v<T> ? std::uint8_t{0} : std::uint8_t{1}, bits, 0, sizeof(T)};
  else
    return {3, 0, 0, sizeof(T)};
}

// Between `head` bytes and `bytes` of values in an extension that begins at `offset`. msgpack says what it is in four
// bytes, or in six if it is 64 KiB or more.
inline std::uint16_t array_pad(std::size_t offset, std::size_t head, std::size_t bytes) {
  const auto pad_after = [offset, head](std::size_t words) {
    return (kArrayAlign - (offset + words + head) % kArrayAlign) % kArrayAlign;
  };
  const std::size_t pad = pad_after(4);
  if (head + pad + bytes <= 0xffff) return static_cast<std::uint16_t>(pad);
  const std::size_t wide = pad_after(6);
  return static_cast<std::uint16_t>(head + wide + bytes > 0xffff ? wide : wide + kArrayAlign);
}

// An extension of `head`, which begins with an ArrayHeader whose pad is filled in, and values that `owner` keeps.
template <typename Stream>
void pack_values(msgpack::packer<Stream>& out, std::int8_t extension, std::span<char> head, std::string_view values,
                 const std::shared_ptr<const void>& owner) {
  std::uint16_t pad = 0;
  if (encoding != nullptr && values.size() >= Encoded::kShortestRun) pad = array_pad(encoding->size(), head.size(), values.size());
  std::memcpy(head.data() + offsetof(ArrayHeader, pad), &pad, sizeof pad);
  out.pack_ext(run_length(head.size() + pad + values.size()), extension);
  static constexpr char kZeros[kArrayAlign] = {};
  out.pack_ext_body(head.data(), static_cast<std::uint32_t>(head.size()));
  out.pack_ext_body(kZeros, pad);
  const Setting<const std::shared_ptr<const void>*> scope(lent, &owner);
  out.pack_ext_body(values.data(), static_cast<std::uint32_t>(values.size()));
}

template <typename Stream, typename T>
void pack_array(msgpack::packer<Stream>& out, std::span<const T> values, const std::shared_ptr<const void>& owner) {
  ArrayHeader header = array_header<T>();
  pack_values(out, kArrayExtension, std::span(reinterpret_cast<char*>(&header), sizeof header),
              std::string_view(reinterpret_cast<const char*>(values.data()), values.size_bytes()), owner);
}

// The values of an extension. Throws msgpack::type_error if it is no array of T. They lie in the object's own bytes.
template <typename T>
std::string_view array_bytes(const msgpack::object& object) {
  if (object.type != msgpack::type::EXT || object.via.ext.type() != kArrayExtension) throw msgpack::type_error();
  ArrayHeader header;
  const char* data = object.via.ext.data();
  const std::size_t size = object.via.ext.size;
  if (size < sizeof header) throw msgpack::type_error();
  std::memcpy(&header, data, sizeof header);
  const std::size_t before = sizeof header + std::exchange(header.pad, std::uint16_t{0});
  if (!(header == array_header<T>()) || before > size || (size - before) % sizeof(T) != 0) throw msgpack::type_error();
  return std::string_view(data + before, size - before);
}

// In the bytes that are decoded, if their keeper is known and they lie right; else a copy.
template <typename T>
Array<T> array_of(std::string_view bytes) {
  if (bytes.empty()) return {};
  if (keeper != nullptr && *keeper != nullptr && reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(T) == 0)
    return Array<T>({reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)}, *keeper);
  const std::size_t count = bytes.size() / sizeof(T);
  const auto copy = std::make_shared_for_overwrite<T[]>(count);
  std::memcpy(copy.get(), bytes.data(), bytes.size());
  return Array<T>({copy.get(), count}, copy);
}

// Large vectors of numbers travel as arrays; small ones as msgpack's lists, which any language reads.
template <typename T>
  requires(std::is_arithmetic_v<T> && !std::is_same_v<T, bool> && !kIsByte<T>)
struct Whole<std::vector<T>> {
  static void pack(EncodedStream& stream, const std::vector<T>& values) {
    msgpack::packer<EncodedStream> packer(stream);
    if (values.size() * sizeof(T) < Encoded::kShortestRun)
      packer.pack(values);
    else
      pack_array<EncodedStream, T>(packer, values, kNobody);
  }
  static std::vector<T> convert(const msgpack::object& object) {
    if (object.type != msgpack::type::EXT) return object.as<std::vector<T>>();
    const std::string_view bytes = array_bytes<T>(object);
    std::vector<T> values(bytes.size() / sizeof(T));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
};
template <typename T>
  requires(std::is_same_v<T, std::string> || std::is_same_v<T, std::vector<char>> || std::is_same_v<T, std::vector<unsigned char>>)
struct Whole<T> {
  static void pack(EncodedStream& stream, const T& bytes) {
    run_length(bytes.size());
    const Setting<const std::shared_ptr<const void>*> scope(lent, &kNobody);
    msgpack::pack(stream, bytes);
  }
  static T convert(const msgpack::object& object) { return object.as<T>(); }
};

// What can be seen of a T without copying it.
template <typename T>
struct Viewed;
template <typename T>
struct Viewed<std::vector<T>> {
  using Type = Array<T>;
};
template <>
struct Viewed<std::string> {
  using Type = Array<char>;
};
template <typename T>
struct Viewed<Array<T>> {
  using Type = Array<T>;
};

}  // namespace internal
}  // namespace Atoll

namespace msgpack {
MSGPACK_API_VERSION_NAMESPACE(MSGPACK_DEFAULT_API_NS) {
namespace adaptor {

template <typename T>
struct pack<Atoll::Array<T>> {
  template <typename Stream>
  packer<Stream>& operator()(packer<Stream>& out, const Atoll::Array<T>& array) const {
    Atoll::internal::pack_array<Stream, T>(out, array.span(), array.owner());
    return out;
  }
};
// Also from what a string or a vector is encoded as.
template <typename T>
struct convert<Atoll::Array<T>> {
  const msgpack::object& operator()(const msgpack::object& in, Atoll::Array<T>& array) const {
    if (in.type == type::EXT) {
      array = Atoll::internal::array_of<T>(Atoll::internal::array_bytes<T>(in));
      return in;
    }
    if constexpr (sizeof(T) == 1 && std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      if (in.type == type::STR) return array = Atoll::internal::array_of<T>({in.via.str.ptr, in.via.str.size}), in;
      if (in.type == type::BIN) return array = Atoll::internal::array_of<T>({in.via.bin.ptr, in.via.bin.size}), in;
    }
    if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>)
      array = in.as<std::vector<T>>();
    else
      throw type_error();
    return in;
  }
};

}  // namespace adaptor
}  // MSGPACK_API_VERSION_NAMESPACE
}  // namespace msgpack
