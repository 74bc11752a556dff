#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

namespace Atoll {

// Where an error came from, as far as it is known: empty and 0 otherwise.
struct ErrorOrigin {
  std::string function;     // the task's function or the actor's method
  std::string node;         // its node
  std::uint64_t process = 0;  // its process id there
};

// Everything this library throws. what() is one sentence that names function,
// node and process as well.
class Error : public std::runtime_error {
 public:
  Error(const std::string& message, ErrorOrigin origin = {})
      : std::runtime_error(sentence(message, origin)), words_(message), origin_(std::move(origin)) {}

  // what() without the origin.
  const std::string& words() const noexcept { return words_; }
  const ErrorOrigin& origin() const noexcept { return origin_; }

 private:
  static std::string sentence(const std::string& message, const ErrorOrigin& origin);

  std::string words_;
  ErrorOrigin origin_;
};

// The task or call threw. type() is the name of its exception's type, and
// message() the words of its own what(). A task that lets such an error of a task
// of its own pass ends with that same error; so it is with the other types.
class TaskError : public Error {
 public:
  TaskError(std::string message, std::string type, std::vector<std::string> bases, ErrorOrigin origin)
      : Error(type + ": " + message, std::move(origin)),
        type_(std::move(type)),
        message_(std::move(message)),
        bases_(std::move(bases)) {}

  const std::string& type() const noexcept { return type_; }
  const std::string& message() const noexcept { return message_; }
  const std::vector<std::string>& bases() const noexcept { return bases_; }  // the names of the type's base classes
  // Whether the exception was an E, or of a type that derives from E: whether a
  // handler for E would have caught it there.
  template <typename E>
  bool is() const {
    return is_a(typeid(E));
  }

 private:
  bool is_a(const std::type_info& type) const;

  std::string type_;
  std::string message_;
  std::vector<std::string> bases_;
};

// The task or call was cancelled. Waiting in a task that is cancelled throws it
// too, so that the task ends.
class CancelledError : public Error {
 public:
  using Error::Error;
};

// Tasks were nested in tasks more deeply than kMaxNesting (task.h), each waiting
// for the next: a recursion without end, most likely.
class NestingError : public Error {
 public:
  using Error::Error;
};

// The worker's process ended under a task (it exited, was killed, or its node
// died) more often than the task's retries allow.
class WorkerDiedError : public Error {
 public:
  using Error::Error;
};

// The actor is dead and will not come back.
class ActorDiedError : public Error {
 public:
  using Error::Error;
};

// The actor's process ended, or our connection to it, while the call was under
// way, more often than the call's retries allow; the actor lives, or is being
// restarted. Whether the call ran is unknown.
class ActorUnavailableError : public Error {
 public:
  using Error::Error;
};

// The actor takes no more unfinished calls of one process than max_pending_calls().
class PendingCallsError : public Error {
 public:
  using Error::Error;
};

// No node of the cluster can ever give what was asked for.
class InfeasibleError : public Error {
 public:
  using Error::Error;
};

// The placement group was removed, or went with its owner.
class GroupRemovedError : public Error {
 public:
  using Error::Error;
};

// A node has no object memory left for a large value, and others gave none back in time.
class OutOfMemoryError : public Error {
 public:
  using Error::Error;
};

// A node's object memory is full, and so is the disk to which it could spill: nothing was freed in time.
class OutOfDiskError : public Error {
 public:
  using Error::Error;
};

// The object's owner is gone, or dropped it; or what was spilled to disk does not read back as it was written; or its bytes
// were lost with a node and nothing makes them again: they were put, or are the result of an actor's call, or their task's
// retries() do not allow another run. The words say which.
class ObjectLostError : public Error {
 public:
  using Error::Error;
};

// A value is of another type than it was asked for.
class WrongTypeError : public Error {
 public:
  using Error::Error;
};

// An index, a slice or a shape that the tensor does not have.
class ShapeError : public Error {
 public:
  using Error::Error;
};

// There is no CUDA runtime library or no such device, or it refused; what() has its words.
class DeviceError : public Error {
 public:
  using Error::Error;
};

// A get() took longer than it was allowed to. The object is still to come.
class TimeoutError : public Error {
 public:
  using Error::Error;
};

// The function, class or method is not registered in the worker's program.
class UnknownFunctionError : public Error {
 public:
  using Error::Error;
};

// The arguments do not decode as the function's parameters.
class BadArgumentsError : public Error {
 public:
  using Error::Error;
};

// There is no cluster to connect to, or it is gone.
class ClusterLostError : public Error {
 public:
  using Error::Error;
};

}  // namespace Atoll
