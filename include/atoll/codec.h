#pragma once

// How values become bytes and come back, whatever their type. Not for programs, but for ATOLL_FIELDS.

#include <atoll/array.h>
#include <atoll/encoded.h>
