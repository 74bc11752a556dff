#!/bin/bash
# Values from and to GPUs, through a CUDA runtime that is a stand-in, and without one. Needs no Slurm. No GPU is in it.
. "$(dirname "$0")/lib.sh"

cc -shared -fPIC -O1 -Wall -o "$scratch/libcudart.so" tests/cluster/fake_cudart.c || exit

begin 60 env ATOLL_CUDART="$scratch/libcudart.so" atoll run --local --object-memory 512M -- "$bin/tests/cluster/device"
finish
check "what is in a GPU's memory is put and brought back" all_of 'status_is 0' 'says "^on GPU 1$"' 'says "^bytes 16777216$"' \
  'says "^the same 1$"' 'says "^seen by a task of any type 4.1943e\+06$"' 'says "^turned 1$"'
check "a worker does so, too" says "^through a worker's GPU 4.1943e\+06$"
check "a large one is copied piece by piece, a small one is a message" all_of 'says "^in pieces 1$"' 'says "^few bytes 3$"'
check "a shape that is not the buffer's is refused" says "^wrong shape: 2097152 elements for the shape .5., which has 5"
check "a GPU that is not there is an error, and leaves nothing in object memory" all_of \
  'says "^refused: there is no GPU 7 in this process, which sees 2"' 'says "^left 104861696$"'

begin 60 env ATOLL_CUDART=/nowhere/libcudart.so atoll run --local -- "$bin/tests/cluster/device"
finish
check "without a CUDA runtime the error says so" all_of 'status_is 0' \
  'says "^no GPU: no CUDA runtime library was found on this node: /nowhere/libcudart.so: "' 'says "^all done"'
exit $((failures > 0))
