#pragma once

#include <utility>

// Names the fields of a message struct, in the order in which they travel, so
// that the codec can reach them. Keeps msgpack's headers, which are slow to
// compile, out of every file that handles messages; pack.h brings the two
// together.
#define ATOLL_MESSAGE_FIELDS(...)                                             \
  template <typename Visit>                                                   \
  decltype(auto) visit_fields(Visit&& visit) {                                \
    return std::forward<Visit>(visit)(__VA_ARGS__);                           \
  }                                                                           \
  template <typename Visit>                                                   \
  decltype(auto) visit_fields(Visit&& visit) const {                          \
    return std::forward<Visit>(visit)(__VA_ARGS__);                           \
  }
