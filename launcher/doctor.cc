// atoll doctor: what is wrong with this host, or with a site's nodes, as far as Atoll is concerned.

#include <iostream>
#include <memory>

#include "launcher/commands.h"
#include "launcher/doctor_look.h"
#include "launcher/doctor_site.h"
#include "launcher/doctor_text.h"
#include "launcher/say.h"
#include "launcher/subcommand.h"

namespace Atoll {
namespace {

struct DoctorCommand {
  SiteRequest request;
  double patience = 60;
  bool site = false, json = false, facts = false;
};

int print(const DoctorCommand& command, const std::vector<Finding>& findings, const std::vector<NodeFacts>& nodes) {
  std::vector<std::string> names;
  for (const NodeFacts& facts : nodes) names.push_back(facts.node);
  std::cout << (command.json ? findings_to_json(findings, names)
                             : findings_to_text(findings, nodes.size(), glyphs_of(current_environment())))
            << std::flush;
  return all_well(findings) ? kExitOk : kExitFailure;
}

int look_at_site(DoctorCommand& command) {
  command.request.patience = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(command.patience));
  Result<SiteAnswers> answers = ask_site(command.request, current_environment());
  if (!answers.ok()) {
    say_error(answers.status().message());
    return kExitFailure;
  }
  // A plugstack.conf that stops every srun is seen from here too.
  std::vector<NodeFacts>& nodes = answers->nodes;
  const bool nobody = nodes.empty();
  if (nobody) nodes.push_back(look_at_this_node(current_environment()));
  std::vector<Finding> findings = judge(nodes, {.plugin = true});
  findings.insert(findings.end(), answers->findings.begin(), answers->findings.end());
  if (nobody)
    findings.push_back({"nodes",
                        Health::kFailed,
                        {nodes.front().node},
                        "no node answered; this is of the host we are on",
                        "ask again when nodes are free, or say which: --nodelist"});
  return print(command, findings, nodes);
}

int execute(DoctorCommand& command) {
  if (command.facts) {
    std::cout << facts_to_lines(look_at_this_node(current_environment())) << std::flush;
    return kExitOk;
  }
  if (command.site) return look_at_site(command);
  if (!command.request.nodelist.empty() || !command.request.partition.empty()) {
    say_error("--nodelist and --partition are for --site");
    return kExitUsage;
  }
  const std::vector<NodeFacts> nodes = {look_at_this_node(current_environment())};
  return print(command, judge(nodes, {}), nodes);
}

}  // namespace

void add_doctor(CLI::App& app, CommandLine& line) {
  auto command = std::make_shared<DoctorCommand>();
  Subcommand doctor(app, "doctor", "Check this host, or all nodes of a site, for what Atoll needs");
  doctor.add("--site", command->site, "check the nodes of this job, or those that Slurm gives to a job now");
  doctor.add("-w,--nodelist", command->request.nodelist, "with --site: these nodes");
  doctor.add("-p,--partition", command->request.partition, "with --site: the nodes of this partition");
  doctor.add("--timeout", command->patience, "with --site: seconds to wait for the nodes (default 60)").above_zero();
  doctor.add("--json", command->json, "print JSON; see atoll-doctor(1)");
  doctor.add("--facts", command->facts, "print what is seen on this host, for --site of another one");
  doctor.run([command, &line] { line.exit_code = execute(*command); });
}

}  // namespace Atoll
