// A CUDA runtime of two GPUs whose memory is the host's, for tests/cluster/device.sh: with a copy over the border of what is
// registered it is as strict as the real one.
#include <stdlib.h>
#include <string.h>

enum { kSuccess = 0, kInvalid = 1, kNoMemory = 2, kNoDevice = 101 };
enum { kMost = 1024 };

static __thread int current;
static struct { char* data; size_t bytes; } registered[kMost];
static int count;

const char* cudaGetErrorString(int error) {
  return error == kInvalid ? "invalid argument" : error == kNoMemory ? "out of memory" : "unknown error";
}
int cudaGetLastError(void) { return kSuccess; }
int cudaGetDeviceCount(int* devices) { return *devices = 2, kSuccess; }
int cudaGetDevice(int* device) { return *device = current, kSuccess; }
int cudaSetDevice(int device) { return device < 0 || device > 1 ? kNoDevice : (current = device, kSuccess); }
int cudaMalloc(void** data, size_t bytes) {
  // Its first byte says whose it is.
  char* const memory = bytes > (size_t)1 << 30 ? NULL : malloc(bytes + 64);
  if (memory == NULL) return kNoMemory;
  memory[0] = (char)current;
  *data = memory + 64;
  return kSuccess;
}
int cudaFree(void* data) { return free((char*)data - 64), kSuccess; }

static int crosses(const char* at, size_t bytes) {
  for (int i = 0; i < count; ++i) {
    const char* const data = registered[i].data;
    const char* const end = data + registered[i].bytes;
    if (at < end && data < at + bytes) return !(data <= at && at + bytes <= end);
  }
  return 0;
}
int cudaMemcpyAsync(void* to, const void* from, size_t bytes, int kind, void* stream) {
  (void)stream;
  if ((kind != 1 && kind != 2) || crosses(kind == 1 ? from : to, bytes)) return kInvalid;
  return memcpy(to, from, bytes), kSuccess;
}
int cudaStreamSynchronize(void* stream) { return (void)stream, kSuccess; }
int cudaHostRegister(void* data, size_t bytes, unsigned flags) {
  (void)flags;
  if (count == kMost) return kNoMemory;
  registered[count].data = data;
  registered[count++].bytes = bytes;
  return kSuccess;
}
int cudaHostUnregister(void* data) {
  for (int i = 0; i < count; ++i)
    if (registered[i].data == data) return registered[i] = registered[--count], kSuccess;
  return kInvalid;
}
