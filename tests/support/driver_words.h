#pragma once

#include <atoll/error.h>

#include <cxxabi.h>
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <typeinfo>

// What the drivers of tests/cluster say and wait for.
namespace Atoll::testing {

inline void touch(const std::string& file) { ::close(::open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)); }

// Throws if it is not there within a minute.
inline void wait_for_file(const std::string& file) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!std::filesystem::exists(file)) {
    if (std::chrono::steady_clock::now() > limit) throw std::runtime_error("nobody made " + file + " within a minute");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

// "ActorDiedError".
inline std::string class_of(const Error& error) {
  const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(typeid(error).name(), nullptr, nullptr, nullptr), &std::free);
  const std::string text = name.get();
  return text.substr(text.rfind(':') + 1);
}

// Prints "what: TimeoutError and what it says", or "what: no error".
template <typename Wait>
void say_error(const char* what, Wait wait) {
  try {
    wait();
    std::cout << what << ": no error" << std::endl;
  } catch (const Error& error) {
    std::cout << what << ": " << class_of(error) << ' ' << error.what() << std::endl;
  }
}

}  // namespace Atoll::testing
