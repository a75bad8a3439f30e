# black beside the executable, found through sys.path: three targets, each given the values it depends on.
def make_python():
    return default_python_distribution()

def make_exe(dist):
    settings = PythonInterpreterConfig(
        run_module = "black",
        sys_paths = ["$ORIGIN/lib"],
    )
    return dist.to_python_executable(
        name = "black",
        config = settings,
        extension_module_filter = "all",
        include_sources = True,
        include_resources = False,
        include_test = False,
    )

def make_install(dist, exe):
    files = FileManifest()
    files.add_python_resource(".", exe)
    files.add_python_resources("lib", dist.pip_install(["black==24.4.2"]))
    return files

register_target("python", make_python)
register_target("exe", make_exe, depends = ["python"])
register_target("install", make_install, depends = ["python", "exe"], default = True)
resolve_targets()
