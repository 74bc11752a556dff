"""The systems that are compared, each a way to run measurements: Atoll, its peers, and the machine itself."""
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
# Environment of every child: no telephoning home, no colours in what is parsed.
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_COLOR_PREFIX": "0", "RAY_IGNORE_UNHANDLED_ERRORS": "1"}


def end(process):
    """Ends a program, if it still runs, and what it has started: TERM first, which Ray and `atoll run` clean up at."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=10)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def lines_of(process, silence):
    """The lines that a program prints; ends it when it prints none for `silence` seconds, which is a TimeoutError."""
    rest = b""
    while True:
        if not select.select([process.stdout], [], [], silence)[0]:
            raise TimeoutError("it printed nothing for %g s" % silence)
        came = os.read(process.stdout.fileno(), 65536)
        *lines, rest = (rest + came).split(b"\n")
        yield from (line.decode(errors="replace") for line in lines)
        if not came:
            return


def run(command, silence, figures):
    """Runs `command` and takes its lines into `figures`. Returns the names that came, and in a line what went wrong."""
    names, why = [], ""
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, stdin=subprocess.DEVNULL,
                                   start_new_session=True, env={**os.environ, **QUIET})
        try:
            for line in lines_of(process, silence):
                names.append(figures.add_line(line))
            if process.wait(timeout=60) != 0:
                why = "it ended with code %d" % process.returncode
        except (TimeoutError, subprocess.TimeoutExpired) as error:
            why = str(error)
        finally:
            end(process)
            process.stdout.close()
        said.seek(0)
        words = [line.strip() for line in said if line.strip()]
    return [name for name in names if name], why + (": " + words[-1][:200] if why and words else "")


class System:
    """One that measures what `can` allows; `command` runs some measurements in one start of a cluster."""

    def can(self, row):
        return True

    def run(self, rows, seconds, figures):
        """Runs the measurements of these rows; where one fails it says why in `figures`, and goes on with the next."""
        todo = list(dict.fromkeys(row.measurement for row in rows))
        while todo:
            came, why = self.run_once(todo, seconds, figures)
            printed = {row.measurement for row in rows if row.name in came}
            left = [name for name in todo if name not in printed]
            if not left:
                return
            for row in rows:
                if row.measurement == left[0]:
                    figures.failures[row.name] = why or "it printed nothing"
            todo = todo[todo.index(left[0]) + 1:]

    def run_once(self, names, seconds, figures):
        raise NotImplementedError


def silence_of(names, seconds):
    """Seconds without a figure after which something hangs: a start, a warm-up, a measurement."""
    return 1800 if "queue_1m" in names else 60 + 10 * seconds


class Atoll(System):
    def __init__(self, binaries):
        self.binaries = binaries

    def run_once(self, names, seconds, figures):
        command = [os.path.join(self.binaries, "atoll"), "run", "--quiet", "--local", "--resources", "custom=100", "--",
                   os.path.join(self.binaries, "bench", "compare_driver"), str(seconds), *names]
        return run(command, silence_of(names, seconds), figures)


class Ray(System):
    def __init__(self, python):
        self.python = python

    def options(self):
        return []

    def run_once(self, names, seconds, figures):
        folder = tempfile.mkdtemp(prefix="atoll-compare-")  # short: it is part of the names of sockets
        try:
            command = [self.python, os.path.join(HERE, "ray_bench.py"), folder, str(seconds), *names, *self.options()]
            return run(command, silence_of(names, seconds), figures)
        finally:
            end_those_of(folder)
            shutil.rmtree(folder, ignore_errors=True)


class RayCpp(Ray):
    """Ray's C++ API: its driver runs beside the program that starts and ends Ray."""

    # In Ray 2.60 calls from a C++ worker to an actor that it was given do not end, most of the time.
    UNABLE = {"actor_1_n", "actor_n_n", "actor_n_n_arg",
              "async_sync", "async_async", "async_args", "async_1_n", "async_n_n",  # it has no coroutines
              "get_10k_refs",  # a ref inside a value does not travel
              "args_10k",  # a function has a fixed number of arguments
              "results_3k"}  # a task has one result

    def __init__(self, python, program):
        super().__init__(python)
        self.program = program

    def can(self, row):
        return row.name not in self.UNABLE

    def options(self):
        return ["--cpp", self.program]


class HyperQueue(System):
    """Tasks that are processes, which is all that HyperQueue runs."""

    def __init__(self, python):
        self.python = python

    def can(self, row):
        return row.name == "processes"

    def run_once(self, names, seconds, figures):
        with tempfile.TemporaryDirectory(prefix="atoll-compare-") as folder:
            command = [self.python, os.path.join(HERE, "hyperqueue_bench.py"), folder, str(seconds), *names]
            return run(command, silence_of(names, seconds), figures)


def end_those_of(folder):
    """Kills what Ray left running, told by its folder on the command line; says so, since nothing should be."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as file:
                words = file.read()
            if folder.encode() in words and int(pid) != os.getpid():
                os.kill(int(pid), signal.SIGKILL)
                print("bench/compare: killed what Ray left running:", words.split(b"\0")[0].decode(), file=sys.stderr)
        except OSError:
            continue


class Limits:
    """What the machine can do: compare_limits, and UCX's own perftest with the error handling that Atoll uses."""

    def __init__(self, binaries):
        self.program = os.path.join(binaries, "bench", "compare_limits")

    def run(self, seconds, figures):
        _, why = run([self.program, str(seconds)], 60 + 10 * seconds, figures)
        if why:
            figures.failures["compare_limits"] = why
        if shutil.which("ucx_perftest"):
            half = perftest("ucp_am_lat", 20000, 1)
            rate = perftest("ucp_am_bw", 500000, 7)
            if half:
                figures.add_line("ucx_trip %g" % (2 * half))
            if rate:
                figures.add_line("ucx_rate %g" % rate)


def perftest(test, count, field):
    """A field, from 0, of the last line of CSV: 1 half a round trip in us, 7 messages a second. None if it fails."""
    env = {**os.environ, "UCX_POSIX_ERROR_HANDLING": "y", "UCX_KEEPALIVE_INTERVAL": "inf",
           "UCX_WARN_UNUSED_ENV_VARS": "n"}
    port = str(20000 + os.getpid() % 20000)
    command = ["ucx_perftest", "-t", test, "-s", "64", "-n", str(count), "-e", "-p", port]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    try:
        while server.poll() is None and not listens(int(port)):
            pass
        client = subprocess.run([command[0], "127.0.0.1", *command[1:], "-v"], capture_output=True, text=True, env=env,
                                timeout=60)
        return float(client.stdout.splitlines()[-1].split(",")[field])
    except (subprocess.TimeoutExpired, IndexError, ValueError):
        return None
    finally:
        server.kill()
        server.wait()


def listens(port):
    """Whether somebody listens on this port of TCP."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table) as file:
            for line in file:
                words = line.split()
                if words[3] == "0A" and words[1].endswith(":%04X" % port):
                    return True
    return False
