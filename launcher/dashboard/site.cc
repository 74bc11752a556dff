#include "launcher/dashboard/site.h"

#include "launcher/dashboard/page_files.h"

namespace Atoll {

void DashboardSite::take(const HttpRequest& request, Done done) {
  Gate::Verdict verdict = gate_.admit(request);
  if (verdict.reply) return done(std::move(*verdict.reply));
  if (const PageFile* file = find_page_file(verdict.path); file != nullptr)
    return done({200, std::string(file->type), std::string(file->text)});
  Result<DashboardQuestion> question = parse_question(verdict.path, request.arguments);
  if (question.ok()) return ask_(std::move(*question), std::move(done));
  const int status = question.status().code() == Code::kNotFound ? 404 : 400;
  done(error_reply(status, question.status().message()));
}

}  // namespace Atoll
