# Callbacks decide about each resource; one is defined after the function that registers
# it, and both change a global while targets are resolved.
SEEN = {}

def make_exe():
    dist = default_python_distribution(flavor = "standalone_static")
    policy = dist.make_python_packaging_policy()
    policy.extension_module_filter = "all"
    policy.include_distribution_sources = False
    policy.bytecode_optimize_level_two = True
    policy.register_resource_callback(count)
    policy.register_resource_callback(place)
    settings = dist.make_python_interpreter_config()
    settings.config_profile = "isolated"
    settings.module_search_paths = ["$ORIGIN/lib"]
    settings.run_command = "import app; app.main()"
    exe = dist.to_python_executable("callbacks", packaging_policy = policy, config = settings)
    for resource in exe.read_package_root(CWD + "/src", ["app", "beside"]):
        if getattr(resource, "name", "") == "left_out":
            continue
        exe.add_python_resource(resource)
    exe.add_python_resource(exe.make_python_module_source("made", "VALUE = %d\n" % len("12345")))
    print("modules seen:", SEEN["PythonModuleSource"] > 100, "library:", SEEN.get("stdlib", 0) > 100)
    return exe

def count(policy, resource):
    SEEN[type(resource)] = SEEN.get(type(resource), 0) + 1
    if type(resource) in ("PythonModuleSource", "PythonExtensionModule") and resource.is_stdlib:
        SEEN["stdlib"] = SEEN.get("stdlib", 0) + 1

def place(policy, resource):
    if type(resource) == "PythonModuleSource" and resource.name.startswith("beside"):
        resource.add_location = "filesystem-relative:lib"
        resource.add_include = True

def make_install(exe):
    files = FileManifest()
    files.add_python_resource("bin", exe)
    share = glob(include = ["share/**/*"], exclude = ["share/*.tmp"], strip_prefix = CWD)
    files.add_manifest(share)
    files.add_file(FileContent(filename = "VERSION", content = VARS.get("VERSION") or "none"))
    files.add_path(path = CWD + "/src/app/data.txt", strip_prefix = CWD + "/src")
    return files

register_target("exe", make_exe)
register_target("install", make_install, depends = ["exe"], default = True)
resolve_targets()
