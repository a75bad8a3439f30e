# Everything of the application as plain files beside the executable, and settings that
# this machine answers with a warning: an old version, an allocator that is not linked in.
def make_exe():
    dist = default_python_distribution(flavor = "standalone_dynamic", python_version = "3.8")
    policy = dist.make_python_packaging_policy()
    policy.set_resource_handling_mode("files")
    policy.resources_location = "filesystem-relative:lib"
    settings = dist.make_python_interpreter_config()
    settings.module_search_paths = ["$ORIGIN/lib"]
    settings.allocator_backend = "mimalloc"
    settings.run_command = "import beside; print(beside.VALUE, beside.__file__.endswith('lib/beside.py'))"
    exe = dist.to_python_executable(name = "with space", packaging_policy = policy, config = settings)
    exe.windows_subsystem = "console"
    exe.add_python_resources(exe.read_package_root("src", ["beside"]))
    return exe

def make_msi(exe):
    return exe.to_wix_msi_builder("app", "App", "1.0", "Somebody")

register_target("exe", make_exe)
register_target("msi", make_msi, depends = ["exe"])
resolve_targets()
