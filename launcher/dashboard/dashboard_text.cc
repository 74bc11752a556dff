#include "launcher/dashboard/dashboard_text.h"

#include <nlohmann/json.hpp>

namespace Atoll {

std::string url_of(const DashboardPlace& place) {
  return "http://127.0.0.1:" + std::to_string(place.port) + place.entrance;
}

std::string ssh_of(const DashboardPlace& place) {
  const std::string port = std::to_string(place.port);
  const bool through = !place.submitted.empty() && place.submitted != place.host;
  return "ssh -N -L " + port + ":127.0.0.1:" + port + (through ? " -J " + place.submitted : "") + " " + place.host;
}

std::string place_to_text(const DashboardPlace& place) {
  return "the dashboard of cluster " + place.cluster + " is on " + place.host +
         " until it is interrupted. From your own machine:\n"
         "  " +
         ssh_of(place) +
         "\n"
         "Then open this, which works once; after that the page is that browser's alone:\n"
         "  " +
         url_of(place) + "\n";
}

std::string place_to_json(const DashboardPlace& place) {
  const nlohmann::ordered_json object = {{"url", url_of(place)},
                                         {"host", place.host},
                                         {"port", place.port},
                                         {"ssh", ssh_of(place)},
                                         {"cluster", place.cluster}};
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace Atoll
