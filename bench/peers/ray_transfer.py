"""How long a large object of Ray takes to the memory of other nodes: transfer_driver.cc in Ray, for bench/transfer.

    ray_transfer.py HEAD-ADDRESS BYTES ROUNDS

Joins the Ray that has its head there, whose nodes are all up, and prints what transfer_driver prints.
"""
import statistics
import sys
import time

import numpy
import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy


@ray.remote(num_cpus=0)
def last_byte(array):
    return int(array[-1])


def seconds_to(nodes, ref):
    start = time.perf_counter()
    seen = [last_byte.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)).remote(ref)
            for node in nodes]
    assert ray.get(seen) == [7] * len(nodes)
    return time.perf_counter() - start


def measure(nodes, size, rounds):
    large, small = [], []
    for turn in range(rounds + 1):  # the first touches the pages
        ref = ray.put(numpy.full(size, 7, dtype=numpy.uint8))
        took = seconds_to(nodes, ref)
        del ref
        if turn:
            large.append(took)
        small.append(seconds_to(nodes, ray.put(numpy.full(100, 7, dtype=numpy.uint8))))
    return statistics.median(large) - statistics.median(small)


def main():
    address, size, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    ray.init(address=address, logging_level="ERROR", log_to_driver=False)
    here = ray.get_runtime_context().get_node_id()
    others = sorted(node["NodeID"] for node in ray.nodes() if node["Alive"] and node["NodeID"] != here)
    print("one %.6f" % measure(others[:1], size, rounds), flush=True)
    print("all %.6f" % measure(others, size, rounds), flush=True)


main()
