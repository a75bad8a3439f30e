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

# pips of some years ask it for the C library's version, and do not expect that static programs have none.
try:
    import ctypes

    ctypes.CDLL(None)
except ImportError:
    pass
except OSError:
    sys.modules["ctypes"] = None

# setuptools leaves a build folder in a local project and compares whole seconds with it: an edit within
# the second of the last build would be installed stale.
if "DIST_EXTRA_CONFIG" not in os.environ:
    os.environ["DIST_EXTRA_CONFIG"] = os.path.join(os.environ["TMPDIR"], "distutils.cfg")
    with open(os.environ["DIST_EXTRA_CONFIG"], "w") as config:
        config.write("[build]\nforce = 1\n")

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
