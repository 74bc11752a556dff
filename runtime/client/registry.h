#pragma once

#include <atoll/registry.h>

namespace Atoll {

// What a worker runs by name; null if the program has no such thing.
internal::FunctionCall find_function(const std::string& name);
internal::Constructor find_class(const std::string& name);
const internal::Method* find_method(const std::string& class_name, const std::string& method);
// Whether any of its methods is a coroutine that awaits.
bool has_coroutines(const std::string& class_name);

}  // namespace Atoll
