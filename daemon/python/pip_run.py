# Runs pip as a module, without the current folder on sys.path: a json.py in a project must not
# break it. Exit status 97 says that this interpreter has no pip.
import sys

sys.path[:] = [entry for entry in sys.path if entry]
try:
    import pip  # noqa: F401
except ImportError:
    sys.exit(97)

import runpy

sys.argv[0] = "pip"
runpy.run_module("pip", run_name="__main__", alter_sys=True)
