#include "runtime/device/cuda_copies.h"

#include <string>

namespace Atoll {

// Makes a device current while it lives.
class CudaCopies::Current {
 public:
  Current(const CudaCopies& copies, int device) : functions_(copies.functions()) {
    int count = 0;
    status_ = copies.check(functions_.get_count(&count), "counting the GPUs", device);
    if (status_.ok() && (device < 0 || device >= count))
      status_ = Status(Code::kUnavailable,
                       "there is no GPU " + std::to_string(device) + " in this process, which sees " + std::to_string(count));
    if (status_.ok()) status_ = copies.check(functions_.get_device(&before_), "asking for the current GPU", device);
    if (status_.ok()) status_ = copies.check(functions_.set_device(device), "using it", device);
    was_set_ = status_.ok();
  }
  ~Current() {
    if (was_set_) (void)functions_.set_device(before_);
  }
  Current(const Current&) = delete;
  Current& operator=(const Current&) = delete;

  const Status& status() const { return status_; }

 private:
  const cuda::Functions& functions_;
  Status status_;
  int before_ = 0;
  bool was_set_ = false;
};

Status CudaCopies::check(cuda::Error error, const char* doing, int device) const {
  if (error == cuda::kSuccess) return Status();
  (void)functions().last_error();  // it is said here
  return Status(Code::kUnavailable, "GPU " + std::to_string(device) + ": " + doing + ": " + functions().error_string(error));
}

Result<void*> CudaCopies::allocate(std::size_t bytes, int device) const {
  const Current current(*this, device);
  if (!current.status().ok()) return current.status();
  void* data = nullptr;
  const Status status =
      check(functions().allocate(&data, bytes), ("allocating " + std::to_string(bytes) + " bytes").c_str(), device);
  if (!status.ok()) return status;
  return data;
}

void CudaCopies::free(void* data, int device) const {
  const Current current(*this, device);
  if (current.status().ok()) (void)check(functions().free(data), "freeing memory", device);
}

Status CudaCopies::copy_from(int device, cuda::Stream stream, const void* data, char* to, std::size_t bytes,
                             PinnedMemory* pinned) const {
  const Current current(*this, device);
  if (!current.status().ok()) return current.status();
  const auto part = [&](char* place, std::size_t size) {
    return check(functions().copy(place, static_cast<const char*>(data) + (place - to), size, cuda::kDeviceToHost, stream),
                 "copying from it", device);
  };
  const Status begun = pinned != nullptr ? pinned->for_each_part(to, bytes, part) : part(to, bytes);
  const Status done = check(functions().synchronize(stream), "copying from it", device);
  return begun.ok() ? done : begun;
}

Status CudaCopies::copy_to(int device, cuda::Stream stream, void* data, const char* from, std::size_t bytes,
                           PinnedMemory* pinned) const {
  const Current current(*this, device);
  if (!current.status().ok()) return current.status();
  const auto part = [&](const char* place, std::size_t size) {
    return check(functions().copy(static_cast<char*>(data) + (place - from), place, size, cuda::kHostToDevice, stream),
                 "copying to it", device);
  };
  const Status begun = pinned != nullptr ? pinned->for_each_part(const_cast<char*>(from), bytes, part) : part(from, bytes);
  const Status done = check(functions().synchronize(stream), "copying to it", device);
  return begun.ok() ? done : begun;
}

}  // namespace Atoll
