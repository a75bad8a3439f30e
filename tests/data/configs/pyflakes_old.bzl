# pyflakes in the 0.7 generation: a constructor for the interpreter's settings, pip on
# the distribution, keywords instead of a policy.
def make_exe():
    dist = default_python_distribution()
    settings = PythonInterpreterConfig(
        run_eval = "from pyflakes.api import main; main()",
    )
    exe = dist.to_python_executable(
        name = "pyflakes",
        config = settings,
        extension_module_filter = "all",
        include_sources = True,
        include_resources = False,
        include_test = False,
    )
    exe.add_in_memory_python_resources(dist.pip_install(["pyflakes==3.2.0"]))
    return exe

register_target("exe", make_exe)
resolve_targets()

PYOXIDIZER_VERSION = "0.7.0"
PYOXIDIZER_COMMIT = "UNKNOWN"
