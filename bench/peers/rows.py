"""What bench/compare measures: the rows of its table, in order, and which program run gives them.

A row's `name` is what every program prints in "NAME VALUE [COUNT]". A session's rows come from one start of a cluster.
`goal` is DESIGN's figure where there is one, a number or a function of the limits; `limit` is a function of the limits.
"""
from dataclasses import dataclass
from typing import Callable, Optional, Union


@dataclass(frozen=True)
class Row:
    name: str
    title: str
    unit: str
    goal: Union[None, float, Callable] = None
    limit: Optional[Callable] = None
    less: bool = False  # less is better: a time or memory
    asks: str = ""  # what a program is asked for, if not the name: one measurement may print several rows
    slow: bool = False  # peers take minutes: only with --full

    @property
    def measurement(self):
        return self.asks or self.name


def trips(limits):
    """Round trips a second of two processes that spin."""
    return 1e6 / limits["spin_trip"] if "spin_trip" in limits else None


def of(name, factor=1.0):
    return lambda limits: limits[name] * factor if name in limits else None


SESSIONS = {
    "calls": [
        Row("task_sync", "single client tasks sync", "/s", 1e5, trips),
        Row("task_async", "single client tasks async", "/s", 5e5, of("ucx_rate")),
        Row("task_clients", "multi client tasks async, 4 clients", "/s"),
        Row("task_batch", "tasks and get batch of 1,000", "/s"),
        Row("actor_trip", "1:1 actor call, median round trip", "us", 1, of("spin_trip"), less=True),
        Row("actor_sync", "1:1 actor calls sync", "/s", None, trips),
        Row("actor_async", "1:1 actor calls async", "/s", 1e6, of("ucx_rate")),
        Row("actor_concurrent", "1:1 actor calls concurrent, 16", "/s"),
        Row("actor_1_n", "1:n actor calls async", "/s"),
        Row("actor_n_n", "n:n actor calls async, 4 clients", "/s"),
        Row("actor_n_n_arg", "n:n actor calls with arg async", "/s"),
        Row("async_sync", "1:1 coroutine calls sync", "/s", None, trips),
        Row("async_async", "1:1 coroutine calls async", "/s", None, of("ucx_rate")),
        Row("async_args", "1:1 coroutine calls with args async", "/s"),
        Row("async_1_n", "1:n coroutine calls async", "/s"),
        Row("async_n_n", "n:n coroutine calls async, 4 clients", "/s"),
    ],
    "objects": [
        Row("put_small", "small put", "/s", 1e6),
        Row("get_small", "small get", "/s", 1e6),
        Row("put_large", "put of 839 MB", "GB/s", of("memcpy", 0.9), of("memcpy")),
        Row("get_large", "get of 8 MiB", "us", 2, less=True),
        Row("put_clients", "small put, 10 tasks", "/s"),
        Row("put_large_clients", "put of 80 MiB, 10 tasks", "GB/s", None, of("memcpy")),
        Row("arg_large", "1:1 actor calls async, 8 MiB by reference", "/s"),
        Row("get_10k_objects", "get of 10,000 objects", "s", less=True),
        Row("get_10k_refs", "get of an object with 10,000 refs", "/s"),
        Row("wait_1k", "wait 1,000 times on 1,000 refs", "/s"),
        Row("groups", "placement groups created and removed", "/s", 2e4),
        Row("args_10k", "10,000 arguments to one task", "s", less=True),
        Row("results_3k", "3,000 results of one task", "s", less=True),
    ],
    "processes": [
        Row("processes", "tasks that run /bin/true", "/s", None, of("spawn")),
    ],
    "queue": [
        Row("queue_10k", "10,000 queued tasks, submit to done", "s", less=True),
        Row("queue_1m", "1,000,000 queued tasks, submit to done", "s", 4, less=True, slow=True),
    ],
    "queue memory": [
        Row("queue_bytes", "memory of a queued task", "B", 500, less=True),
    ],
    "actors": [
        Row("actors_at_once", "actors started, all at once", "/s", 500, of("fork")),
        Row("actors_in_turn", "actors started, one after the other", "/s", None, of("fork")),
        Row("worker_pss", "memory of an idle worker, PSS", "MB", 12, less=True, asks="worker_memory"),
        Row("worker_private", "memory of an idle worker, private", "MB", less=True, asks="worker_memory"),
        Row("actor_bytes", "memory of the head for an actor", "B", 1000, less=True),
    ],
}

# What the machine can do, whoever asks; each is a limit's own row.
LIMITS = [
    Row("spin_trip", "limit: round trip, spinning on shared memory", "us", less=True),
    Row("futex_trip", "limit: round trip, sleeping on a futex", "us", less=True),
    Row("ucx_trip", "limit: round trip, UCX active messages, 64 B", "us", less=True),
    Row("ucx_rate", "limit: UCX active messages one way, 64 B", "/s"),
    Row("memcpy", "limit: memcpy of 256 MiB", "GB/s"),
    Row("fork", "limit: fork and wait, on all CPUs", "/s"),
    Row("spawn", "limit: spawn /bin/true and wait, on all CPUs", "/s"),
]


def all_rows():
    return [row for rows in SESSIONS.values() for row in rows] + LIMITS
