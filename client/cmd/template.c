#include "client/cmd/template.h"

void ox_template_string(struct ox_buf *out, const char *text)
{
	ox_buf_byte(out, '"');
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p == '"' || *p == '\\')
			ox_buf_printf(out, "\\%c", *p);
		else if (*p == '\n')
			ox_buf_str(out, "\\n");
		else if (*p == '\t')
			ox_buf_str(out, "\\t");
		else if (*p < 0x20 || *p == 0x7F)
			ox_buf_printf(out, "\\x%02x", *p);
		else
			ox_buf_byte(out, (char)*p);
	}
	ox_buf_byte(out, '"');
}

static const char heading[] =
	"# How to package this application; written by `oxc init-config-file`, yours to change.\n"
	"#\n"
	"#     oxc build           builds the default target\n"
	"#     oxc run             builds it and runs the program\n"
	"#     oxc list-targets    shows what can be built\n"
	"#\n"
	"# The language is Starlark, a small Python. What is commented out shows an option with\n"
	"# one of its values.\n"
	"\n";

static const char distribution[] =
	"# The executable: an interpreter, and every module that it can import.\n"
	"def make_exe():\n"
	"    # The Python that goes into the executable: the best one found on this machine.\n"
	"    dist = default_python_distribution()\n"
	"    # dist = default_python_distribution(python_version = \"3.11\")\n"
	"\n";

static const char policy[] =
	"    # The policy decides, for every module and file, whether and where it is packaged.\n"
	"    policy = dist.make_python_packaging_policy()\n"
	"\n"
	"    # Which extension modules of the distribution: \"all\", \"minimal\", \"no-libraries\", or\n"
	"    # \"no-copyleft\".\n"
	"    # policy.extension_module_filter = \"all\"\n"
	"\n"
	"    # Source text beside bytecode: for the standard library, and for everything else.\n"
	"    # policy.include_distribution_sources = True\n"
	"    # policy.include_non_distribution_sources = True\n"
	"\n"
	"    # Data files of the standard library, and its test packages.\n"
	"    # policy.include_distribution_resources = False\n"
	"    # policy.include_test = False\n"
	"\n"
	"    # Bytecode by optimization level: plain, without asserts, also without docstrings.\n"
	"    # policy.bytecode_optimize_level_zero = True\n"
	"    # policy.bytecode_optimize_level_one = False\n"
	"    # policy.bytecode_optimize_level_two = False\n"
	"\n"
	"    # Where modules and files go: inside the executable, or into a folder beside it. The\n"
	"    # fallback is for those that cannot go to the first place; None makes them an error.\n"
	"    # policy.resources_location = \"in-memory\"\n"
	"    # policy.resources_location_fallback = \"filesystem-relative:lib\"\n"
	"\n"
	"    # Load extension modules that are shared libraries from memory where that works.\n"
	"    # policy.allow_in_memory_shared_library_loading = False\n"
	"\n"
	"    # Scanning folders: give files a type (module, data of a package, ...), and hand out\n"
	"    # untyped files too. Both at once:\n"
	"    # policy.file_scanner_classify_files = True\n"
	"    # policy.file_scanner_emit_files = False\n"
	"    # policy.set_resource_handling_mode(\"classify\")\n"
	"\n"
	"    # Whether typed and untyped files are added unless something else says so.\n"
	"    # policy.include_classified_resources = True\n"
	"    # policy.include_file_resources = False\n"
	"    # policy.allow_files = False\n"
	"\n"
	"    # A function of yours that looks at each resource and may change what happens to it.\n"
	"    # policy.register_resource_callback(decide)\n"
	"\n"
	"    # For an extension module that the distribution has in several variants.\n"
	"    # policy.set_preferred_extension_module_variant(\"readline\", \"libedit\")\n"
	"\n";

static const char config_first[] =
	"    # How the interpreter behaves when the program starts.\n"
	"    config = dist.make_python_interpreter_config()\n"
	"\n"
	"    # \"isolated\": the environment and the user's files change nothing; \"python\": like the\n"
	"    # python command.\n"
	"    # config.config_profile = \"isolated\"\n"
	"\n"
	"    # What runs: a string of code, a module as with `python -m`, or a file found at run\n"
	"    # time. With none of them the program is an interactive interpreter.\n";

