#pragma once

// How functions and actor classes are found by name in every process of a job.
// Not for programs: use ATOLL_TASK (task.h) and ATOLL_ACTOR (actor.h).

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <typeindex>
#include <vector>

#include <atoll/method_call.h>

namespace Atoll::internal {

using Object = std::shared_ptr<void>;
using FunctionCall = std::string (*)(const EncodedArguments&);
using Constructor = Object (*)(const EncodedArguments&);

// Registration happens while static objects are built, before main(); a name
// that two different things claim ends the program with a sentence.
void register_function(const char* name, const void* address, FunctionCall call);
void register_class(const std::string& name, std::type_index type, Constructor construct);
// `pointer` are the bytes of the pointer to member, by which a caller finds it.
void register_method(const std::string& class_name, const std::string& method, std::string pointer, const Method& entry);

// The registered name; throws UnknownFunctionError, saying which macro is missing.
const std::string& name_of_function(const void* address);
const std::string& name_of_method(const std::string& pointer);
const std::string& name_of_class(std::type_index type);

// The entries of "&Counter::add, &Counter::get": "Counter::add", "Counter::get".
std::vector<std::string> split_names(std::string_view list);

template <auto kFunction>
std::string call_function(const EncodedArguments& encoded) {
  auto arguments = decode_arguments<typename Signature<decltype(kFunction)>::Parameters>(encoded);
  return encode_result([&] { return std::apply(kFunction, std::move(arguments)); });
}

template <typename Method>
std::string bytes_of(Method method) {
  std::string bytes(sizeof method, '\0');
  std::memcpy(bytes.data(), &method, sizeof method);
  // Two methods of different types may share their bytes; the type tells them apart.
  return bytes + typeid(Method).name();
}

// The name of the method that is called. The last one is remembered at each place
// of a method's type.
template <typename Method>
const std::string& name_of_called(Method method) {
  thread_local Method last = nullptr;
  thread_local const std::string* name = nullptr;
  if (name == nullptr || last != method) {
    name = &name_of_method(bytes_of(method));
    last = method;
  }
  return *name;
}

// An actor's constructor written as a function type: Counter(int).
template <typename F>
struct ConstructorSignature;
template <typename C, typename... P>
struct ConstructorSignature<C(P...)> {
  using Class = C;
  using Parameters = ParameterList<P...>;

  static Object construct(const EncodedArguments& encoded) {
    auto arguments = decode_arguments<Parameters>(encoded);
    return std::apply(
        [](auto&&... each) { return std::make_shared<C>(std::forward<decltype(each)>(each)...); },
        std::move(arguments));
  }
};

template <auto kFunction>
struct FunctionRegistration {
  explicit FunctionRegistration(const char* name) {
    register_function(name, reinterpret_cast<const void*>(kFunction), &call_function<kFunction>);
  }
};

template <typename Construct, auto... kMethods>
struct ClassRegistration {
  ClassRegistration(std::string_view signature, std::string_view methods) {
    const std::string name(signature.substr(0, signature.find('(')));
    register_class(name, typeid(typename ConstructorSignature<Construct>::Class), &ConstructorSignature<Construct>::construct);
    const std::vector<std::string> names = split_names(methods);
    std::size_t i = 0;
    (register_method(name, names[i++], bytes_of(kMethods), MethodCall<kMethods>::method()), ...);
  }
};

}  // namespace Atoll::internal

#define ATOLL_JOIN_(a, b) a##b
#define ATOLL_JOIN(a, b) ATOLL_JOIN_(a, b)
