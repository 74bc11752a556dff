"""The peers: a virtual environment outside of the repository, and what of it works."""
import os
import subprocess
import sys

import systems

HERE = os.path.dirname(os.path.abspath(__file__))

# What the peers are, and numpy, whose arrays Ray puts without a copy too many.
PACKAGES = ["ray[cpp]", "numpy", "hyperqueue"]


def default_venv():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(cache, "atoll-bench")


def python_of(venv):
    return os.path.join(venv, "bin", "python")


def make_venv(venv):
    """Makes it, or completes it. Ends the program with pip's words if that fails."""
    if not os.access(python_of(venv), os.X_OK):
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    pip = [python_of(venv), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
    if subprocess.run(pip).returncode != 0:
        sys.exit("bench/compare: pip could not install %s in %s" % (" ".join(PACKAGES), venv))


def ask(python, code):
    """What `code` prints, or None if it fails."""
    done = subprocess.run([python, "-c", code], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else None


def versions(venv):
    """{package: version} of what is installed there."""
    found = {}
    for package in ("ray", "ray-cpp", "numpy", "hyperqueue"):
        code = "import importlib.metadata as m; print(m.version(%r))" % package
        version = ask(python_of(venv), code) if os.access(python_of(venv), os.X_OK) else None
        if version:
            found[package] = version
    return found


def find_peers(venv, binaries):
    """The peers that can be measured, by name, and a sentence for each that cannot."""
    python = python_of(venv)
    if not os.access(python, os.X_OK):
        return {}, ["Peers are not measured: bench/compare --install makes their virtual environment, %s." % venv]
    found, notes = {}, []
    have = versions(venv)
    missing = "%%s is not measured: %%s is not installed in %s; bench/compare --install does it." % venv
    if "ray" in have:
        found["ray"] = systems.Ray(python)
    else:
        notes.append(missing % ("Ray", "ray"))
    if "ray" in have and "ray-cpp" in have:
        program, why = compile_ray_cpp(venv)
        if program:
            found["ray_cpp"] = systems.RayCpp(python, program)
        else:
            notes.append("Ray C++ is not measured: its program does not compile: %s" % why)
    elif "ray" in have:
        notes.append(missing % ("Ray C++", "ray-cpp"))
    if "hyperqueue" in have:
        found["hyperqueue"] = systems.HyperQueue(python)
    else:
        notes.append(missing % ("HyperQueue", "hyperqueue"))
    return found, notes


def compile_ray_cpp(venv):
    """The program of ray_bench.cc, compiled if older than its sources; or None, and the compiler's first words."""
    package = os.path.dirname(ask(python_of(venv), "import ray; print(ray.__file__)") or "")
    cpp, target = os.path.join(package, "cpp"), os.path.join(venv, "atoll", "ray_bench")
    repository = os.path.dirname(os.path.dirname(HERE))
    headers = ("compare_measure.h", "compare_processes.h")
    sources = [os.path.join(HERE, "ray_bench.cc")] + [os.path.join(repository, "bench", name) for name in headers]
    os.makedirs(os.path.dirname(target), exist_ok=True)
    # Ray's library is built with the ABI of before C++11; a worker loads the same code as a library.
    flags = ["-std=c++20", "-O2", "-D_GLIBCXX_USE_CXX11_ABI=0", "-I" + repository, "-I" + os.path.join(cpp, "include")]
    libraries = ["-L" + os.path.join(cpp, "lib"), "-lray_api", "-pthread", "-Wl,-rpath," + os.path.join(cpp, "lib")]
    for output, kind in ((target, []), (target + ".so", ["-shared", "-fPIC"])):
        if os.path.exists(output) and os.path.getmtime(output) > max(map(os.path.getmtime, sources)):
            continue
        command = [os.environ.get("CXX", "g++"), *flags, *kind, sources[0], "-o", output, *libraries]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            return None, next((line for line in done.stderr.splitlines() if "error" in line), "no words")
    return target, ""
