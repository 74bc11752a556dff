"""Ray's side of bench/compare.

    ray_bench.py DIR SECONDS NAME...                 Ray's Python API, in the shapes of ray/_private/ray_perf.py
    ray_bench.py DIR SECONDS NAME... --cpp PROGRAM   PROGRAM SECONDS NAME..., a driver with Ray's C++ API, on that Ray

Starts a Ray of two CPUs, whose files are in DIR, and ends it. Prints "NAME VALUE [COUNT]" a line; rows.py says what the
names mean, and compare_*.h are the same measurements with Atoll.
"""
import os
import pickle
import statistics
import subprocess
import sys
import time

import ray
from ray.util.placement_group import placement_group, remove_placement_group

clock = time.perf_counter


def show(name, value, count=None):
    print(name, "%.6g" % value, *([count] if count else []), flush=True)


def time_of(run):
    start = clock()
    run()
    return clock() - start


def rate_of(count, seconds, batch):
    batch()
    done, start = 0, clock()
    while True:
        batch()
        done += count
        if clock() - start >= seconds:
            return done / (clock() - start)


def median_microseconds(seconds, call):
    call()
    each, start = [], clock()
    begin = start
    while begin - start < seconds:
        call()
        end = clock()
        each.append((end - begin) * 1e6)
        begin = end
    return statistics.median(each)


def measure_clients(name, clients, least, most, seconds, run):
    run(least)
    one = time_of(lambda: run(least))
    n = int(min(max(least * seconds / one, least), most))
    show(name, rate_of_runs(lambda: run(n), n * clients, seconds), n)


def rate_of_runs(run, count, seconds):
    done, start = 0, clock()
    while True:
        run()
        done += count
        if clock() - start >= seconds:
            return done / (clock() - start)


# Calls.


@ray.remote
def small_value():
    return b"ok"


@ray.remote(num_cpus=0)
class Server:
    def small_value(self):
        return b"ok"

    def small_value_arg(self, _):
        return b"ok"

    def small_tasks(self, n):
        get_many(n, small_value.remote)

    def pid(self):
        return os.getpid()


@ray.remote(num_cpus=0)
class AsyncServer:
    async def small_value(self):
        return b"ok"

    async def small_value_arg(self, _):
        return b"ok"


@ray.remote(num_cpus=0)
class Client:
    def __init__(self, servers):
        self.servers = servers

    def small_values(self, n):
        ray.get([server.small_value.remote() for server in self.servers for _ in range(n)])

    def small_values_arg(self, n):
        argument = ray.put(0)
        ray.get([server.small_value_arg.remote(argument) for server in self.servers for _ in range(n)])


@ray.remote
def call_in_turn(servers, n):
    ray.get([servers[i % len(servers)].small_value.remote() for i in range(n)])


def get_many(n, submit):
    ray.get([submit() for _ in range(n)])


def make_servers(n):
    return [Server.remote() for _ in range(n)]


SERVERS = 2  # of 1:n and n:n


def task_sync(seconds):
    show("task_sync", rate_of(1, seconds, lambda: ray.get(small_value.remote())))


def task_async(seconds):
    show("task_async", rate_of(1000, seconds, lambda: get_many(1000, small_value.remote)))


def task_batch(seconds):
    show("task_batch", rate_of(1, seconds, lambda: get_many(1000, small_value.remote)))


def task_clients(seconds):
    clients = make_servers(4)
    measure_clients("task_clients", 4, 1000, 10000, seconds,
                    lambda n: ray.get([client.small_tasks.remote(n) for client in clients]))


def actor_sync(seconds):
    server = Server.remote()
    show("actor_sync", rate_of(1, seconds, lambda: ray.get(server.small_value.remote())))


def actor_trip(seconds):
    server = Server.remote()
    show("actor_trip", median_microseconds(seconds, lambda: ray.get(server.small_value.remote())))


def actor_async(seconds):
    server = Server.remote()
    show("actor_async", rate_of(1000, seconds, lambda: get_many(1000, server.small_value.remote)))


def actor_concurrent(seconds):
    server = Server.options(max_concurrency=16).remote()
    show("actor_concurrent", rate_of(1000, seconds, lambda: get_many(1000, server.small_value.remote)))


def actor_1_n(seconds):
    servers = make_servers(SERVERS)
    client = Client.remote(servers)
    measure_clients("actor_1_n", SERVERS, 500, 5000, seconds,
                    lambda n: ray.get(client.small_values.remote(n)))


def actor_n_n(seconds):
    servers = make_servers(SERVERS)
    measure_clients("actor_n_n", 4, 500, 5000, seconds,
                    lambda n: ray.get([call_in_turn.remote(servers, n) for _ in range(4)]))


