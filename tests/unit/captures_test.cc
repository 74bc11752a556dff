// Descriptions of real machines with their expected answers, run where the folder is: ATOLL_CAPTURES, default
// ../shared/topologies.

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/support/skip.h"
#include "topology/islands.h"
#include "topology/source.h"

namespace Atoll {
namespace {

using Json = nlohmann::json;

std::filesystem::path captures_folder() {
  const char* folder = std::getenv("ATOLL_CAPTURES");
  return folder != nullptr && *folder != '\0' ? folder : "../shared/topologies";
}

std::string missing() {
  const auto path = captures_folder() / "expected.json";
  return std::filesystem::exists(path) ? "" : path.string() + " is not there; ATOLL_CAPTURES says where it is";
}

Json expected() {
  std::ifstream in(captures_folder() / "expected.json");
  return Json::parse(in);
}

// The links inside the island as expected.json writes them: "0-1" and the lanes.
Json links_of(const Machine& machine, const Island& island) {
  const std::set<int> members(island.gpus.begin(), island.gpus.end());
  Json links = Json::object();
  for (const Link& link : machine.links)
    if (members.contains(link.a)) links[std::to_string(link.a) + "-" + std::to_string(link.b)] = link.lanes;
  return links;
}

void check_islands(const Machine& machine, const Json& wanted) {
  const std::vector<Island> islands = find_islands(machine);
  REQUIRE(islands.size() == wanted.size());
  for (std::size_t at = 0; at < islands.size(); ++at) {
    CHECK(Json(islands[at].gpus) == wanted[at].at("gpus"));
    if (wanted[at].contains("clique")) CHECK(Json(islands[at].clique) == wanted[at].at("clique"));
    if (wanted[at].contains("links")) CHECK(links_of(machine, islands[at]) == wanted[at].at("links"));
  }
}

// switch_links has the lanes of each GPU to the switch: a pair has those of the smaller side.
void check_switch(const Machine& machine, const Json& lanes) {
  std::size_t switched = 0;
  for (const Link& link : machine.links) {
    if (!link.via_switch) continue;
    ++switched;
    REQUIRE(lanes.is_array());
    CHECK(link.lanes == std::min(lanes.at(static_cast<std::size_t>(link.a)).get<int>(),
                                 lanes.at(static_cast<std::size_t>(link.b)).get<int>()));
  }
  if (lanes.is_array()) CHECK(switched == lanes.size() * (lanes.size() - 1) / 2);
}

void check_machine(const Machine& machine, const Json& wanted) {
  CHECK(machine.synthetic);
  CHECK(machine.gpus.size() == wanted.at("gpus").get<std::size_t>());
  check_islands(machine, wanted.at("islands"));
  const Json places = wanted.value("numa", Json::object());
  for (const auto& [index, numa] : places.items()) {
    CAPTURE(index);
    const GpuInfo* gpu = find_gpu(machine, std::stoi(index));
    REQUIRE(gpu != nullptr);
    CHECK(gpu->numa == numa.get<int>());
  }
  if (wanted.contains("switch_links")) check_switch(machine, wanted.at("switch_links"));
}

}  // namespace

TEST_CASE("the captures of real machines yield the islands that are known") {
  if (const std::string why = missing(); !why.empty()) ATOLL_SKIP(why);
  const Json all = expected();
  for (const auto& [file, wanted] : all.items()) {
    CAPTURE(file);
    const Result<Machine> machine = load_source((captures_folder() / file).string());
    CHECK_MESSAGE(machine.ok(), machine.status().message());
    if (machine.ok()) check_machine(*machine, wanted);
  }
  CHECK(all.size() > 40);
}

TEST_CASE("every other capture is read or refused with a sentence") {
  if (const std::string why = missing(); !why.empty()) ATOLL_SKIP(why);
  const Json all = expected();
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(captures_folder())) {
    if (!entry.is_regular_file() || entry.path().parent_path() == captures_folder()) continue;
    const std::string file = std::filesystem::relative(entry.path(), captures_folder()).string();
    CAPTURE(file);
    ++files;
    if (all.contains(file)) continue;
    const Result<Machine> machine = load_source(entry.path().string());
    if (machine.ok())
      CHECK((!machine->gpus.empty() || !machine->warnings.empty()));
    else
      CHECK(machine.status().message().starts_with(entry.path().string() + ": "));
  }
  CHECK(files > 60);
}

}  // namespace Atoll
