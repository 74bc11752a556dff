#include "runtime/base/http_library.h"

#ifdef HAVE_MICROHTTPD

#include <dlfcn.h>

#include <type_traits>

namespace Atoll {

Result<HttpLibrary> HttpLibrary::load(const std::string& what) {
  constexpr const char* kFile = "libmicrohttpd.so.12";
  void* const handle = ::dlopen(kFile, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    return Status(Code::kUnavailable, what + " libmicrohttpd on this node (Debian: libmicrohttpd12, RHEL: libmicrohttpd): " + ::dlerror());
  HttpLibrary library;
  const auto find = [handle](const char* name, auto& function) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(handle, name));
    return function != nullptr;
  };
  const bool whole = find("MHD_start_daemon", library.start_daemon) && find("MHD_stop_daemon", library.stop_daemon) &&
                     find("MHD_run", library.run) && find("MHD_get_timeout", library.get_timeout) &&
                     find("MHD_get_daemon_info", library.get_daemon_info) &&
                     find("MHD_get_connection_info", library.get_connection_info) &&
                     find("MHD_add_connection", library.add_connection) &&
                     find("MHD_get_connection_values_n", library.get_connection_values) &&
                     find("MHD_lookup_connection_value", library.lookup_connection_value) &&
                     find("MHD_suspend_connection", library.suspend_connection) &&
                     find("MHD_resume_connection", library.resume_connection) &&
                     find("MHD_create_response_from_buffer", library.create_response) &&
                     find("MHD_add_response_header", library.add_response_header) &&
                     find("MHD_queue_response", library.queue_response) &&
                     find("MHD_destroy_response", library.destroy_response);
  if (whole) return library;
  return Status(Code::kUnavailable, std::string(kFile) + " lacks a function that every one since 0.9.64 has");
}

}  // namespace Atoll

#endif
