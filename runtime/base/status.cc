#include "runtime/base/status.h"

#include <cerrno>
#include <system_error>

#include "runtime/base/check.h"

namespace Atoll {

const char* to_string(Code code) {
  switch (code) {
    case Code::kOk: return "ok";
    case Code::kInvalidArgument: return "invalid argument";
    case Code::kNotFound: return "not found";
    case Code::kAlreadyExists: return "already exists";
    case Code::kUnavailable: return "unavailable";
    case Code::kTimedOut: return "timed out";
    case Code::kUnauthenticated: return "unauthenticated";
    case Code::kResourceExhausted: return "resource exhausted";
    case Code::kInfeasible: return "infeasible";
    case Code::kAborted: return "aborted";
    case Code::kInternal: return "internal error";
    case Code::kDiskFull: return "disk full";
  }
  return "unknown code";
}

Status Status::prefixed(const std::string& what) const {
  return ok() ? *this : Status(code_, what + ": " + message_);
}

std::string Status::to_string() const {
  if (ok()) return "ok";
  return std::string(Atoll::to_string(code_)) + ": " + message_;
}

Status errno_status(const std::string& what, int errno_value) {
  const bool exhausted = errno_value == ENOMEM || errno_value == EMFILE ||
                         errno_value == ENFILE || errno_value == ENOSPC;
  const Code code = errno_value == ENOENT ? Code::kNotFound
                    : exhausted           ? Code::kResourceExhausted
                                          : Code::kUnavailable;
  return Status(code, what + ": " + std::generic_category().message(errno_value));
}

void no_value(const Status& status) { check_failed(__FILE__, __LINE__, "the result has a value", status.to_string()); }

void check_failure(const Status& status) { ATOLL_CHECK(!status.ok()); }

}  // namespace Atoll
