#include "runtime/client/errors.h"

#include <cxxabi.h>
#include <unistd.h>

#include <atoll/error.h>
#include <atoll/registry.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>

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

ErrorInfo lost_object(std::string message) {
  ErrorInfo error;
  error.kind = ErrorKind::kObjectLost;
  error.message = std::move(message);
  return error;
}

void throw_error(const ErrorInfo& error) {
  const ErrorOrigin origin{error.function, error.node, error.pid};
  switch (error.kind) {
    case ErrorKind::kTaskFailed: throw TaskError(error.message, error.type, error.bases, origin);
    case ErrorKind::kWorkerDied: throw WorkerDiedError(error.message, origin);
    case ErrorKind::kActorDied: throw ActorDiedError(error.message, origin);
    case ErrorKind::kActorUnavailable: throw ActorUnavailableError(error.message, origin);
    case ErrorKind::kInfeasible: throw InfeasibleError(error.message, origin);
    case ErrorKind::kOutOfMemory: throw OutOfMemoryError(error.message, origin);
    case ErrorKind::kOutOfDisk: throw OutOfDiskError(error.message, origin);
    case ErrorKind::kObjectLost: throw ObjectLostError(error.message, origin);
    case ErrorKind::kUnknownFunction: throw UnknownFunctionError(error.message, origin);
    case ErrorKind::kBadArguments: throw BadArgumentsError(error.message, origin);
    case ErrorKind::kCancelled: throw CancelledError(error.message, origin);
    case ErrorKind::kTooManyCalls: throw PendingCallsError(error.message, origin);
    case ErrorKind::kNestedTooDeep: throw NestingError(error.message, origin);
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

namespace {

// What the Itanium ABI keeps of a class's bases.
void add_bases(const std::type_info& type, std::vector<std::string>& names) {
  const auto add = [&names](const std::type_info& base) {
    const std::string name = demangled(base.name());
    if (std::ranges::find(names, name) != names.end()) return;
    names.push_back(name);
    add_bases(base, names);
  };
  if (const auto* single = dynamic_cast<const abi::__si_class_type_info*>(&type)) add(*single->__base_type);
  if (const auto* several = dynamic_cast<const abi::__vmi_class_type_info*>(&type))
    for (unsigned i = 0; i < several->__base_count; ++i)
      if (several->__base_info[i].__is_public_p()) add(*several->__base_info[i].__base_type);
}

// The kind of an error of this library that the user's code let pass.
template <typename E>
constexpr ErrorKind kKindOf = ErrorKind::kTaskFailed;
template <> constexpr ErrorKind kKindOf<WorkerDiedError> = ErrorKind::kWorkerDied;
template <> constexpr ErrorKind kKindOf<ActorDiedError> = ErrorKind::kActorDied;
template <> constexpr ErrorKind kKindOf<ActorUnavailableError> = ErrorKind::kActorUnavailable;
template <> constexpr ErrorKind kKindOf<InfeasibleError> = ErrorKind::kInfeasible;
template <> constexpr ErrorKind kKindOf<ObjectLostError> = ErrorKind::kObjectLost;
template <> constexpr ErrorKind kKindOf<OutOfMemoryError> = ErrorKind::kOutOfMemory;
template <> constexpr ErrorKind kKindOf<OutOfDiskError> = ErrorKind::kOutOfDisk;
template <> constexpr ErrorKind kKindOf<UnknownFunctionError> = ErrorKind::kUnknownFunction;
template <> constexpr ErrorKind kKindOf<BadArgumentsError> = ErrorKind::kBadArguments;
template <> constexpr ErrorKind kKindOf<CancelledError> = ErrorKind::kCancelled;
template <> constexpr ErrorKind kKindOf<GroupRemovedError> = ErrorKind::kGroupRemoved;
template <> constexpr ErrorKind kKindOf<PendingCallsError> = ErrorKind::kTooManyCalls;
template <> constexpr ErrorKind kKindOf<NestingError> = ErrorKind::kNestedTooDeep;

template <typename... Errors>
std::optional<ErrorKind> kind_among(const Error& error) {
  std::optional<ErrorKind> kind;
  ((typeid(error) == typeid(Errors) ? void(kind = kKindOf<Errors>) : void()), ...);
  return kind;
}

// An error of a call that the user's code made in turn: it is passed on as it came. None if it came from no call.
std::optional<ErrorInfo> passed_on(const Error& error) {
  if (error.origin().function.empty()) return std::nullopt;
  ErrorInfo info;
  info.function = error.origin().function;
  info.node = error.origin().node;
  info.pid = error.origin().process;
  info.message = error.words();
  if (const auto* task = dynamic_cast<const TaskError*>(&error)) {
    info.message = task->message();
    info.type = task->type();
    info.bases = task->bases();
    return info;
  }
  const std::optional<ErrorKind> kind =
      kind_among<WorkerDiedError, ActorDiedError, ActorUnavailableError, InfeasibleError, ObjectLostError,
                 UnknownFunctionError, BadArgumentsError, CancelledError, GroupRemovedError, PendingCallsError,
                 NestingError, OutOfMemoryError, OutOfDiskError>(error);
  if (!kind) return std::nullopt;
  info.kind = *kind;
  return info;
}

}  // namespace

bool TaskError::is_a(const std::type_info& type) const {
  const std::string name = demangled(type.name());
  return name == type_ || std::ranges::find(bases_, name) != bases_.end();
}

std::string internal::name_of_type(const std::type_info& type) { return demangled(type.name()); }

ErrorInfo current_error(const std::string& function, const std::string& node) {
  ErrorInfo error;
  error.function = function;
  error.node = node;
  error.pid = static_cast<std::uint64_t>(::getpid());
  const std::type_info* type = abi::__cxa_current_exception_type();
  error.type = type == nullptr ? "unknown exception" : demangled(type->name());
  if (type != nullptr) add_bases(*type, error.bases);
  try {
    throw;
  } catch (const internal::DecodeFailure& failure) {
    error.kind = ErrorKind::kBadArguments;
    error.message = "the arguments do not decode as the parameters: " + failure.why;
  } catch (const Error& own) {
    if (std::optional<ErrorInfo> passed = passed_on(own)) return std::move(*passed);
    error.message = own.words();
  } catch (const std::exception& exception) {
    error.message = exception.what();
  } catch (...) {
    error.message = "it threw something that is no std::exception";
  }
  return error;
}

}  // namespace Atoll
