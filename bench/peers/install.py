"""The peers: a virtual environment outside of the repository, and what of it works."""
import os
import subprocess
import sys

import systems

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
        return {}, ["Peers are not measured: bench/compare --install makes a virtual environment with them in %s." % venv]
    found, notes = {}, []
    have = versions(venv)
    if "ray" in have:
        found["ray"] = systems.Ray(python)
    else:
        notes.append("Ray is not measured: it is not installed in %s; bench/compare --install does it." % venv)
    return found, notes
