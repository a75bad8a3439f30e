# Small calls that documents of the 0.7 generation show, each as a target of its own.
def make_dist():
    return default_python_distribution()

def make_repl(dist):
    return dist.to_python_executable(
        "repl",
        run_repl = True,
    )

def make_policies(dist):
    exe = None
    for policy in [
        "in-memory-only",
        "filesystem-relative-only:lib",
        "prefer-in-memory-fallback-filesystem-relative:lib",
    ]:
        exe = dist.to_python_executable(name = "policies", resources_policy = policy)
    return exe

def make_files(dist):
    m = FileManifest()
    templates = glob(CWD + "/templates/**/*", strip_prefix = CWD + "/")
    m.add_manifest(templates)
    modules = [module for module in dist.source_modules() if module.name in ("this", "json", "json.decoder")]
    m.add_python_resources(modules)
    m.add_python_resources("again", modules)
    return m

def make_filtered(dist):
    exe = dist.to_python_executable(
        name = "filtered",
        config = PythonInterpreterConfig(run_eval = "import sys; print(len(sys.builtin_module_names) > 10)"),
        include_sources = False,
    )
    for module in dist.extension_modules(filter = "no-gpl"):
        exe.add_in_memory_extension_module(module)
    for resource in dist.package_resources(include_test = False):
        exe.add_in_memory_package_resource(resource)
    exe.filter_from_files(files = ["keep.txt"], glob_patterns = ["keep/*.txt"])
    return exe

def make_embedded(exe):
    return exe.to_embedded_resources()

register_target("dist", make_dist)
register_target("repl", make_repl, depends = ["dist"], default = True)
register_target("policies", make_policies, depends = ["dist"])
register_target("files", make_files, depends = ["dist"])
register_target("filtered", make_filtered, depends = ["dist"])
register_target("embedded", make_embedded, depends = ["repl"], default_build_script = True)
resolve_targets()
