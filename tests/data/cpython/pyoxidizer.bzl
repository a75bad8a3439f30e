# CPython's own test suite in one file, run as `python -m test` runs it.

# Modules whose tests read their __file__, or open abc.py beside linecache.py: everything else has none, as always.
WITH_FILES = [
    "_testbuffer",
    "_testcapi",
    "_testimportmultiple",
    "_testmultiphase",
    "_testsinglephase",
    "abc",
    "importlib",
    "linecache",
    "os",
]

def make_exe():
    dist = default_python_distribution()
    policy = dist.make_python_packaging_policy()
    policy.include_test = True
    policy.include_distribution_sources = True
    policy.include_distribution_resources = True
    for name in WITH_FILES:
        policy.set_package_files(name, True)
    config = dist.make_python_interpreter_config()
    config.config_profile = "python"
    config.parse_argv = True
    config.filesystem_importer = True
    return dist.to_python_executable(name = "suite", packaging_policy = policy, config = config)

register_target("suite", make_exe)
resolve_targets()
