# black in one file: it brings extension modules compiled by mypyc.
def make_exe():
    dist = default_python_distribution()
    policy = dist.make_python_packaging_policy()
    policy.resources_location = "in-memory"
    policy.resources_location_fallback = "filesystem-relative:lib"
    settings = dist.make_python_interpreter_config()
    settings.run_module = "black"
    exe = dist.to_python_executable(name = "black", packaging_policy = policy, config = settings)
    exe.add_python_resources(exe.pip_install(["black==24.4.2"]))
    return exe

register_target("exe", make_exe)
resolve_targets()
