#pragma once

#include <doctest/doctest.h>

#include <iostream>

// Leaves the running test case and counts it as skipped: prints "skip - NAME: why" for tests/check.
// To be used in the test case itself, before its first check.
#define ATOLL_SKIP(why)                                                                                        \
  do {                                                                                                         \
    std::cout << "skip - " << doctest::getContextOptions()->currentTest->m_name << ": " << (why) << std::endl; \
    return;                                                                                                    \
  } while (false)
