#pragma once

#include <string>

namespace Atoll {

// How a person gets at a dashboard.
struct DashboardPlace {
  std::string cluster;
  std::string host;            // that it is on, by its own name
  std::string submitted = {};  // the host that the job was submitted from; "" if it is not on the way
  int port = 0;                // of 127.0.0.1 on `host`
  std::string entrance = {};   // "/?token=…"
};

std::string url_of(const DashboardPlace& place);
// What is typed on one's own machine.
std::string ssh_of(const DashboardPlace& place);
// For people.
std::string place_to_text(const DashboardPlace& place);
// {"url","host","port","ssh","cluster"} of atoll-dashboard(1), on one line.
std::string place_to_json(const DashboardPlace& place);

}  // namespace Atoll
