#pragma once

// Atoll: tasks, actors and objects on the nodes of a Slurm allocation.
//
// The namespace is Atoll, with a capital letter: the C library has a function
// atoll(3), and a namespace cannot share a function's name.

#include <atoll/actor.h>
#include <atoll/array.h>
#include <atoll/async.h>
#include <atoll/cluster.h>
#include <atoll/command.h>
#include <atoll/device.h>
#include <atoll/error.h>
#include <atoll/options.h>
#include <atoll/placement_group.h>
#include <atoll/ref.h>
#include <atoll/stream.h>
#include <atoll/task.h>
#include <atoll/tensor.h>
