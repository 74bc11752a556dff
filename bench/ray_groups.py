"""Placement groups of Ray, made and removed: the shape of its own microbenchmark. For bench/groups; prints "groups/s N"."""
import sys
import time

import ray
from ray.util.placement_group import placement_group, remove_placement_group

BATCH = 100


def once():
    groups = [placement_group([{"custom": 0.001}]) for _ in range(BATCH)]
    for group in groups:
        group.wait(timeout_seconds=30)
    for group in groups:
        remove_placement_group(group)


ray.init(num_cpus=2, resources={"custom": 1}, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
once()
start, made = time.monotonic(), 0
while time.monotonic() - start < float(sys.argv[1]):
    once()
    made += BATCH
print("groups/s %.0f" % (made / (time.monotonic() - start)))
ray.shutdown()