def actor_n_n_arg(seconds):
    servers = make_servers(SERVERS)
    clients = [Client.remote([server]) for server in servers]
    measure_clients("actor_n_n_arg", SERVERS, 200, 1000, seconds,
                    lambda n: ray.get([client.small_values_arg.remote(n) for client in clients]))


def async_sync(seconds):
    server = AsyncServer.remote()
    show("async_sync", rate_of(1, seconds, lambda: ray.get(server.small_value.remote())))


def async_async(seconds):
    server = AsyncServer.remote()
    show("async_async", rate_of(1000, seconds, lambda: get_many(1000, server.small_value.remote)))


def async_args(seconds):
    server = AsyncServer.remote()
    show("async_args", rate_of(1000, seconds,
                               lambda: ray.get([server.small_value_arg.remote(i) for i in range(1000)])))


def async_1_n(seconds):
    servers = [AsyncServer.remote() for _ in range(SERVERS)]
    caller = call_in_turn.options(num_cpus=0)
    measure_clients("async_1_n", SERVERS, 500, 5000, seconds,
                    lambda n: ray.get(caller.remote(servers, n * SERVERS)))


def async_n_n(seconds):
    servers = [AsyncServer.remote() for _ in range(SERVERS)]
    measure_clients("async_n_n", 4, 500, 5000, seconds,
                    lambda n: ray.get([call_in_turn.remote(servers, n) for _ in range(4)]))


# Objects, waiting and placement groups.


def zeros(size):
    """A buffer that Ray copies once into its store, and gives back without a copy: numpy's, or else a plain one."""
    try:
        import numpy
        return numpy.zeros(size, dtype=numpy.uint8)
    except ImportError:
        return pickle.PickleBuffer(bytearray(size))


@ray.remote
def put_numbers(n):
    return [ray.put(1) for _ in range(n)]


@ray.remote
def add_up(*numbers):
    return sum(numbers)


@ray.remote
def count_up(n):
    return tuple(range(n))


def put_small(seconds):
    show("put_small", rate_of(1000, seconds, lambda: [ray.put(0) for _ in range(1000)] and None))


def get_small(seconds):
    zero = ray.put(0)
    show("get_small", rate_of(1000, seconds, lambda: [ray.get(zero) for _ in range(1000)] and None))


def put_large(seconds):
    size = 100 << 23
    data = zeros(size)
    show("put_large", rate_of(size / 1e9, seconds, lambda: ray.put(data) and None))


def get_large(seconds):
    large = ray.put(zeros(8 << 20))
    show("get_large", median_microseconds(seconds, lambda: ray.get(large) is None))


@ray.remote
def put_some(n):
    for _ in range(n):
        ray.put(0)


@ray.remote
def put_some_large(n):
    data = zeros(80 << 20)
    for _ in range(n):
        ray.put(data)


@ray.remote(num_cpus=0)
class Viewer:
    def last(self, data):
        return data[-1]


def put_clients(seconds):
    show("put_clients", rate_of(1000, seconds, lambda: ray.get([put_some.remote(100) for _ in range(10)]) and None))


def put_large_clients(seconds):
    show("put_large_clients", rate_of(100 * (80 << 20) / 1e9, seconds,
                                      lambda: ray.get([put_some_large.remote(10) for _ in range(10)]) and None))


def arg_large(seconds):
    viewer = Viewer.remote()
    data = ray.put(zeros(8 << 20))
    show("arg_large", rate_of(100, seconds, lambda: get_many(100, lambda: viewer.last.remote(data))))


def get_10k_objects(_):
    refs = [ray.put(i) for i in range(10000)]
    ray.get(refs[:10])
    show("get_10k_objects", time_of(lambda: ray.get(refs)))


def get_10k_refs(seconds):
    refs = put_numbers.remote(10000)
    show("get_10k_refs", rate_of(1, seconds, lambda: ray.get(refs) and None))


def wait_for_1000():
    pending = [small_value.remote() for _ in range(1000)]
    fetch = True  # once for each object, as Ray's own does it
    while pending:
        _, pending = ray.wait(pending, fetch_local=fetch)
        fetch = False


def wait_1k(seconds):
    show("wait_1k", rate_of(1, seconds, wait_for_1000))


def make_and_remove_groups():
    groups = [placement_group([{"custom": 0.001}]) for _ in range(100)]
    for group in groups:
        group.wait(timeout_seconds=30)
    for group in groups:
        remove_placement_group(group)


def groups(seconds):
    show("groups", rate_of(100, seconds, make_and_remove_groups))


