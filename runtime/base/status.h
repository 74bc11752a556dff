#pragma once

#include <optional>
#include <string>
#include <utility>

namespace Atoll {

// What kind of thing went wrong; the words of a Status say the rest. The
// numbers travel in messages, so they are never reused.
enum class Code : int {
  kOk = 0,
  kInvalidArgument = 1,  // the caller asked for something malformed
  kNotFound = 2,
  kAlreadyExists = 3,
  kUnavailable = 4,  // may work later: a peer is gone, a link is cut
  kTimedOut = 5,
  kUnauthenticated = 6,   // the hello failed
  kResourceExhausted = 7, // no memory, no descriptor, no disk
  kInfeasible = 8,        // no node of this cluster can ever do it
  kAborted = 9,           // cancelled or overtaken
  kInternal = 10,         // a bug of ours
  kDiskFull = 11,
};

// The lower-case word for `code`, as logs and JSON print it.
const char* to_string(Code code);

// Success, or a code and one sentence. Copies are values.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message)
      : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }

  // The same failure with what was being done put in front: "what: message".
  // Success stays success.
  Status prefixed(const std::string& what) const;

  // "timed out: no answer from n3 within 3 s"; "ok" on success.
  std::string to_string() const;

  friend bool operator==(const Status&, const Status&) = default;

 private:
  Code code_ = Code::kOk;
  std::string message_;
};

// The Status of a failed system call: `what` and the words for `errno_value`.
Status errno_status(const std::string& what, int errno_value);

// Ends the process for the use of a value that is not there: `status` says why it is not.
[[noreturn]] void no_value(const Status& status);
// Ends the process unless `status` is a failure.
void check_failure(const Status& status);

// A T, or the Status that says why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}  // NOLINT: implicit on purpose
  Result(Status status) : status_(std::move(status)) { check_failure(status_); }  // NOLINT

  bool ok() const { return value_.has_value(); }

  // The failure, or success when there is a value.
  Status status() const { return status_; }

  T& value() {
    if (!value_) no_value(status_);
    return *value_;
  }
  const T& value() const {
    if (!value_) no_value(status_);
    return *value_;
  }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  // Two members, not a variant: whatever uses a Result compiles faster.
  std::optional<T> value_;
  Status status_;  // success if there is a value
};

}  // namespace Atoll

// Returns the Status of `expression` from the enclosing function if it failed.
#define ATOLL_RETURN_IF_ERROR(expression)                    \
  do {                                                       \
    if (::Atoll::Status atoll_status_ = (expression);        \
        !atoll_status_.ok())                                 \
      return atoll_status_;                                  \
  } while (false)
