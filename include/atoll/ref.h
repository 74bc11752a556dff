#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

#include <atoll/backend.h>
#include <atoll/codec.h>

namespace Atoll {

// A value of type T that exists, or will: the result of a task or an actor call,
// or something put(). Copies refer to the same value; when the last is gone, so
// is the value. A Ref can be an argument of a task or a call: given for a
// parameter of type T it is resolved first, given as Ref<T> or inside another
// value it travels as it is, and is good at least until that call has ended.
// Any thread may use it. An empty Ref refers to nothing and must not be used.
template <typename T>
class Ref {
 public:
  using value_type = T;

  Ref() = default;
  explicit Ref(internal::Handle handle) : handle_(std::move(handle)) {}

  // The value; waits for it. Throws what became of the task instead (error.h).
  T get() const { return decode(internal::get_object(handle_, std::nullopt)); }
  // The same, or TimeoutError after `timeout`.
  template <typename Rep, typename Period>
  T get(std::chrono::duration<Rep, Period> timeout) const {
    return decode(internal::get_object(handle_, std::chrono::steady_clock::now() + timeout));
  }

  explicit operator bool() const { return handle_ != nullptr; }
  const internal::Handle& handle() const { return handle_; }

 private:
  static T decode(const std::shared_ptr<const std::string>& bytes) {
    if constexpr (!std::is_void_v<T>) return internal::decode_value<T>(*bytes);
  }

  internal::Handle handle_;
};

// Puts a value where tasks and actors can get it, and refers to it.
template <typename T>
Ref<std::decay_t<T>> put(const T& value) {
  return Ref<std::decay_t<T>>(internal::put_object(internal::encode_value<std::decay_t<T>>(value)));
}

// The values of all, in order; the first error met is thrown.
template <typename T>
std::vector<T> get(const std::vector<Ref<T>>& refs) {
  std::vector<T> values;
  values.reserve(refs.size());
  for (const Ref<T>& ref : refs) values.push_back(ref.get());
  return values;
}
template <typename T, typename Rep, typename Period>
std::vector<T> get(const std::vector<Ref<T>>& refs, std::chrono::duration<Rep, Period> timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::vector<T> values;
  values.reserve(refs.size());
  for (const Ref<T>& ref : refs) values.push_back(ref.get(deadline - std::chrono::steady_clock::now()));
  return values;
}

// What wait() found: values and errors count as ready. Both keep the order given.
template <typename T>
struct Waited {
  std::vector<Ref<T>> ready;
  std::vector<Ref<T>> pending;
};

// Waits until at least `count` of `refs` are ready, or `timeout` has passed.
template <typename T, typename Rep, typename Period>
Waited<T> wait(const std::vector<Ref<T>>& refs, std::size_t count, std::chrono::duration<Rep, Period> timeout) {
  std::vector<internal::Handle> handles;
  for (const Ref<T>& ref : refs) handles.push_back(ref.handle());
  const std::vector<bool> ready = internal::wait_for_objects(
      handles, std::min(count, refs.size()), std::chrono::steady_clock::now() + timeout);
  Waited<T> waited;
  for (std::size_t i = 0; i < refs.size(); ++i) (ready[i] ? waited.ready : waited.pending).push_back(refs[i]);
  return waited;
}

}  // namespace Atoll

namespace msgpack {
MSGPACK_API_VERSION_NAMESPACE(MSGPACK_DEFAULT_API_NS) {
namespace adaptor {

// [process, sequence, owner]
template <typename T>
struct pack<Atoll::Ref<T>> {
  template <typename Stream>
  packer<Stream>& operator()(packer<Stream>& out, const Atoll::Ref<T>& ref) const {
    Atoll::internal::HandleCollector::note(ref.handle());
    out.pack_array(3);
    out.pack(ref.handle()->key().process);
    out.pack(ref.handle()->key().sequence);
    out.pack(ref.handle()->owner());
    return out;
  }
};
template <typename T>
struct convert<Atoll::Ref<T>> {
  const msgpack::object& operator()(const msgpack::object& in, Atoll::Ref<T>& ref) const {
    if (in.type != type::ARRAY || in.via.array.size != 3) throw type_error();
    const msgpack::object* field = in.via.array.ptr;
    const Atoll::internal::Key key{field[0].as<std::uint64_t>(), field[1].as<std::uint64_t>()};
    ref = Atoll::Ref<T>(std::make_shared<const Atoll::internal::ObjectHandle>(key, field[2].as<std::string>()));
    return in;
  }
};

}  // namespace adaptor
}  // MSGPACK_API_VERSION_NAMESPACE
}  // namespace msgpack