static const char config_rest[] =
	"    # config.run_module = \"mypackage.__main__\"\n"
	"    # config.run_filename = \"/path/to/script.py\"\n"
	"\n"
	"    # Folders to import from at run time; $ORIGIN is the executable's. Setting them also\n"
	"    # turns on Python's own importer for files.\n"
	"    # config.module_search_paths = [\"$ORIGIN/lib\"]\n"
	"    # config.filesystem_importer = False\n"
	"    # Folders that packed code adds to sys.path are imported from (pytest does so), unless\n"
	"    # this is False, or the line above is there.\n"
	"    # config.import_added_folders = None\n"
	"\n"
	"    # The importer for what is inside the executable.\n"
	"    # config.oxidized_importer = True\n"
	"    # Import statements served without importlib's Python code, and the garbage collector held back\n"
	"    # while modules load; for a program that replaces parts of importlib or counts collections.\n"
	"    # config.fast_import = True\n"
	"    # config.deferred_collection = True\n"
	"\n"
	"    # Memory: \"default\" is the C library's allocator. Which of Python's domains use the\n"
	"    # other one, and whether Python's small-object allocator stays on top of it.\n"
	"    # config.allocator_backend = \"default\"\n"
	"    # config.allocator_raw = True\n"
	"    # config.allocator_mem = False\n"
	"    # config.allocator_obj = False\n"
	"    # config.allocator_pymalloc_arena = False\n"
	"    # config.allocator_debug = False\n"
	"\n"
	"    # Python's own switches: None leaves one as the profile has it.\n"
	"    # config.optimization_level = 0\n"
	"    # config.bytes_warning = \"none\"\n"
	"    # config.development_mode = False\n"
	"    # config.use_environment = False\n"
	"    # config.isolated = True\n"
	"    # config.site_import = False\n"
	"    # config.user_site_directory = False\n"
	"    # config.write_bytecode = False\n"
	"    # config.hash_seed = None\n"
	"    # config.utf8_mode = None\n"
	"    # config.buffered_stdio = True\n"
	"    # config.stdio_encoding = \"utf-8\"\n"
	"    # config.stdio_errors = \"strict\"\n"
	"    # config.inspect = False\n"
	"    # config.interactive = False\n"
	"    # config.quiet = False\n"
	"    # config.verbose = False\n"
	"    # config.parse_argv = False\n"
	"    # config.x_options = []\n"
	"    # config.warn_options = []\n"
	"\n"
	"    # What the program can see of being packaged.\n"
	"    # config.sys_frozen = True\n"
	"    # config.sys_meipass = False\n"
	"    # config.argvb = False\n"
	"\n"
	"    # How multiprocessing starts workers: \"auto\", \"spawn\", \"fork\", \"forkserver\", \"none\".\n"
	"    # config.multiprocessing_start_method = \"auto\"\n"
	"    # config.multiprocessing_auto_dispatch = True\n"
	"\n"
	"    # Whether the executable answers to -c CODE, -m MODULE and SCRIPT as python3 does, which libraries\n"
	"    # expect of sys.executable: to its own processes (\"child\"), to anybody (\"always\"), with an error\n"
	"    # (\"refuse\"), or not at all (\"never\"), when they are arguments of the application.\n"
	"    # config.python_arguments = \"child\"\n"
	"\n"
	"    # Where terminal descriptions come from: \"dynamic\", \"none\" or \"static:FOLDERS\".\n"
	"    # config.terminfo_resolution = \"dynamic\"\n"
	"\n"
	"    # A variable that names a folder to write the list of imported modules to.\n"
	"    # config.write_modules_directory_env = \"MODULES_DIR\"\n"
	"\n";