def args_10k(_):
    refs = [ray.put(1) for _ in range(10000)]
    ray.get(add_up.remote(*refs[:10]))
    show("args_10k", time_of(lambda: ray.get(add_up.remote(*refs))))


def results_3k(_):
    ray.get(count_up.options(num_returns=10).remote(10))
    show("results_3k", time_of(lambda: ray.get(count_up.options(num_returns=3000).remote(3000))))


# Many tasks.


def queue_10k(_):
    get_many(1000, small_value.remote)
    show("queue_10k", time_of(lambda: get_many(10000, small_value.remote)))


def queue_1m(_):
    get_many(1000, small_value.remote)
    show("queue_1m", time_of(lambda: get_many(1000000, small_value.remote)))


@ray.remote
def run_true():
    return os.waitpid(os.posix_spawn("/bin/true", ["/bin/true"], os.environ), 0)[1]


def processes(seconds):
    show("processes", rate_of(100, seconds, lambda: get_many(100, run_true.remote)))


def bytes_in(path, *names):
    with open(path) as file:
        return sum(1024 * int(line.split()[1]) for line in file if line.split(":")[0] in names)


def resident_bytes(pid):
    return bytes_in("/proc/%d/status" % pid, "VmRSS")


def child_named(name):
    """The process that this one started and that has this name."""
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % entry) as file:
                command, rest = file.read().split(") ", 1)
        except OSError:
            continue
        if command.split("(", 1)[1] == name[:15] and int(rest.split()[1]) == os.getpid():
            return int(entry)
    raise RuntimeError("Ray has no process %s" % name)


@ray.remote
def hold_while(path):
    while os.path.exists(path):
        time.sleep(0.001)


def queue_bytes(_):
    tasks = 20000
    get_many(1000, small_value.remote)
    pids = [os.getpid(), child_named("raylet"), child_named("gcs_server")]
    path = os.path.join(sys.argv[1], "hold")
    open(path, "w").close()
    holders = [hold_while.remote(path) for _ in range(2)]
    refs = [None] * tasks
    before = sum(map(resident_bytes, pids))
    for i in range(tasks):
        refs[i] = small_value.remote()
    after = sum(map(resident_bytes, pids))
    os.remove(path)
    ray.get(holders)
    show("queue_bytes", (after - before) / tasks, tasks)
    ray.get(refs)


# Actors.


def start_idlers(n):
    """Starts n at once; they and the process ids that are their first answers."""
    idlers = make_servers(n)
    return idlers, ray.get([idler.pid.remote() for idler in idlers])


def end_idlers(idlers):
    for idler in idlers:
        ray.kill(idler)


def actors_at_once(seconds):
    batch, took, made = 8, 0, 0
    while took < seconds:
        start = clock()
        idlers, _ = start_idlers(batch)
        took += clock() - start
        made += batch
        end_idlers(idlers)
    show("actors_at_once", made / took, batch)


def actors_in_turn(seconds):
    show("actors_in_turn", rate_of(1, seconds, lambda: end_idlers(start_idlers(1)[0])))


def worker_memory(_):
    idlers, pids = start_idlers(8)
    rollups = ["/proc/%d/smaps_rollup" % pid for pid in pids]
    show("worker_pss", sorted(bytes_in(rollup, "Pss") for rollup in rollups)[4] / 1e6)
    show("worker_private", sorted(bytes_in(rollup, "Private_Clean", "Private_Dirty") for rollup in rollups)[4] / 1e6)
    end_idlers(idlers)


def actor_bytes(_):
    actors = 16
    warm, _ = start_idlers(2)
    head = child_named("gcs_server")
    before = resident_bytes(head)
    idlers, _ = start_idlers(actors)
    show("actor_bytes", (resident_bytes(head) - before) / actors, actors)
    end_idlers(warm + idlers)


def main():
    folder, seconds, names, program = sys.argv[1], sys.argv[2], sys.argv[3:], None
    if "--cpp" in names:
        program = names[names.index("--cpp") + 1]
        names = names[:names.index("--cpp")]
    ray.init(num_cpus=2, resources={"custom": 100}, include_dashboard=False, log_to_driver=False,
             logging_level="ERROR", _node_ip_address="127.0.0.1", _temp_dir=folder)
    try:
        if program:
            address = ray.get_runtime_context().gcs_address
            return subprocess.run([program, seconds, *names], env={**os.environ, "RAY_ADDRESS": address}).returncode
        for name in names:
            globals()[name](float(seconds))
        return 0
    finally:
        ray.shutdown()


if __name__ == "__main__":
    sys.exit(main())
