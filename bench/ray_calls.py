"""The shapes of call_driver.cc with Ray's Python API; for bench/calls.

    ray_calls.py [SECONDS]     prints "NAME RATE" a line
"""
import sys
import time

import ray

BATCH = 1000


@ray.remote
def small_value():
    return b"ok"


@ray.remote(num_cpus=0)
class Actor:
    def small_value(self):
        return b"ok"


def measure(name, count, seconds, batch):
    batch()
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        batch()
        done += count
    print(name, round(done / (time.perf_counter() - start)), flush=True)


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 1
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    actor = Actor.remote()
    measure("actor_sync", 1, seconds, lambda: ray.get(actor.small_value.remote()))
    measure("actor_async", BATCH, seconds, lambda: ray.get([actor.small_value.remote() for _ in range(BATCH)]))
    measure("task_sync", 1, seconds, lambda: ray.get(small_value.remote()))
    measure("task_async", BATCH, seconds, lambda: ray.get([small_value.remote() for _ in range(BATCH)]))
    zero = ray.put(0)
    measure("put_small", BATCH, seconds, lambda: [ray.put(0) for _ in range(BATCH)] and None)
    measure("get_small", BATCH, seconds, lambda: [ray.get(zero) for _ in range(BATCH)] and None)
    ray.shutdown()


main()
