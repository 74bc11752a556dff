#include "runtime/wire/munge.h"

#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "runtime/base/fd.h"
#include "runtime/wire/munge_library.h"

namespace Atoll {

namespace {

constexpr std::string_view kPlain = "hex:";
constexpr std::string_view kSealed = "MUNGE:";
// In front of the secret's bytes, so that no other credential of the user is taken for one of ours.
constexpr std::string_view kLabel = "atoll cluster secret 1\n";

Status unauthenticated(const std::string& why) { return Status(Code::kUnauthenticated, why); }

Result<Secret> unseal(const std::string& credential) {
  Result<OpenedCredential> opened = munge_open(credential);
  if (!opened.ok())
    return opened.status().prefixed(
        "the cluster's secret cannot be opened on this node (does its munged run, with the same key and time "
        "as the submitting node's?)");
  if (opened->sealed_by != geteuid())
    return unauthenticated("the cluster's secret was sealed by user " + std::to_string(opened->sealed_by) +
                           ", not by our user " + std::to_string(geteuid()));
  Secret secret;
  if (!opened->payload.starts_with(kLabel) || opened->payload.size() != kLabel.size() + secret.bytes.size())
    return unauthenticated("ATOLL_SECRET holds a munge credential that is no cluster's secret");
  std::copy(opened->payload.begin() + kLabel.size(), opened->payload.end(), secret.bytes.begin());
  explicit_bzero(opened->payload.data(), opened->payload.size());
  return secret;
}

// Which mappings go into a core file, core(5): 0 is none, 0x33 the kernel's default.
Status set_core_filter(const char* mask) {
  const Fd file(::open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC));
  if (!file.valid() || ::write(file.get(), mask, strlen(mask)) < 0)
    return errno_status("/proc/self/coredump_filter", errno);
  return Status();
}

}  // namespace

ProtectedSecret protect(const Secret& secret) {
  std::string payload(kLabel);
  payload.append(secret.bytes.begin(), secret.bytes.end());
  Result<std::string> sealed = munge_seal(payload, geteuid());
  explicit_bzero(payload.data(), payload.size());
  if (sealed.ok()) return {std::move(*sealed), ""};
  return {std::string(kPlain) + secret.to_hex(), sealed.status().message()};
}

Result<Secret> unprotect(std::string_view text) {
  if (text.starts_with(kSealed)) return unseal(std::string(text));
  if (text.starts_with(kPlain)) {
    if (Result<Secret> secret = Secret::from_hex(text.substr(kPlain.size())); secret.ok()) return secret;
  }
  return unauthenticated("ATOLL_SECRET is neither a munge credential nor hex: with 64 digits");
}

Result<Secret> take_secret_from_environment() {
  char* variable = getenv(kSecretVariable);
  if (variable == nullptr)
    return Status(Code::kNotFound, "ATOLL_SECRET is not set: this process was not started by Atoll");
  Result<Secret> secret = unprotect(variable);
  explicit_bzero(variable, strlen(variable));
  unsetenv(kSecretVariable);
  return secret;
}

Status keep_memory_out_of_core_files() {
  if (set_core_filter("0").ok()) return Status();
  return prctl(PR_SET_DUMPABLE, 0) == 0 ? Status() : errno_status("PR_SET_DUMPABLE", errno);
}

Status allow_memory_in_core_files() { return set_core_filter("0x33"); }

}  // namespace Atoll
