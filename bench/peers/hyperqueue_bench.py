"""HyperQueue's side of bench/compare, with its Python API.

    hyperqueue_bench.py DIR SECONDS processes

Starts a server and a worker of two CPUs, whose files are in DIR. Prints "processes RATE COUNT": tasks of /bin/true a
second, from submit until all have run. HyperQueue tells its client of the end once a second, so the end is the file
that a last task, of less priority, makes.
"""
import os
import sys
import time

from hyperqueue import Job, LocalCluster
from hyperqueue.cluster import WorkerConfig


def run_tasks(client, folder, count):
    """Seconds for `count` tasks."""
    mark = os.path.join(folder, "done-%d-%d" % (count, time.monotonic_ns()))
    job = Job()
    for _ in range(count):
        job.program(["/bin/true"], stdout=None, stderr=None)
    job.program(["/usr/bin/touch", mark], stdout=None, stderr=None, priority=-1)
    start = time.perf_counter()
    submitted = client.submit(job)
    while not os.path.exists(mark):
        time.sleep(0.0005)
    took = time.perf_counter() - start
    client.wait_for_jobs([submitted])
    return took


def main():
    folder, seconds, names = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
    if names != ["processes"]:
        sys.exit("HyperQueue can measure processes only")
    with LocalCluster(folder, WorkerConfig(cores=2)) as cluster:
        client = cluster.client()
        count = max(100, int(100 * seconds / run_tasks(client, folder, 100)))
        print("processes %.6g %d" % (count / run_tasks(client, folder, count), count), flush=True)


if __name__ == "__main__":
    main()
