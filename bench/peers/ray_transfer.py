"""How long a large object of Ray takes to the memory of other nodes: transfer_driver.cc in Ray, for bench/transfer.

    ray_transfer.py HEAD-ADDRESS NODES BYTES ROUNDS

Joins the Ray that has its head there when it has so many nodes, within a minute, and prints what transfer_driver prints.
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


def others_of(nodes):
    """The other nodes' ids, when there are so many nodes in all."""
    here, end = ray.get_runtime_context().get_node_id(), time.monotonic() + 60
    while True:
        alive = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
        if len(alive) == nodes:
            return sorted(set(alive) - {here})
        if time.monotonic() > end:
            sys.exit("Ray has %d of %d nodes after a minute" % (len(alive), nodes))
        time.sleep(0.1)


def main():
    address, nodes, size, rounds = sys.argv[1], *map(int, sys.argv[2:5])
    ray.init(address=address, logging_level="ERROR", log_to_driver=False)
    others = others_of(nodes)
    print("one %.6f" % measure(others[:1], size, rounds), flush=True)
    print("all %.6f" % measure(others, size, rounds), flush=True)


main()
