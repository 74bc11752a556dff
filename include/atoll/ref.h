#pragma once

#include <algorithm>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <atoll/backend.h>
#include <atoll/codec.h>

namespace Atoll {

class DeviceBuffer;

// A value of type T that exists, or will: the result of a task or an actor call,
// or something put(). Copies refer to the same value; when the last is gone, in
// whatever process, so is the value. A Ref can be an argument of a task or a
// call: given for a parameter of type T it is resolved first, given as Ref<T> or
// inside another value it travels as it is. It may be kept, returned, and put()
// inside others, which keep it as long as they live. The process that made the
// value owns it: when that ends, so does the value. A large result that is lost with
// its node is made again by its task, as often as retries() allow, when somebody
// wants it: get() waits for that.
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

  // The values of a vector or the letters of a string, without copying them: they lie where they were put.
  auto view() const { return internal::decode_value<typename internal::Viewed<T>::Type>(internal::get_object(handle_, std::nullopt)); }

  // They or a tensor's, in row-major order, in new memory of a GPU, as CUDA numbers it in this process (device.h). Throws
  // DeviceError.
  DeviceBuffer to_device(int device) const;

  // Whether get() would return, or throw, at once.
  bool is_ready() const { return internal::is_settled(handle_); }

  // Calls `callback` with this Ref, once, when get() no longer waits; if that is
  // so already, now. It runs in the library's callback thread, one callback at a
  // time, so it should be short; what it throws becomes a line in the log. When
  // the connection ends first it is called then, and get() throws ClusterLostError.
  template <typename Callback>
  void then(Callback&& callback) const {
    static_assert(std::is_invocable_v<std::decay_t<Callback>&, Ref>, "then() calls its callback with a Ref<T>");
    // Shared, as a std::function would have to copy it.
    const auto shared = std::make_shared<std::decay_t<Callback>>(std::forward<Callback>(callback));
    internal::when_settled(handle_, [shared, ref = *this] { std::invoke(*shared, ref); }, typeid(*shared));
  }

  // The same value, or error, as a future.
  std::future<T> future() const {
    const auto promise = std::make_shared<std::promise<T>>();
    then([promise](const Ref& ref) {
      try {
        if constexpr (std::is_void_v<T>)
          ref.get(), promise->set_value();
        else
          promise->set_value(ref.get());
      } catch (...) {
        promise->set_exception(std::current_exception());
      }
    });
    return promise->get_future();
  }

  // co_await, in any coroutine: what get() returns or throws. The coroutine goes
  // on without a break if the value is there already; else in the callback thread,
  // or in an actor's coroutine in the actor's own. It must not be destroyed while
  // it waits.
  auto operator co_await() const {
    struct Awaiter {
      Ref ref;
      bool await_ready() const { return ref.is_ready(); }
      void await_suspend(std::coroutine_handle<> coroutine) const {
        internal::resume_when_settled(ref.handle_, coroutine, typeid(Ref));
      }
      T await_resume() const { return ref.get(); }
    };
    return Awaiter{*this};
  }

  explicit operator bool() const { return handle_ != nullptr; }
  const internal::Handle& handle() const { return handle_; }

 private:
  static T decode(const internal::Bytes& bytes) {
    if constexpr (!std::is_void_v<T>) return internal::decode_value<T>(bytes);
  }

  internal::Handle handle_;
};

// Puts a value where tasks and actors can get it, and refers to it.
template <typename T>
Ref<std::decay_t<T>> put(const T& value) {
  return Ref<std::decay_t<T>>(internal::put_object(internal::encode<std::decay_t<T>>(value)));
}

namespace internal {

template <typename T>
HandleList handles_of(const std::vector<Ref<T>>& refs) {
  HandleList handles;
  handles.reserve(refs.size());
  for (const Ref<T>& ref : refs) handles.push_back(&ref.handle());
  return handles;
}

template <typename T>
std::vector<T> get_all(const std::vector<Ref<T>>& refs, Deadline deadline) {
  std::vector<T> values;
  values.reserve(refs.size());
  for (const auto& bytes : get_objects(handles_of(refs), deadline)) values.push_back(decode_value<T>(bytes));
  return values;
}

}  // namespace internal

