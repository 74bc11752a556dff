#include "runtime/device/cuda_copies.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/fake_cuda.h"

namespace Atoll {
namespace {

constexpr std::size_t kPiece = PinnedMemory::kPiece;

// Object memory of so many bytes that nobody touches but where it is copied to.
struct Host {
  explicit Host(std::size_t size) : data(new char[size]), bytes(size) {}
  std::unique_ptr<char[]> data;
  std::size_t bytes;
};

std::string some_text(std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('a' + i % 23);
  return text;
}

}  // namespace

TEST_CASE("what is copied to a GPU comes back from it, and the thread's own GPU stays current") {
  FakeCuda fake;
  const CudaCopies cuda(fake.library());
  const std::string text = some_text(100'000);
  void* const memory = cuda.allocate(text.size(), 1).value();
  auto* const stream = reinterpret_cast<cuda::Stream>(16);
  REQUIRE(cuda.copy_to(1, stream, memory, text.data(), text.size(), nullptr).ok());
  std::string back(text.size(), '\0');
  REQUIRE(cuda.copy_from(1, stream, memory, back.data(), back.size(), nullptr).ok());
  CHECK(back == text);
  CHECK(fake.device == 0);
  for (const FakeCuda::Copy& copy : fake.copies) {
    CHECK(copy.device == 1);
    CHECK(copy.stream == stream);
    CHECK(copy.done);
  }
  cuda.free(memory, 1);
  CHECK(fake.memory.empty());
}

TEST_CASE("PINNED-1, PINNED-2: object memory is registered in pieces that are touched, and no copy goes over their border") {
  FakeCuda fake;
  const CudaCopies cuda(fake.library());
  const Host host(3 * kPiece + 4096);
  const std::size_t bytes = 8 << 20;
  void* const memory = cuda.allocate(bytes, 0).value();
  {
    PinnedMemory pinned(cuda.functions(), host.data.get(), host.bytes);
    CHECK(fake.registered.empty());
    REQUIRE(cuda.copy_from(0, nullptr, memory, host.data.get() + 2 * kPiece - 4096, bytes, &pinned).ok());
    REQUIRE(fake.copies.size() == 2);
    CHECK(fake.copies[0].bytes == 4096);
    CHECK(fake.copies[0].pinned);
    CHECK(fake.copies[1].bytes == bytes - 4096);
    CHECK(fake.copies[1].pinned);
    CHECK(fake.registered.size() == 2);
    CHECK(fake.registered.contains(host.data.get() + kPiece));
    REQUIRE(cuda.copy_from(0, nullptr, memory, host.data.get() + 2 * kPiece, bytes, &pinned).ok());
    CHECK(fake.registered.size() == 2);
    // The last piece is shorter.
    REQUIRE(cuda.copy_to(0, nullptr, memory, host.data.get() + host.bytes - bytes, bytes, &pinned).ok());
    CHECK(fake.registered.at(host.data.get() + 3 * kPiece) == 4096);
  }
  CHECK(fake.registered.empty());
}

TEST_CASE("PINNED-2: a small copy registers nothing, and minds what is registered") {
  FakeCuda fake;
  const CudaCopies cuda(fake.library());
  const Host host(2 * kPiece);
  void* const memory = cuda.allocate(1 << 20, 0).value();
  PinnedMemory pinned(cuda.functions(), host.data.get(), host.bytes);
  REQUIRE(cuda.copy_from(0, nullptr, memory, host.data.get() + kPiece - 100, 4096, &pinned).ok());
  CHECK(fake.registered.empty());
  REQUIRE(cuda.copy_from(0, nullptr, memory, host.data.get() + kPiece, 1 << 20, &pinned).ok());
  CHECK(fake.registered.size() == 1);
  REQUIRE(cuda.copy_from(0, nullptr, memory, host.data.get() + kPiece - 100, 4096, &pinned).ok());
}

TEST_CASE("PINNED-3: after a refusal copies go on without, and the error is not left for the program to find") {
  FakeCuda fake;
  fake.failing["cudaHostRegister"] = 2;
  const CudaCopies cuda(fake.library());
  const Host host(2 * kPiece);
  void* const memory = cuda.allocate(1 << 20, 0).value();
  PinnedMemory pinned(cuda.functions(), host.data.get(), host.bytes);
  REQUIRE(cuda.copy_from(0, nullptr, memory, host.data.get(), 1 << 20, &pinned).ok());
  CHECK(fake.errors_taken == 1);
  fake.failing.clear();
  REQUIRE(cuda.copy_from(0, nullptr, memory, host.data.get() + kPiece, 1 << 20, &pinned).ok());
  CHECK(fake.registered.empty());
  CHECK_FALSE(fake.copies.back().pinned);
}

TEST_CASE("what CUDA refuses says which GPU and why") {
  FakeCuda fake;
  const CudaCopies cuda(fake.library());
  CHECK(cuda.allocate(10, 2).status().message() == "there is no GPU 2 in this process, which sees 2");
  CHECK(cuda.allocate(10, -1).status().message() == "there is no GPU -1 in this process, which sees 2");
  fake.failing["cudaMalloc"] = 2;
  CHECK(cuda.allocate(10, 1).status().message() == "GPU 1: allocating 10 bytes: out of memory");
  CHECK(fake.device == 0);
  fake.failing = {{"cudaGetDeviceCount", 35}};
  CHECK(cuda.allocate(10, 0).status().message() ==
        "GPU 0: counting the GPUs: CUDA driver version is insufficient for CUDA runtime version");
  fake.failing = {};
  std::string text(10, 'x');
  void* const memory = cuda.allocate(10, 0).value();
  CHECK(cuda.copy_from(1, nullptr, memory, text.data(), 10, nullptr).message() == "GPU 1: copying from it: invalid argument");
  fake.failing = {{"cudaStreamSynchronize", 1}};
  CHECK_FALSE(cuda.copy_to(0, nullptr, memory, text.data(), 10, nullptr).ok());
  CHECK(fake.errors_taken == 4);
}

TEST_CASE("a node without the CUDA runtime says so, and what was tried") {
  const Result<CudaLibrary> none = CudaLibrary::open("/nowhere/libcudart.so");
  CHECK(none.status().code() == Code::kNotFound);
  CHECK(none.status().message().starts_with("no CUDA runtime library was found on this node: /nowhere/libcudart.so: "));
  FakeCuda fake;
  fake.missing = {"cudaHostRegister"};
  CHECK(CudaLibrary::open(fake.lookup()).status().message() == "the CUDA runtime library of this node has no cudaHostRegister");
}

}  // namespace Atoll
