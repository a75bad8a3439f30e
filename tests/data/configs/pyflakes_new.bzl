# pyflakes in today's generation: a policy, settings made by the distribution, pip on the executable.
def make_exe():
    dist = default_python_distribution(python_version = "3.11")
    policy = dist.make_python_packaging_policy()
    policy.include_test = False
    settings = dist.make_python_interpreter_config()
    settings.run_command = "from pyflakes.api import main; main()"
    exe = dist.to_python_executable(
        name = "pyflakes",
        packaging_policy = policy,
        config = settings,
    )
    exe.add_python_resources(exe.pip_install(["pyflakes==3.2.0"]))
    return exe

def make_install(exe):
    files = FileManifest()
    files.add_python_resource(".", exe)
    return files

register_target("exe", make_exe, default = True)
register_target("install", make_install, depends = ["exe"])
resolve_targets()
