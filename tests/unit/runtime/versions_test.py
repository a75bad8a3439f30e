"""A few of the importer's tests under every other CPython of this machine; see contrib/importer-matrix."""
import os
import sys

script = os.path.join(os.environ["OX_SRCDIR"], "contrib/importer-matrix")
os.execv(sys.executable, [sys.executable, script, "--quick"])
