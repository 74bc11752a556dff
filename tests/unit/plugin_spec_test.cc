#include <doctest/doctest.h>

#include <string>

extern "C" {
#include "spank_plugin/spec.h"
}

namespace {

struct Read {
  int code;
  atoll_spec spec;
  std::string why;
};

Read read(const char* text) {
  Read result{};
  char why[ATOLL_WHY_BYTES] = "";
  result.code = read_spec(text, &result.spec, why);
  result.why = why;
  return result;
}

}  // namespace

TEST_CASE("--atoll without a value leaves all to atoll up") {
  for (const char* text : {"", "yes", "(null)", static_cast<const char*>(nullptr)}) {
    const Read result = read(text);
    CHECK(result.code == 0);
    CHECK_FALSE(result.spec.off);
    for (const char* value : {result.spec.nodes, result.spec.name, result.spec.head, result.spec.object_memory,
                              result.spec.spill_folder, result.spec.spill_limit, result.spec.keep_logs, result.spec.metrics,
                              result.spec.timeline_rate, result.spec.log_level, result.spec.driver})
      CHECK(std::string(value).empty());
  }
}

TEST_CASE("--atoll=no takes an earlier --atoll back") { CHECK(read("no").spec.off); }

TEST_CASE("each key of SPEC has its place") {
  const Read result = read(
      "nodes=4,name=train-1,head=gpu07.site,object-memory=8G,spill-folder=/a:/b/c,spill-limit=200G,keep-logs=logs-%j,metrics=[::1]:9400,"
      "timeline-rate=50,log=debug");
  REQUIRE(result.code == 0);
  CHECK(std::string(result.spec.nodes) == "4");
  CHECK(std::string(result.spec.name) == "train-1");
  CHECK(std::string(result.spec.head) == "gpu07.site");
  CHECK(std::string(result.spec.object_memory) == "8G");
  CHECK(std::string(result.spec.spill_folder) == "/a:/b/c");
  CHECK(std::string(result.spec.spill_limit) == "200G");
  CHECK(std::string(result.spec.keep_logs) == "logs-%j");
  CHECK(std::string(result.spec.metrics) == "[::1]:9400");
  CHECK(std::string(result.spec.timeline_rate) == "50");
  CHECK(std::string(result.spec.log_level) == "debug");
}

TEST_CASE("a driver takes the rest of SPEC, commas and all") {
  const Read result = read("nodes=2,driver=./train --layers=1,2,nodes=3");
  REQUIRE(result.code == 0);
  CHECK(std::string(result.spec.nodes) == "2");
  CHECK(std::string(result.spec.driver) == "./train --layers=1,2,nodes=3");
}

TEST_CASE("a wrong SPEC is refused with what is wrong and what would be right") {
  const struct {
    std::string text, says;
  } cases[] = {
      {"nodes=x", "nodes=x must be a number of nodes"},
      {"nodes=0", "nodes=0 must be a number of nodes"},
      {"nodes=", "nodes= must be a number of nodes"},
      {"nodes=123456", "nodes=123456 must be a number of nodes"},
      {"nodes", "there is no 'nodes'; it takes nodes=N"},
      {"node=4", "there is no 'node'; it takes nodes=N"},
      {",", "there is no ''; it takes nodes=N"},
      {"nodes=4,", "there is no ''; it takes nodes=N"},
      {"nodes=4,nodes=5", "nodes is given twice"},
      {"yes,nodes=4", "there is no 'yes'; it takes nodes=N"},
      {"name=Train", "name=Train must be at most 32 lower-case letters"},
      {"name=-a", "name=-a must be"},
      {"name=" + std::string(33, 'a'), "must be at most 32 lower-case letters"},
      {"head=a b", "head=a b must be first, last or the name of a node"},
      {"head=--nodes", "must be first, last or the name of a node"},
      {"object-memory=8GB", "object-memory=8GB must be bytes, or with K, M, G or T: 8G"},
      {"object-memory=-1", "object-memory=-1 must be bytes"},
      {"spill-folder=scratch", "spill-folder=scratch must be none, or full paths of folders"},
      {"spill-folder=/a:b", "spill-folder=/a:b must be none, or full paths of folders"},
      {"spill-limit=much", "spill-limit=much must be bytes"},
      {"object-memory=G", "object-memory=G must be bytes"},
      {"keep-logs=", "keep-logs= must be a folder that all nodes see"},
      {"metrics=9400", "metrics=9400 must be 127.0.0.1:PORT, where PORT 0 is any, or unix"},
      {"metrics=:9400", "metrics=:9400 must be 127.0.0.1:PORT"},
      {"metrics=localhost:http", "metrics=localhost:http must be 127.0.0.1:PORT"},
      {"timeline-rate=", "timeline-rate= must be a number of tasks a second"},
      {"timeline-rate=1000001", "timeline-rate=1000001 must be a number of tasks a second"},
      {"log=loud", "log=loud must be trace, debug, info, warn, error or off"},
      {"driver=", "driver= needs a command"},
      {"driver=  \t", "driver= needs a command"},
      {"\x01", "there is no '\x01'"},
      {std::string(5000, 'a'), "more than 4095 characters"},
      {"driver=" + std::string(5000, 'a'), "more than 4095 characters"},
  };
  for (const auto& [text, says] : cases) {
    CAPTURE(text);
    const Read result = read(text.c_str());
    CHECK(result.code == -1);
    CHECK(result.why.starts_with("--atoll: "));
    CHECK_MESSAGE(result.why.find(says) != std::string::npos, result.why);
  }
}

TEST_CASE("--atoll-bind takes a mode, and verbose after it") {
  for (const std::string mode : {"pack", "spread", "island", "numa", "none"})
    for (const bool verbose : {false, true}) {
      atoll_bind bind;
      char why[ATOLL_WHY_BYTES] = "";
      CHECK(read_bind((mode + (verbose ? ",verbose" : "")).c_str(), &bind, why) == 0);
      CHECK(bind.mode == mode);
      CHECK(bind.verbose == verbose);
    }
}

TEST_CASE("a wrong --atoll-bind is refused with the right ones") {
  for (const char* text : {"", "pac", "packed", "verbose", "verbose,pack", "pack,", "pack,verbose,verbose", "pack,quiet",
                           "a-very-long-mode-indeed", static_cast<const char*>(nullptr)}) {
    atoll_bind bind;
    char why[ATOLL_WHY_BYTES] = "";
    CHECK(read_bind(text, &bind, why) == -1);
    CHECK(std::string(why).find("must be pack, spread, island, numa or none") != std::string::npos);
  }
}
