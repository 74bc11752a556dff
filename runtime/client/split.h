#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/status.h"

namespace Atoll {

// The elements of an encoded array, each encoded as it would be alone.
// kInvalidArgument if `bytes` are no array, or one of another length than `count`.
Result<std::vector<std::string>> split_array(std::string_view bytes, std::size_t count);

// Whether an encoded value has a reference to the object inside; true also for one that has the same bytes by chance.
bool mentions(std::string_view bytes, ObjectId object);

}  // namespace Atoll
