#pragma once

#include <cstdlib>
#include <memory>

#include <atoll/encoded.h>

namespace Atoll::testing {

// As if it had come into the node's memory: on a boundary of 4 KiB, kept by somebody.
inline internal::Bytes placed(const internal::Encoded& encoded) {
  const std::size_t pages = (encoded.size() + 4095) / 4096;
  const std::shared_ptr<char> place(static_cast<char*>(std::aligned_alloc(4096, pages * 4096)), std::free);
  encoded.copy_to(place.get());
  return internal::Bytes(std::string_view(place.get(), encoded.size()), place);
}

inline bool lies_in(const internal::Bytes& bytes, const void* data) {
  const auto* at = static_cast<const char*>(data);
  return at >= bytes.view.data() && at < bytes.view.data() + bytes.view.size();
}

}  // namespace Atoll::testing
