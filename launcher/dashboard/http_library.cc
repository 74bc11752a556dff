#include "config.h"

#ifdef HAVE_MICROHTTPD

#include <dlfcn.h>

#include "launcher/dashboard/http_library.h"

namespace Atoll {
namespace {

constexpr const char* kFile = "libmicrohttpd.so.12";

template <typename Function>
bool resolve(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(handle, name));
  return function != nullptr;
}

}  // namespace

Result<HttpLibrary> load_http_library() {
  void* handle = dlopen(kFile, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    return Status(Code::kUnavailable, std::string("the dashboard needs ") + kFile +
                                          " on this node (Debian: libmicrohttpd12, RHEL: libmicrohttpd): " + dlerror());
  HttpLibrary library;
  const bool whole = resolve(handle, "MHD_start_daemon", library.start_daemon) &&
                     resolve(handle, "MHD_stop_daemon", library.stop_daemon) &&
                     resolve(handle, "MHD_get_connection_values_n", library.get_connection_values_n) &&
                     resolve(handle, "MHD_lookup_connection_value", library.lookup_connection_value) &&
                     resolve(handle, "MHD_create_response_from_buffer", library.create_response_from_buffer) &&
                     resolve(handle, "MHD_add_response_header", library.add_response_header) &&
                     resolve(handle, "MHD_queue_response", library.queue_response) &&
                     resolve(handle, "MHD_destroy_response", library.destroy_response) &&
                     resolve(handle, "MHD_suspend_connection", library.suspend_connection) &&
                     resolve(handle, "MHD_resume_connection", library.resume_connection);
  if (whole) return library;
  return Status(Code::kUnavailable, std::string(kFile) + " lacks a function that it has since 0.9.64");
}

}  // namespace Atoll

#endif
