#pragma once

#include <string>
#include <string_view>

#include "runtime/base/status.h"

namespace Atoll {

// RFC 4648, section 4: with padding, without line breaks. Nothing else is accepted.
std::string to_base64(std::string_view bytes);
Result<std::string> from_base64(std::string_view text);

}  // namespace Atoll