// The values of all, in order. Throws the first error as soon as there is one,
// though others are still to come.
template <typename T>
std::vector<T> get(const std::vector<Ref<T>>& refs) {
  return internal::get_all(refs, std::nullopt);
}
// The same, or TimeoutError after `timeout`.
template <typename T, typename Rep, typename Period>
std::vector<T> get(const std::vector<Ref<T>>& refs, std::chrono::duration<Rep, Period> timeout) {
  return internal::get_all(refs, std::chrono::steady_clock::now() + timeout);
}
// Both, of what has no value.
inline void get(const std::vector<Ref<void>>& refs) { internal::get_objects(internal::handles_of(refs), std::nullopt); }
template <typename Rep, typename Period>
void get(const std::vector<Ref<void>>& refs, std::chrono::duration<Rep, Period> timeout) {
  internal::get_objects(internal::handles_of(refs), std::chrono::steady_clock::now() + timeout);
}

// What wait() found: values and errors count as ready. Both keep the order given.
template <typename T>
struct Waited {
  std::vector<Ref<T>> ready;
  std::vector<Ref<T>> pending;
};

// Waits until at least `count` of `refs` are ready, or `timeout` has passed. Many
// are better moved here than copied.
template <typename T, typename Rep, typename Period>
Waited<T> wait(std::vector<Ref<T>> refs, std::size_t count, std::chrono::duration<Rep, Period> timeout) {
  const std::vector<bool> ready = internal::wait_for_objects(
      internal::handles_of(refs), std::min(count, refs.size()), std::chrono::steady_clock::now() + timeout);
  Waited<T> waited;
  for (std::size_t i = 0; i < refs.size(); ++i) (ready[i] ? waited.ready : waited.pending).push_back(std::move(refs[i]));
  return waited;
}

// Waits for one of several, of whatever types: the place of the first that is ready, from 0.
template <typename... T>
std::size_t wait_any(const Ref<T>&... refs) {
  static_assert(sizeof...(T) > 0, "wait_any() needs something to wait for");
  const std::vector<bool> ready = internal::wait_for_objects({&refs.handle()...}, 1, std::nullopt);
  return static_cast<std::size_t>(std::find(ready.begin(), ready.end(), true) - ready.begin());
}

// The parts of a tuple, each with a Ref of its own, before the tuple is there:
//
//   auto [quotient, remainder] = split(task(divide).submit(17, 5));
//
// They come in one message; an error is each part's. The whole is kept until then.
template <typename... T>
std::tuple<Ref<T>...> split(const Ref<std::tuple<T...>>& whole) {
  const std::vector<internal::Handle> parts = internal::split_object(whole.handle(), sizeof...(T));
  return [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    return std::tuple<Ref<T>...>(Ref<T>(parts[kIndex])...);
  }(std::index_sequence_for<T...>());
}
// Likewise the elements of a vector, which must be `count`: another number is a
// TaskError of type std::length_error in each.
template <typename T>
std::vector<Ref<T>> split(const Ref<std::vector<T>>& whole, std::size_t count) {
  static_assert(!std::is_same_v<T, char> && !std::is_same_v<T, unsigned char>, "bytes travel as one piece");
  std::vector<Ref<T>> refs;
  refs.reserve(count);
  for (internal::Handle& part : internal::split_object(whole.handle(), count)) refs.emplace_back(std::move(part));
  return refs;
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
    Atoll::internal::note_ref(ref.handle());
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
    ref = Atoll::Ref<T>(Atoll::internal::received_ref(key, field[2].as<std::string>()));
    return in;
  }
};

}  // namespace adaptor
}  // MSGPACK_API_VERSION_NAMESPACE
}  // namespace msgpack
