#include "runtime/metrics/http_library.h"

#ifdef HAVE_MICROHTTPD

#include <dlfcn.h>

#include <string>

namespace Atoll {
namespace {

template <typename Function>
bool resolve(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(handle, name));
  return function != nullptr;
}

}  // namespace

Result<HttpLibrary> HttpLibrary::load() {
  void* const handle = ::dlopen("libmicrohttpd.so.12", RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    return Status(Code::kUnavailable, "metrics need libmicrohttpd (Debian: libmicrohttpd12), which is not there: " + std::string(::dlerror()));
  HttpLibrary library;
  const bool whole = resolve(handle, "MHD_start_daemon", library.start_daemon) && resolve(handle, "MHD_stop_daemon", library.stop_daemon) &&
                     resolve(handle, "MHD_run", library.run) && resolve(handle, "MHD_get_timeout", library.get_timeout) &&
                     resolve(handle, "MHD_get_daemon_info", library.get_daemon_info) &&
                     resolve(handle, "MHD_get_connection_info", library.get_connection_info) &&
                     resolve(handle, "MHD_add_connection", library.add_connection) &&
                     resolve(handle, "MHD_lookup_connection_value", library.lookup_connection_value) &&
                     resolve(handle, "MHD_suspend_connection", library.suspend_connection) &&
                     resolve(handle, "MHD_resume_connection", library.resume_connection) &&
                     resolve(handle, "MHD_create_response_from_buffer", library.create_response) &&
                     resolve(handle, "MHD_add_response_header", library.add_response_header) &&
                     resolve(handle, "MHD_queue_response", library.queue_response) &&
                     resolve(handle, "MHD_destroy_response", library.destroy_response);
  if (whole) return library;
  return Status(Code::kUnavailable, "libmicrohttpd.so.12 lacks a function that every one since 0.9.54 has");
}

}  // namespace Atoll

#endif