static const char executable_rest[] =
	"    # From PyPI, from a requirements file, from a folder; pip gets the arguments as they are.\n"
	"    # exe.add_python_resources(exe.pip_install([\"-r\", \"requirements.txt\"]))\n"
	"    # exe.add_python_resources(exe.pip_install([CWD]))\n"
	"\n"
	"    # Packages of a source folder, without pip; or all of a virtual environment.\n"
	"    # exe.add_python_resources(exe.read_package_root(path = CWD + \"/src\", packages = [\"mypackage\"]))\n"
	"    # exe.add_python_resources(exe.read_virtualenv(path = CWD + \"/venv\"))\n"
	"\n"
	"    # A module written here.\n"
	"    # exe.add_python_resource(exe.make_python_module_source(\"answer\", \"VALUE = 42\\n\"))\n"
	"\n"
	"    # Keep only what a file lists, one name a line.\n"
	"    # exe.filter_resources_from_files(files = [CWD + \"/keep.txt\"])\n"
	"\n"
	"    # Where the licences of everything inside are written; None: nowhere.\n"
	"    # exe.licenses_filename = \"COPYING.txt\"\n"
	"\n"
	"    return exe\n"
	"\n";

static const char targets[] =
	"# The same, in parts, for a program of another language that embeds Python.\n"
	"def make_embedded_resources(exe):\n"
	"    return exe.to_embedded_resources()\n"
	"\n"
	"# A folder with the executable and everything that belongs beside it.\n"
	"def make_install(exe):\n"
	"    files = FileManifest()\n"
	"    files.add_python_resource(\".\", exe)\n"
	"\n"
	"    # files.add_manifest(glob([CWD + \"/share/**\"], strip_prefix = CWD))\n"
	"    return files\n"
	"\n"
	"register_target(\"exe\", make_exe, default = True)\n"
	"register_target(\"resources\", make_embedded_resources, depends = [\"exe\"], default_build_script = True)\n"
	"register_target(\"install\", make_install, depends = [\"exe\"])\n"
	"\n"
	"# Builds what was asked for on the command line, or the default target.\n"
	"resolve_targets()\n";

/* Call of pip with the packages, each on a line of its own when they do not fit on one: as `oxc fmt` writes it. */
static void add_pip_install(struct ox_buf *out, const struct ox_template *t)
{
	enum { COLUMNS = 120 };
	size_t start = out->len, columns = 0;
	for (bool lines = false;; lines = true) {
		ox_buf_str(out, "    exe.add_python_resources(exe.pip_install([");
		for (size_t i = 0; i < t->pip_install_count; i++) {
			ox_buf_str(out, lines ? "\n        " : i ? ", " : "");
			ox_template_string(out, t->pip_install[i]);
			ox_buf_str(out, lines ? "," : "");
		}
		ox_buf_str(out, lines ? "\n    ]))" : "]))");
		for (size_t i = start; i < out->len; i++)
			columns += ((unsigned char)out->data[i] & 0xC0) != 0x80;
		if (lines || columns <= COLUMNS)
			break;
		out->len = start;
	}
	ox_buf_str(out, "\n\n");
}

static void add_executable(struct ox_buf *out, const struct ox_template *t)
{
	ox_buf_str(out, "    exe = dist.to_python_executable(\n        name = ");
	ox_template_string(out, t->name);
	ox_buf_str(out, ",\n        packaging_policy = policy,\n        config = config,\n    )\n\n");
	if (t->pip_install_count)
		add_pip_install(out, t);
}

void ox_template_render(struct ox_buf *out, const struct ox_template *t)
{
	ox_buf_str(out, heading);
	ox_buf_str(out, distribution);
	ox_buf_str(out, policy);
	ox_buf_str(out, config_first);
	if (t->python_code) {
		ox_buf_str(out, "    config.run_command = ");
		ox_template_string(out, t->python_code);
		ox_buf_byte(out, '\n');
	} else {
		ox_buf_str(out, "    # config.run_command = \"import mypackage; mypackage.main()\"\n");
	}
	ox_buf_str(out, config_rest);
	add_executable(out, t);
	ox_buf_str(out, executable_rest);
	ox_buf_str(out, targets);
}
