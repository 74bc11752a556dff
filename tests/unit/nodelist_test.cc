#include "runtime/base/nodelist.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace Atoll;
using Names = std::vector<std::string>;

TEST_CASE("a Slurm node list names each node in the order of the ranks") {
  struct Row {
    const char* list;
    Names names;
  };
  const Row rows[] = {
      {"", {}},
      {"n1", {"n1"}},
      {"n[1-3,7]", {"n1", "n2", "n3", "n7"}},
      {"n[001-003]", {"n001", "n002", "n003"}},
      {"n[008-010]", {"n008", "n009", "n010"}},
      {"n[9-11]", {"n9", "n10", "n11"}},
      {"a[1-2]b[3-4]", {"a1b3", "a1b4", "a2b3", "a2b4"}},
      {"login,n[2,1],gpu-x", {"login", "n2", "n1", "gpu-x"}},
      {"rack[1-2]-n[5]-ib", {"rack1-n5-ib", "rack2-n5-ib"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.list);
    const Result<Names> names = expand_nodelist(row.list);
    REQUIRE(names.ok());
    CHECK(*names == row.names);
  }
}

TEST_CASE("a malformed node list is refused") {
  for (const char* list : {"n[1-", "n]1[", "n[]", "n[3-1]", "n[a]", "n[1-2", ",n1", "n1,,n2", "n[1-]", "n[-1]",
                           "n[1--2]", "n[0-99999999]", "n[1-1000]m[1-1000]o[1-1000]", "n[18446744073709551615-0]"}) {
    CAPTURE(list);
    CHECK(expand_nodelist(list).status().code() == Code::kInvalidArgument);
  }
}

TEST_CASE("many names are cut, but never one alone") {
  CHECK(join_names({}) == "");
  CHECK(join_names({"n1", "n2"}) == "n1, n2");
  CHECK(join_names({"n1", "n2", "n3"}, 2) == "n1, n2, n3");
  CHECK(join_names({"n1", "n2", "n3", "n4"}, 2) == "n1, n2 and 2 more");
}

TEST_CASE("names are folded as Slurm writes them") {
  struct Row {
    Names names;
    const char* folded;
  };
  const Row rows[] = {{{}, ""},
                      {{"n1"}, "n1"},
                      {{"login", "n2", "n1", "n3", "n7"}, "login,n[1-3,7]"},
                      {{"n1", "n1"}, "n1"},
                      {{"n10", "n9", "n11"}, "n[9-11]"},
                      {{"gpu099", "gpu100", "gpu098"}, "gpu[098-100]"},
                      {{"n1", "n01", "n2", "n02"}, "n[1,01,2,02]"},
                      {{"n", "n1", "n2"}, "n,n[1-2]"},
                      {{"r1n1", "r1n2", "r2n1"}, "r1n[1-2],r2n1"},
                      {{"n1-ib", "n2-ib"}, "n1-ib,n2-ib"},
                      {{"7", "8"}, "[7-8]"},
                      {{"n18446744073709551615", "n18446744073709551616"}, "n18446744073[709551615-709551616]"}};
  for (const Row& row : rows) {
    CAPTURE(row.folded);
    CHECK(fold_nodelist(row.names) == row.folded);
    if (row.names.empty()) continue;
    Result<Names> back = expand_nodelist(row.folded);
    REQUIRE(back.ok());
    Names given = row.names;
    std::sort(given.begin(), given.end());
    given.erase(std::unique(given.begin(), given.end()), given.end());
    std::sort(back->begin(), back->end());
    CHECK(*back == given);
  }
}
