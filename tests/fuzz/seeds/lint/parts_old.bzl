# The 0.7 generation's ways to add: by kind, by place, one part of a module at a time.
def make_dist():
    return default_python_distribution()

def make_exe(dist):
    exe = dist.to_python_executable(
        name = "parts",
        resources_policy = "prefer-in-memory-fallback-filesystem-relative:lib",
        config = PythonInterpreterConfig(run_module = "app", sys_frozen = True),
        include_sources = False,
    )
    for resource in dist.read_package_root(path = "src", packages = ["app", "beside", "code"]):
        if type(resource) == "PythonSourceModule" and resource.name == "beside":
            exe.add_filesystem_relative_module_source("site-packages", resource)
        elif type(resource) == "PythonSourceModule" and resource.name == "code_only":
            exe.add_in_memory_module_bytecode(resource, optimize_level = 1)
        elif type(resource) == "PythonPackageResource":
            exe.add_in_memory_package_resource(resource)
        else:
            exe.add_in_memory_python_resource(resource, add_source_module = True, optimize_level = 0)
    return exe

register_target("dist", make_dist)
register_target("exe", make_exe, depends = ["dist"], default = True)
resolve_targets()
