#include "runtime/base/status.h"

#include <doctest/doctest.h>

#include <cerrno>

#include "runtime/base/check.h"
#include "tests/support/aborts.h"

namespace Atoll {

TEST_CASE("a status keeps its code when what was being done is put in front") {
  const Status lost(Code::kUnavailable, "n3 is gone");
  CHECK(lost.prefixed("placing a group") == Status(Code::kUnavailable, "placing a group: n3 is gone"));
  CHECK(lost.to_string() == "unavailable: n3 is gone");
}

TEST_CASE("success stays success under any prefix") {
  CHECK(Status().ok());
  CHECK(Status().prefixed("placing a group") == Status());
  CHECK(Status().to_string() == "ok");
}

TEST_CASE("a failed system call says its cause and what kind of failure it is") {
  struct Case {
    int value;
    Code code;
  };
  for (const Case& c : {Case{ENOENT, Code::kNotFound}, Case{EMFILE, Code::kResourceExhausted},
                        Case{ENOSPC, Code::kResourceExhausted}, Case{ECONNREFUSED, Code::kUnavailable}}) {
    CAPTURE(c.value);
    CHECK(errno_status("open", c.value).code() == c.code);
  }
  CHECK(errno_status("open /x", ENOENT).message() == "open /x: No such file or directory");
}

TEST_CASE("every code has its own words, and a number from nowhere is not a crash") {
  for (int i = 0; i <= 10; ++i)
    for (int j = 0; j < i; ++j) CHECK(std::string(to_string(Code(i))) != to_string(Code(j)));
  CHECK(std::string(to_string(Code(77))) == "unknown code");
}

TEST_CASE("a result is a value or the reason why there is none") {
  const Result<int> seven(7), none(Status(Code::kNotFound, "no such actor"));
  CHECK(seven.ok());
  CHECK(*seven == 7);
  CHECK(seven.status() == Status());
  CHECK_FALSE(none.ok());
  CHECK(none.status().code() == Code::kNotFound);
}

TEST_CASE("a broken invariant prints where, what and the values, and aborts") {
  const int have = 3, need = 5;
  const std::string said = words_of_abort([&] { ATOLL_CHECK(have >= need, have, need, "gpu"); });
  CHECK(said.find("status_test.cc:") != std::string::npos);
  CHECK(said.find("broken invariant: have >= need; values: 3, 5, gpu") != std::string::npos);
}

TEST_CASE("a check without values prints its condition alone") {
  const std::string said = words_of_abort([] { ATOLL_CHECK(1 + 1 == 3); });
  CHECK(said.find("broken invariant: 1 + 1 == 3\n") != std::string::npos);
}

TEST_CASE("a check that holds says nothing") {
  CHECK(words_of_abort([] { ATOLL_CHECK(true, 1); }) == "");
}

TEST_CASE("the value of a failed result is never read: the failure is printed") {
  const Result<int> none(Status(Code::kNotFound, "no such actor"));
  CHECK(words_of_abort([&] { (void)none.value(); }).find("not found: no such actor") != std::string::npos);
}

}  // namespace Atoll
