#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "runtime/base/status.h"

namespace Atoll {

// A credential that was opened: what it holds, and who sealed it.
struct OpenedCredential {
  std::string payload;
  uid_t sealed_by = 0;
};

// Munge, loaded at run time (libmunge.so.2). Each blocks until munged answers, at most some seconds. Failures are
// kUnavailable where munge is absent or silent, kUnauthenticated where it refuses the credential.

// A credential that only `reader` can open, valid for as long as munged allows.
Result<std::string> munge_seal(std::string_view payload, uid_t reader);

// Opens a credential, be it for the first time or again.
Result<OpenedCredential> munge_open(const std::string& credential);

}  // namespace Atoll
