#pragma once

#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <atoll/async.h>
#include <atoll/ref.h>
#include <atoll/stream.h>

namespace Atoll::internal {

template <typename T>
struct IsRef : std::false_type {};
template <typename T>
struct IsRef<Ref<T>> : std::true_type {};

// A Ref to what is encoded as a `Parameter` is.
template <typename Given, typename Parameter>
constexpr bool kRefersTo = false;
template <typename T, typename Parameter>
constexpr bool kRefersTo<Ref<T>, Parameter> = kEncodedAs<T, Parameter>;

// Whether `Given` may stand for a parameter of type `Parameter`: a value that
// converts to it, or a Ref to one.
template <typename Given, typename Parameter>
constexpr bool kStandsFor = std::is_convertible_v<Given, Parameter> || kRefersTo<Given, Parameter>;

inline void take_value(Argument& argument, Encoded value) {
  if (is_worth_putting(value)) {
    argument.object = put_object(std::move(value));
  } else {
    argument.inside = value.refs();
    argument.value = std::move(value).flat();
  }
}

template <typename Parameter, typename Given>
Argument make_argument(const Given& given) {
  static_assert(kStandsFor<Given, Parameter>,
                "this argument is neither convertible to the parameter's type nor a Ref to it");
  Argument argument;
  if constexpr (kRefersTo<Given, Parameter>) {
    argument.object = given.handle();
  } else {
    take_value(argument, encode<Parameter>(static_cast<const Parameter&>(given)));
  }
  return argument;
}

template <typename T>
T decode_argument(const std::string& encoded) {
  return decode_value<T>(is_location(encoded) ? fetch_argument(encoded) : Bytes(encoded));
}

// The parameters of a function or constructor, by value.
template <typename... Parameters>
struct ParameterList {
  using Tuple = std::tuple<std::decay_t<Parameters>...>;

  template <typename... Given>
  static std::vector<Argument> make_arguments(const Given&... given) {
    static_assert(sizeof...(Given) == sizeof...(Parameters),
                  "the call has more or fewer arguments than the function has parameters");
    std::vector<Argument> arguments;
    arguments.reserve(sizeof...(Given));
    (arguments.push_back(make_argument<std::decay_t<Parameters>>(given)), ...);
    return arguments;
  }

  // Throws msgpack's exceptions, or std::length_error if their number is wrong.
  static Tuple decode(const std::vector<std::string>& encoded) {
    if (encoded.size() != sizeof...(Parameters))
      throw std::length_error(std::to_string(encoded.size()) + " arguments came, " +
                              std::to_string(sizeof...(Parameters)) + " are wanted");
    return decode_each(encoded, std::index_sequence_for<Parameters...>());
  }

 private:
  template <std::size_t... kIndex>
  static Tuple decode_each(const std::vector<std::string>& encoded, std::index_sequence<kIndex...>) {
    return Tuple(decode_argument<std::decay_t<Parameters>>(encoded[kIndex])...);
  }
};

// A function's or method's signature taken apart. Result is what the caller gets.
template <typename F>
struct Signature;
template <typename R, typename... P>
struct Signature<R (*)(P...)> {
  using Returned = R;
  using Result = typename Awaited<R>::Type;
  using Parameters = ParameterList<P...>;
};
template <typename R, typename... P>
struct Signature<R (*)(P...) noexcept> : Signature<R (*)(P...)> {};
template <typename R, typename C, typename... P>
struct Signature<R (C::*)(P...)> {
  using Returned = R;
  using Result = typename Awaited<R>::Type;
  using Class = C;
  using Parameters = ParameterList<P...>;
};
template <typename R, typename C, typename... P>
struct Signature<R (C::*)(P...) const> : Signature<R (C::*)(P...)> {};
template <typename R, typename C, typename... P>
struct Signature<R (C::*)(P...) noexcept> : Signature<R (C::*)(P...)> {};
template <typename R, typename C, typename... P>
struct Signature<R (C::*)(P...) const noexcept> : Signature<R (C::*)(P...)> {};

// The result of `call()`, encoded; of a void call, nothing. Waits for a coroutine.
// Items of a stream are sent as they are yielded.
template <typename Call>
std::string encode_result(Call&& call) {
  using Result = std::invoke_result_t<Call>;
  if constexpr (Awaited<Result>::kIsAsync) {
    return encode_result([&] { return wait_for(std::forward<Call>(call)()); });
  } else if constexpr (Streamed<Result>::kIsStream) {
    Result stream = std::forward<Call>(call)();
    while (stream.advance() && send_item(encode<typename Result::value_type>(stream.item()))) {
    }
    return std::string();
  } else if constexpr (std::is_void_v<Result>) {
    std::forward<Call>(call)();
    return std::string();
  } else {
    // In one expression: the encoding refers to the result.
    return store_result(encode<std::decay_t<Result>>(std::forward<Call>(call)()));
  }
}

}  // namespace Atoll::internal
