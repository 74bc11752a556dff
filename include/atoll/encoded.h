#pragma once

#ifndef MSGPACK_NO_BOOST
#define MSGPACK_NO_BOOST
#endif
#include <msgpack.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

// Makes a struct of the user's own an argument or a result: name its fields.
//
//   struct Point { double x, y; ATOLL_FIELDS(x, y) };
#define ATOLL_FIELDS(...) MSGPACK_DEFINE_ARRAY(__VA_ARGS__)

namespace Atoll::internal {

class ObjectHandle;

// Values travel as msgpack; whatever msgpack-cxx packs can be an argument.

// Copies `bytes` of a run from where it lies to `to`, by other means than memcpy(). May throw.
using CopyRun = void (*)(char* to, const char* from, std::size_t bytes, const void* owner);

// An encoded value before it has its place: bytes, and runs of somebody's memory in between that are copied once, to
// where the value goes.
class Encoded {
 public:
  // Shorter ones are not worth it.
  static constexpr std::size_t kShortestRun = 4096;

  std::size_t size() const { return bytes_.size() + run_bytes_; }
  void write(const char* data, std::size_t size) { bytes_.append(data, size); }
  // `owner` keeps the memory; if null the caller does until the value was copied. `copy`: how, if not by memcpy(); it is
  // given the owner.
  void refer(const char* data, std::size_t size, std::shared_ptr<const void> owner, CopyRun copy = nullptr) {
    runs_.push_back({bytes_.size(), data, size, std::move(owner), copy});
    run_bytes_ += size;
  }
  // The references in the value.
  void note(std::shared_ptr<const ObjectHandle> ref) { refs_.push_back(std::move(ref)); }
  const std::vector<std::shared_ptr<const ObjectHandle>>& refs() const { return refs_; }
  // To `out`, which has room for size() bytes.
  void copy_to(char* out) const {
    std::size_t done = 0;
    for (const Run& run : runs_) {
      std::memcpy(out, bytes_.data() + done, run.after - done);
      char* const place = out + run.after - done;
      run.copy != nullptr ? run.copy(place, run.data, run.size, run.owner.get()) : void(std::memcpy(place, run.data, run.size));
      out += run.after - done + run.size;
      done = run.after;
    }
    std::memcpy(out, bytes_.data() + done, bytes_.size() - done);
  }
  // All of it in one string.
  std::string flat() && {
    if (runs_.empty()) return std::move(bytes_);
    std::string whole(size(), '\0');
    copy_to(whole.data());
    return whole;
  }

 private:
  struct Run {
    std::size_t after;  // so many of bytes_
    const char* data;
    std::size_t size;
    std::shared_ptr<const void> owner;
    CopyRun copy;
  };
  std::string bytes_;
  std::vector<Run> runs_;
  std::size_t run_bytes_ = 0;
  std::vector<std::shared_ptr<const ObjectHandle>> refs_;
};

// What the calling thread encodes, for those that pack a run or a Ref: null for another's stream.
inline thread_local Encoded* encoding = nullptr;
// While a packer writes the body of a run: who owns it.
inline thread_local const std::shared_ptr<const void>* lent = nullptr;
// And how it is copied; null: by memcpy().
inline thread_local CopyRun lent_copy = nullptr;

struct EncodedStream {
  Encoded& out;
  void write(const char* data, std::size_t size) {
    if (lent != nullptr && size >= Encoded::kShortestRun)
      out.refer(data, size, *lent, lent_copy);
    else
      out.write(data, size);
  }
};

// Throws std::length_error for a run that msgpack cannot describe.
inline std::uint32_t run_length(std::size_t size) {
  if (size <= 0xffff'0000u) return static_cast<std::uint32_t>(size);
  throw std::length_error("one array or string has " + std::to_string(size) + " bytes, and 4 GiB is the limit; put it in parts");
}

// Sets a variable while it lives.
template <typename T>
class Setting {
 public:
  Setting(T& variable, T value) : variable_(variable), before_(std::exchange(variable, value)) {}
  ~Setting() { variable_ = before_; }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;

 private:
  T& variable_;
  T before_;
};

// Whether the encoding of a `From` is one of a `To` as well, so that a Ref to one may stand for the other.
template <typename From, typename To>
inline constexpr bool kEncodedAs = std::is_same_v<From, To>;

template <typename T>
inline constexpr bool kIsByte = std::is_same_v<T, char> || std::is_same_v<T, unsigned char>;

// A value that is one string or vector is not copied into its encoding: it lives until the encoding has its place.
template <typename T>
struct Whole {
  static void pack(EncodedStream& stream, const T& value) { msgpack::pack(stream, value); }
  static T convert(const msgpack::object& object) { return object.as<T>(); }
};

// The encoding is good while `value` lives.
template <typename T>
Encoded encode(const T& value) {
  Encoded encoded;
  const Setting<Encoded*> scope(encoding, &encoded);
  EncodedStream stream{encoded};
  Whole<T>::pack(stream, value);
  return encoded;
}
template <typename T>
std::string encode_value(const T& value) {
  return encode(value).flat();
}

// Encoded bytes, and who keeps them.
struct Bytes {
  std::string_view view;
  std::shared_ptr<const void> owner;

  Bytes() = default;
  Bytes(std::string_view bytes, std::shared_ptr<const void> its_owner = nullptr) : view(bytes), owner(std::move(its_owner)) {}  // NOLINT
  Bytes(const std::string& bytes) : view(bytes) {}  // NOLINT: implicit on purpose
};
// While the calling thread decodes: who keeps the bytes, so that a value may refer to them.
inline thread_local const std::shared_ptr<const void>* keeper = nullptr;

// Throws msgpack's exceptions if `bytes` are no T. What a small value is unpacked
// into comes from malloc's fastest bins, and strings are not copied there.
template <typename T>
T decode_value(const Bytes& bytes) {
  const Setting<const std::shared_ptr<const void>*> scope(keeper, &bytes.owner);
  msgpack::zone zone(bytes.view.size() < 100 ? 512 : MSGPACK_ZONE_CHUNK_SIZE);
  bool referenced = false;
  const auto refer = [](msgpack::type::object_type, std::size_t, void*) { return true; };
  std::size_t offset = 0;
  return Whole<T>::convert(msgpack::unpack(zone, bytes.view.data(), bytes.view.size(), offset, referenced, refer));
}

}  // namespace Atoll::internal
