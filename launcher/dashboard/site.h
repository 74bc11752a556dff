#pragma once

#include <functional>

#include "launcher/dashboard/gate.h"
#include "launcher/dashboard/question.h"

namespace Atoll {

// Joins the gate, the page's files and the questions. For one thread.
class DashboardSite {
 public:
  using Done = std::function<void(HttpReply)>;
  // Who answers questions, now or later.
  using Ask = std::function<void(DashboardQuestion, Done)>;
  DashboardSite(Gate::Words words, Ask ask) : gate_(std::move(words)), ask_(std::move(ask)) {}

  std::string entrance() const { return gate_.entrance(); }
  void take(const HttpRequest& request, Done done);

 private:
  Gate gate_;
  Ask ask_;
};

}  // namespace Atoll
