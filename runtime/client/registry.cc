#include "runtime/client/registry.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <unordered_map>

#include <atoll/error.h>

namespace Atoll {
namespace {

struct Class {
  internal::Constructor construct = nullptr;
  std::map<std::string, internal::Method> methods;
};

// What the program's macros registered. The one global of the library that user
// code fills: it exists before main(), and does not change after it began.
struct Registry {
  std::unordered_map<std::string, internal::FunctionCall> functions;
  std::unordered_map<const void*, std::string> function_names;
  std::unordered_map<std::string, Class> classes;
  std::unordered_map<std::type_index, std::string> class_names;
  std::unordered_map<std::string, std::string> method_names;
};

Registry& registry() {
  static Registry* const instance = new Registry;  // lives as long as any static object
  return *instance;
}

[[noreturn]] void refuse(const std::string& name) {
  std::fprintf(stderr, "atoll: two different things are registered as '%s'; rename one of them\n", name.c_str());
  std::exit(2);
}

// "Counter::add" -> "add"
std::string without_class(const std::string& method) {
  const std::size_t colons = method.rfind("::");
  return colons == std::string::npos ? method : method.substr(colons + 2);
}

}  // namespace

namespace internal {

void register_function(const char* name, const void* address, FunctionCall call) {
  const auto [entry, is_new] = registry().functions.emplace(name, call);
  if (!is_new && entry->second != call) refuse(name);
  registry().function_names[address] = name;
}

void register_class(const std::string& name, std::type_index type, Constructor construct) {
  Class& known = registry().classes[name];
  if (known.construct != nullptr && known.construct != construct) refuse(name);
  known.construct = construct;
  registry().class_names[type] = name;
}

void register_method(const std::string& class_name, const std::string& method, std::string pointer, const Method& entry) {
  const std::string short_name = without_class(method);
  const auto [known, is_new] = registry().classes[class_name].methods.emplace(short_name, entry);
  if (!is_new && known->second != entry) refuse(class_name + "::" + short_name);
  registry().method_names[std::move(pointer)] = short_name;
}

const std::string& name_of_function(const void* address) {
  const auto entry = registry().function_names.find(address);
  if (entry == registry().function_names.end())
    throw UnknownFunctionError("the function given to task() is not registered; write ATOLL_TASK(its name); after it");
  return entry->second;
}

const std::string& name_of_method(const std::string& pointer) {
  const auto entry = registry().method_names.find(pointer);
  if (entry == registry().method_names.end())
    throw UnknownFunctionError("the method given to call() is not registered; add it to its class's ATOLL_ACTOR");
  return entry->second;
}

const std::string& name_of_class(std::type_index type) {
  const auto entry = registry().class_names.find(type);
  if (entry == registry().class_names.end())
    throw UnknownFunctionError("the class given to actor() is not registered; write ATOLL_ACTOR(Class(parameters), methods); after it");
  return entry->second;
}

std::vector<std::string> split_names(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string_view name = list.substr(0, comma);
    const std::size_t first = name.find_first_not_of(" &");
    const std::size_t last = name.find_last_not_of(' ');
    if (first != std::string_view::npos) names.emplace_back(name.substr(first, last - first + 1));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return names;
}

}  // namespace internal

internal::FunctionCall find_function(const std::string& name) {
  const auto entry = registry().functions.find(name);
  return entry == registry().functions.end() ? nullptr : entry->second;
}

internal::Constructor find_class(const std::string& name) {
  const auto entry = registry().classes.find(name);
  return entry == registry().classes.end() ? nullptr : entry->second.construct;
}

bool has_coroutines(const std::string& class_name) {
  const auto entry = registry().classes.find(class_name);
  if (entry == registry().classes.end()) return false;
  return std::ranges::any_of(entry->second.methods, [](const auto& each) { return each.second.is_async; });
}

const internal::Method* find_method(const std::string& class_name, const std::string& method) {
  const auto entry = registry().classes.find(class_name);
  if (entry == registry().classes.end()) return nullptr;
  const auto found = entry->second.methods.find(method);
  return found == entry->second.methods.end() ? nullptr : &found->second;
}

}  // namespace Atoll
