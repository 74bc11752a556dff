#include <doctest/doctest.h>

#include <string>
#include <vector>

extern "C" {
#include "spank_plugin/config.h"
}

namespace {

std::vector<std::string> complaints;

atoll_config read(std::vector<std::string> words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  atoll_config config;
  complaints.clear();
  read_config(static_cast<int>(pointers.size()), pointers.data(), &config,
              [](const char* sentence) { complaints.emplace_back(sentence); });
  return config;
}

}  // namespace

TEST_CASE("without settings the plugin is on, for sbatch too, and allows any number of nodes") {
  const atoll_config config = read({});
  CHECK(complaints.empty());
  CHECK(config.enabled);
  CHECK(config.sbatch);
  CHECK(config.max_nodes == 0);
  CHECK(config.bind_timeout == 5);
  CHECK(config.stop_timeout == 5);
  CHECK(config.atoll[0] == '/');
}

TEST_CASE("each setting of plugstack.conf is read") {
  const atoll_config config =
      read({"atoll=/opt/atoll/bin/atoll", "enabled=no", "sbatch=no", "max_nodes=64", "bind_timeout=10", "stop_timeout=60"});
  CHECK(complaints.empty());
  CHECK(std::string(config.atoll) == "/opt/atoll/bin/atoll");
  CHECK_FALSE(config.enabled);
  CHECK_FALSE(config.sbatch);
  CHECK(config.max_nodes == 64);
  CHECK(config.bind_timeout == 10);
  CHECK(config.stop_timeout == 60);
}

TEST_CASE("a setting that cannot be used is said, and changes nothing") {
  const struct {
    const char *word, *says;
  } cases[] = {
      {"atol=/usr/bin/atoll", "there is no setting 'atol=/usr/bin/atoll', it is ignored; there are atoll=PATH"},
      {"atoll", "there is no setting 'atoll'"},
      {"", "there is no setting ''"},
      {"atoll=bin/atoll", "atoll=bin/atoll must be a full path"},
      {"enabled=1", "enabled=1 must be yes or no"},
      {"sbatch=", "sbatch= must be yes or no"},
      {"max_nodes=-1", "max_nodes=-1 must be a number, 0 for any"},
      {"max_nodes=99999999999999999999", "must be a number"},
      {"bind_timeout=0", "bind_timeout=0 must be from 1 to 60 seconds"},
      {"bind_timeout=61", "must be from 1 to 60 seconds"},
      {"stop_timeout=5s", "stop_timeout=5s must be from 1 to 60 seconds"},
  };
  const atoll_config plain = read({});
  for (const auto& [word, says] : cases) {
    CAPTURE(word);
    const atoll_config config = read({word});
    REQUIRE(complaints.size() == 1);
    CHECK(complaints[0].starts_with("atoll: plugstack.conf: "));
    CHECK_MESSAGE(complaints[0].find(says) != std::string::npos, complaints[0]);
    CHECK(std::string(config.atoll) == plain.atoll);
    CHECK(config.enabled == plain.enabled);
    CHECK(config.max_nodes == plain.max_nodes);
    CHECK(config.bind_timeout == plain.bind_timeout);
    CHECK(config.stop_timeout == plain.stop_timeout);
  }
}
