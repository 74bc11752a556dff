#pragma once

#include <string>

#include "runtime/wire/messages.h"

namespace Atoll {

// Throws the public exception (atoll/error.h) that `error` stands for.
[[noreturn]] void throw_error(const ErrorInfo& error);

// The error of the exception that is being handled, thrown by user code in
// `function` in this process, on `node`. If the code let an error of a call of its
// own pass, that error, from where it came.
ErrorInfo current_error(const std::string& function, const std::string& node);

// A value that is gone for good, and why.
ErrorInfo lost_object(std::string message);

// A type's name as people write it, from what std::type_info::name() says.
std::string demangled(const char* name);

}  // namespace Atoll
