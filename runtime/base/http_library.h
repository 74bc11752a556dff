#pragma once

#include "config.h"

#ifdef HAVE_MICROHTTPD

#include <microhttpd.h>

#include <string>

#include "runtime/base/status.h"

namespace Atoll {

// GNU libmicrohttpd, loaded when somebody asks for what needs it: it brings a TLS library along that nobody should have to start
// with. Constant once it is loaded, and never unloaded.
struct HttpLibrary {
  decltype(&MHD_start_daemon) start_daemon = nullptr;
  decltype(&MHD_stop_daemon) stop_daemon = nullptr;
  decltype(&MHD_run) run = nullptr;
  decltype(&MHD_get_timeout) get_timeout = nullptr;
  decltype(&MHD_get_daemon_info) get_daemon_info = nullptr;
  decltype(&MHD_get_connection_info) get_connection_info = nullptr;
  decltype(&MHD_add_connection) add_connection = nullptr;
  decltype(&MHD_get_connection_values_n) get_connection_values = nullptr;
  decltype(&MHD_lookup_connection_value) lookup_connection_value = nullptr;
  decltype(&MHD_suspend_connection) suspend_connection = nullptr;
  decltype(&MHD_resume_connection) resume_connection = nullptr;
  decltype(&MHD_create_response_from_buffer) create_response = nullptr;
  decltype(&MHD_add_response_header) add_response_header = nullptr;
  decltype(&MHD_queue_response) queue_response = nullptr;
  decltype(&MHD_destroy_response) destroy_response = nullptr;

  // kUnavailable where it is not installed, with what to install for `what`.
  static Result<HttpLibrary> load(const std::string& what);
};

}  // namespace Atoll

#endif
