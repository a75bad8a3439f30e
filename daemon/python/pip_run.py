# Runs pip as a module, without the current folder on sys.path: a json.py in a project must not
# break it. Exit status 97 says that this interpreter has no pip.
import os
import sys

sys.path[:] = [entry for entry in sys.path if entry]
try:
    import pip  # noqa: F401
except ImportError:
    sys.exit(97)

import runpy
import sysconfig

# A static interpreter cannot open itself. pips of some years do that to ask for the C library's
# version, and so do those that they start for what builds need: the program then has no symbols.
STATIC = """
import sys
from importlib.machinery import PathFinder

def mend(ctypes):
    init = ctypes.CDLL.__init__
    def open_library(self, name, mode=ctypes.DEFAULT_MODE, handle=None, *args, **kwargs):
        init(self, name, mode, 0 if name is handle is None else handle, *args, **kwargs)
    ctypes.CDLL.__init__ = open_library

class Mender:
    def find_spec(self, name, path=None, target=None):
        if name != "ctypes":
            return None
        spec = PathFinder.find_spec(name)
        run = spec.loader.exec_module
        spec.loader.exec_module = lambda module: (run(module), mend(module))
        return spec

sys.meta_path.insert(0, Mender())
"""
if "_ctypes" in sys.builtin_module_names:
    import ctypes

    try:
        ctypes.CDLL(None)
    except OSError:
        names = {}
        exec(STATIC, names)
        names["mend"](ctypes)
        os.environ["PYTHONPATH"] = os.path.join(os.environ["TMPDIR"], "static")
        os.mkdir(os.environ["PYTHONPATH"])
        with open(os.path.join(os.environ["PYTHONPATH"], "sitecustomize.py"), "w") as site:
            site.write(STATIC)

# setuptools leaves a build folder in a local project and compares whole seconds with it: an edit within
# the second of the last build would be installed stale. What was built there for another target would be
# installed, too.
if "DIST_EXTRA_CONFIG" not in os.environ:
    os.environ["DIST_EXTRA_CONFIG"] = os.path.join(os.environ["TMPDIR"], "distutils.cfg")
    with open(os.environ["DIST_EXTRA_CONFIG"], "w") as config:
        config.write(f"[build]\nforce = 1\nbuild_base = build/{sysconfig.get_config_var('SOABI')}\n")

# Wheels that were built at other times have lost the objects that they were linked from: of what pip
# keeps, built wheels lie in a folder of ours. A pip that is made differently uses its own.
try:
    from pip._internal import cache

    def keep_wheels_apart(self, cache_dir, *args, init=cache.WheelCache.__init__, **kwargs):
        init(self, cache_dir and os.environ.get("OXIDIZER_WHEELS", cache_dir), *args, **kwargs)

    cache.WheelCache.__init__ = keep_wheels_apart
except (ImportError, AttributeError):
    pass

sys.argv[0] = "pip"
runpy.run_module("pip", run_name="__main__", alter_sys=True)
