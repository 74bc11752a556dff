#include "runtime/client/errors.h"

#include <cxxabi.h>
#include <unistd.h>

#include <atoll/error.h>
#include <atoll/registry.h>

#include <cstdlib>
#include <memory>

#include "runtime/base/check.h"

namespace Atoll {

std::string Error::sentence(const std::string& message, const ErrorOrigin& origin) {
  std::string where;
  if (!origin.function.empty()) where += "in " + origin.function;
  const std::string process = "process " + std::to_string(origin.process) + " on " + origin.node;
  const bool is_named = message.find(process) != std::string::npos;
  if (is_named) return where.empty() ? message : message + " (" + where + ")";
  if (!origin.node.empty()) where += (where.empty() ? "on " : " on ") + origin.node;
  if (origin.process != 0) where += (where.empty() ? "process " : ", process ") + std::to_string(origin.process);
  return where.empty() ? message : message + " (" + where + ")";
}

void throw_error(const ErrorInfo& error) {
  const ErrorOrigin origin{error.function, error.node, error.pid};
  switch (error.kind) {
    case ErrorKind::kTaskFailed: throw TaskError(error.message, error.type, origin);
    case ErrorKind::kWorkerDied: throw WorkerDiedError(error.message, origin);
    case ErrorKind::kActorDied: throw ActorDiedError(error.message, origin);
    case ErrorKind::kActorUnavailable: throw ActorUnavailableError(error.message, origin);
    case ErrorKind::kInfeasible: throw InfeasibleError(error.message, origin);
    case ErrorKind::kObjectLost: throw ObjectLostError(error.message, origin);
    case ErrorKind::kUnknownFunction: throw UnknownFunctionError(error.message, origin);
    case ErrorKind::kBadArguments: throw BadArgumentsError(error.message, origin);
    case ErrorKind::kCancelled: throw Error(error.message, origin);
    case ErrorKind::kGroupRemoved: throw GroupRemovedError(error.message, origin);
    case ErrorKind::kClusterLost: throw ClusterLostError(error.message, origin);
  }
  throw Error(error.message, origin);
}

std::string demangled(const char* name) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(name, nullptr, nullptr, &status), std::free);
  return status == 0 ? text.get() : name;
}

ErrorInfo current_error(const std::string& function) {
  ErrorInfo error;
  error.function = function;
  error.pid = static_cast<std::uint64_t>(::getpid());
  const std::type_info* type = abi::__cxa_current_exception_type();
  error.type = type == nullptr ? "unknown exception" : demangled(type->name());
  try {
    throw;
  } catch (const internal::DecodeFailure& failure) {
    error.kind = ErrorKind::kBadArguments;
    error.message = "the arguments do not decode as the parameters: " + failure.why;
  } catch (const std::exception& exception) {
    error.message = exception.what();
  } catch (...) {
    error.message = "it threw something that is no std::exception";
  }
  return error;
}

}  // namespace Atoll
