#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "runtime/base/environment.h"
#include "runtime/base/status.h"
#include "runtime/wire/hello.h"

namespace Atoll {

// The variable that carries a cluster's secret to its processes.
inline constexpr const char* kSecretVariable = "ATOLL_SECRET";

// A secret as text for an environment variable.
struct ProtectedSecret {
  std::string text;       // "MUNGE:…:", which only our uid can open, or "hex:<64 digits>"
  std::string why_plain;  // why it is not a munge credential; "" if it is
};

// Seals the secret with munge for our effective uid, for as long as the site's munged lets a credential live (an hour
// unless configured). Where munge is absent or silent (10 s, libmunge's own bound), falls back to plain digits and says
// why. libmunge is loaded at run time.
ProtectedSecret protect(const Secret& secret);

// Opens what protect() made. A credential may be opened many times (every daemon of one munged does), but one that
// another uid sealed is refused: kUnauthenticated. Each failure says what to do.
Result<Secret> unprotect(std::string_view text);

// Takes the secret out of this process's environment: opens it, and on success and failure alike overwrites the
// variable's bytes and unsets it, so that neither children nor /proc/<pid>/environ show it. kNotFound when it is not
// set. Call at the start of main, before there are threads.
Result<Secret> take_secret_from_environment();

// Keeps this process's memory out of core files from now on; children inherit it. (The kernel's coredump_filter, else
// PR_SET_DUMPABLE: the latter would also stop other processes of the user from reading our memory, which UCX's cma
// transport does.)
Status keep_memory_out_of_core_files();

// Undoes it in a child that is about to run a user's program, whose core files are the user's own.
Status allow_memory_in_core_files();

}  // namespace Atoll
