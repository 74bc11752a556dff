#include "runtime/wire/munge.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>

using namespace Atoll;

namespace {

std::string core_filter() {
  std::ifstream file("/proc/self/coredump_filter");
  std::string mask;
  file >> mask;
  return mask;
}

}  // namespace

TEST_CASE("a protected secret opens again, as often as there are daemons") {
  const Secret secret = Secret::random();
  const ProtectedSecret sealed = protect(secret);
  if (sealed.text.starts_with("MUNGE:")) {
    CHECK(sealed.why_plain.empty());
    CHECK(sealed.text.find(secret.to_hex()) == std::string::npos);
  } else {
    CHECK(sealed.text == "hex:" + secret.to_hex());
    CHECK_FALSE(sealed.why_plain.empty());
    std::cout << "skip - a protected secret opens again: only as plain digits, since " << sealed.why_plain << '\n';
  }
  for (int daemon = 0; daemon < 3; ++daemon) {
    const auto opened = unprotect(sealed.text);
    REQUIRE_MESSAGE(opened.ok(), opened.status().message());
    CHECK(*opened == secret);
  }
}

TEST_CASE("plain digits open where there is no munge") {
  const Secret secret = Secret::random();
  const auto opened = unprotect("hex:" + secret.to_hex());
  REQUIRE(opened.ok());
  CHECK(*opened == secret);
}

TEST_CASE("what is no secret is refused without repeating it") {
  for (const char* text : {"", "hex:", "hex:12", "hex:zz", "0123", "MUNGE:", "MUNGE:AwQDAAC:"}) {
    const auto opened = unprotect(text);
    CHECK_FALSE(opened.ok());
    if (std::strlen(text) > 4) CHECK(opened.status().message().find(text) == std::string::npos);
  }
}

TEST_CASE("taking the secret from the environment leaves no trace of it there") {
  const Secret secret = Secret::random();
  REQUIRE(setenv(kSecretVariable, ("hex:" + secret.to_hex()).c_str(), 1) == 0);
  const char* bytes = getenv(kSecretVariable);
  const auto taken = take_secret_from_environment();
  REQUIRE(taken.ok());
  CHECK(*taken == secret);
  CHECK(bytes[0] == '\0');
  CHECK(getenv(kSecretVariable) == nullptr);
  CHECK(take_secret_from_environment().status().code() == Code::kNotFound);
}

TEST_CASE("a secret that does not open leaves the environment as well") {
  REQUIRE(setenv(kSecretVariable, "rubbish", 1) == 0);
  CHECK_FALSE(take_secret_from_environment().ok());
  CHECK(getenv(kSecretVariable) == nullptr);
}

TEST_CASE("memory can be kept out of core files, and let back in") {
  REQUIRE(keep_memory_out_of_core_files().ok());
  CHECK(core_filter() == "00000000");
  REQUIRE(allow_memory_in_core_files().ok());
  CHECK(core_filter() == "00000033");
}
