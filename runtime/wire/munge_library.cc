#include "runtime/wire/munge_library.h"

#include "config.h"

#ifdef HAVE_MUNGE

#include <dlfcn.h>
#include <munge.h>
#include <string.h>

#include <cstdlib>
#include <memory>

namespace Atoll {

namespace {

struct Library {
  decltype(&munge_encode) encode = nullptr;
  decltype(&munge_decode) decode = nullptr;
  decltype(&munge_ctx_create) create = nullptr;
  decltype(&munge_ctx_destroy) destroy = nullptr;
  decltype(&munge_ctx_set) set = nullptr;
  decltype(&munge_ctx_strerror) context_error = nullptr;
  decltype(&munge_strerror) error = nullptr;
};

template <typename Function>
bool resolve(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(handle, name));
  return function != nullptr;
}

Result<Library> load_library() {
  void* handle = dlopen("libmunge.so.2", RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return Status(Code::kUnavailable, std::string("no munge library: ") + dlerror());
  Library library;
  const bool whole =
      resolve(handle, "munge_encode", library.encode) && resolve(handle, "munge_decode", library.decode) &&
      resolve(handle, "munge_ctx_create", library.create) && resolve(handle, "munge_ctx_destroy", library.destroy) &&
      resolve(handle, "munge_ctx_set", library.set) && resolve(handle, "munge_ctx_strerror", library.context_error) &&
      resolve(handle, "munge_strerror", library.error);
  if (whole) return library;
  return Status(Code::kUnavailable, "libmunge.so.2 lacks a function that every munge since 0.5 has");
}

Status failure(const Library& library, munge_ctx_t context, munge_err_t error) {
  const char* details = library.context_error(context);
  const bool refused = error >= EMUNGE_CRED_INVALID;
  return Status(refused ? Code::kUnauthenticated : Code::kUnavailable,
                std::string("munge: ") + (details != nullptr ? details : library.error(error)));
}

using Context = std::unique_ptr<std::remove_pointer_t<munge_ctx_t>, decltype(&munge_ctx_destroy)>;
using Text = std::unique_ptr<char, decltype(&std::free)>;

}  // namespace

Result<std::string> munge_seal(std::string_view payload, uid_t reader) {
  const Result<Library> library = load_library();
  ATOLL_RETURN_IF_ERROR(library.status());
  const Context context(library->create(), library->destroy);
  if (context == nullptr) return Status(Code::kResourceExhausted, "munge: no memory");
  munge_err_t error = library->set(context.get(), MUNGE_OPT_UID_RESTRICTION, reader);
  if (error == EMUNGE_SUCCESS) error = library->set(context.get(), MUNGE_OPT_TTL, MUNGE_TTL_MAXIMUM);
  if (error != EMUNGE_SUCCESS) return failure(*library, context.get(), error);
  char* credential = nullptr;
  error = library->encode(&credential, context.get(), payload.data(), static_cast<int>(payload.size()));
  const Text owner(credential, &std::free);
  if (error != EMUNGE_SUCCESS) return failure(*library, context.get(), error);
  return std::string(credential);
}

Result<OpenedCredential> munge_open(const std::string& credential) {
  const Result<Library> library = load_library();
  ATOLL_RETURN_IF_ERROR(library.status());
  const Context context(library->create(), library->destroy);
  if (context == nullptr) return Status(Code::kResourceExhausted, "munge: no memory");
  void* payload = nullptr;
  int size = 0;
  OpenedCredential opened;
  gid_t group = 0;
  const munge_err_t error =
      library->decode(credential.c_str(), context.get(), &payload, &size, &opened.sealed_by, &group);
  // Also with an error, such as "replayed": several daemons of one munged open the same one.
  if (payload != nullptr) {
    opened.payload.assign(static_cast<const char*>(payload), static_cast<std::size_t>(size));
    explicit_bzero(payload, static_cast<std::size_t>(size));
    std::free(payload);
  }
  if (error != EMUNGE_SUCCESS && error != EMUNGE_CRED_REPLAYED) return failure(*library, context.get(), error);
  return opened;
}

}  // namespace Atoll

#else

namespace Atoll {

Result<std::string> munge_seal(std::string_view, uid_t) {
  return Status(Code::kUnavailable, "this Atoll was built without munge");
}

Result<OpenedCredential> munge_open(const std::string&) {
  return Status(Code::kUnavailable, "this Atoll was built without munge");
}

}  // namespace Atoll

#endif
