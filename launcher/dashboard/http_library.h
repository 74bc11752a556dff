#pragma once

#include <microhttpd.h>

#include "runtime/base/status.h"

namespace Atoll {

// What we use of libmicrohttpd. Constant once it is loaded, and never unloaded.
struct HttpLibrary {
  decltype(&MHD_start_daemon) start_daemon = nullptr;
  decltype(&MHD_stop_daemon) stop_daemon = nullptr;
  decltype(&MHD_get_connection_values_n) get_connection_values_n = nullptr;
  decltype(&MHD_lookup_connection_value) lookup_connection_value = nullptr;
  decltype(&MHD_create_response_from_buffer) create_response_from_buffer = nullptr;
  decltype(&MHD_add_response_header) add_response_header = nullptr;
  decltype(&MHD_queue_response) queue_response = nullptr;
  decltype(&MHD_destroy_response) destroy_response = nullptr;
  decltype(&MHD_suspend_connection) suspend_connection = nullptr;
  decltype(&MHD_resume_connection) resume_connection = nullptr;
};

// kUnavailable says what to install.
Result<HttpLibrary> load_http_library();

}  // namespace Atoll
