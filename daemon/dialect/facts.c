#include "daemon/dialect/facts.h"

#include "daemon/dialect/config_value.h"
#include "daemon/dialect/content_value.h"
#include "daemon/dialect/distribution_value.h"
#include "daemon/dialect/embedded_value.h"
#include "daemon/dialect/executable_value.h"
#include "daemon/dialect/manifest_value.h"
#include "daemon/dialect/policy_value.h"
#include "daemon/dialect/resource_value.h"

const struct ox_star_type *const ox_dialect_types[] = {
	&ox_distribution_type,
	&ox_policy_type,
	&ox_config_type_spec,
	&ox_executable_type,
	&ox_embedded_type,
	&ox_manifest_type,
	&ox_content_type,
	&ox_module_source_type,
	&ox_package_resource_type,
	&ox_distribution_resource_type,
	&ox_extension_module_type,
	&ox_file_type,
	NULL,
};

#define DIST   "PythonDistribution"
#define POLICY "PythonPackagingPolicy"
#define CONFIG "PythonInterpreterConfig"
#define EXE    "PythonExecutable"
#define FILES  "FileManifest"

/* A call for its result alone. */
#define GIVES(on, function, of)                                                                                        \
	{                                                                                                              \
		.type = (on), .name = (function), .result = (of), .pure = true                                         \
	}
#define IS(global, of)                                                                                                 \
	{                                                                                                              \
		.name = (global), .result = (of)                                                                       \
	}
#define OLD(on, member, today)                                                                                         \
	{                                                                                                              \
		.type = (on), .name = (member), .modern = (today)                                                      \
	}
#define OLD_CALL(on, member, of, today)                                                                                \
	{                                                                                                              \
		.type = (on), .name = (member), .result = (of), .modern = (today), .pure = true                        \
	}
#define OLD_ARGUMENT(on, function, parameter, today)                                                                   \
	{                                                                                                              \
		.type = (on), .name = (function), .argument = (parameter), .modern = (today)                           \
	}

#define ADD_ONE  "add_python_resource(resource)"
#define ADD_MANY "add_python_resources(resources)"
#define IN_MEMORY                                                                                                      \
	", after setting add_location = \"in-memory\" of each resource (or resources_location of the policy)"
#define BESIDE                                                                                                         \
	", after setting add_location = \"filesystem-relative:PREFIX\" of each resource (or resources_location of "    \
	"the policy)"
#define OLD_KINDS(family, place)                                                                                       \
	OLD(EXE, #family "_module_source", ADD_ONE place), OLD(EXE, #family "_module_bytecode", ADD_ONE place),        \
		OLD(EXE, #family "_package_resource", ADD_ONE place),                                                  \
		OLD(EXE, #family "_package_distribution_resource", ADD_ONE place),                                     \
		OLD(EXE, #family "_extension_module", ADD_ONE place)
#define OLD_FAMILY(family, place)                                                                                      \
	OLD_KINDS(family, place), OLD(EXE, #family "_python_resource", ADD_ONE place),                                 \
		OLD(EXE, #family "_python_resources", ADD_MANY place)
#define OLD_PARTS(method)                                                                                              \
	OLD_ARGUMENT(EXE, method, "add_source_module", "add_source of the resource"),                                  \
		OLD_ARGUMENT(EXE, method, "add_bytecode_module",                                                       \
			     "add_bytecode_optimization_level_zero of the resource"),                                  \
		OLD_ARGUMENT(EXE, method, "optimize_level",                                                            \
			     "add_bytecode_optimization_level_zero, _one or _two of the resource")

#define OLD_EXE(parameter, today)      OLD_ARGUMENT(DIST, "to_python_executable", parameter, today)
#define OLD_SETTING(parameter, today)  OLD_ARGUMENT(NULL, CONFIG, parameter, today)
#define REPL_IS_DEFAULT                "a configuration without any run_ attribute, which starts a REPL"

const struct ox_lint_fact ox_dialect_facts[] = {
	IS("CWD", "string"),
	IS("CONFIG_PATH", "string"),
	IS("BUILD_TARGET_TRIPLE", "string"),
	IS("VARS", "dict"),
	IS("json", "json"),
	GIVES(NULL, "default_python_distribution", DIST),
	GIVES(NULL, "PythonDistribution", DIST),
	GIVES(NULL, "FileManifest", FILES),
	GIVES(NULL, "FileContent", "FileContent"),
	GIVES(NULL, "glob", FILES),
	GIVES(NULL, "can_prompt", "bool"),

	GIVES(DIST, "make_python_packaging_policy", POLICY),
	GIVES(DIST, "make_python_interpreter_config", CONFIG),
	GIVES(DIST, "to_python_executable", EXE),
	GIVES(DIST, "python_resources", "list"),
	GIVES(EXE, "pip_install", "list"),
	GIVES(EXE, "pip_download", "list"),
	GIVES(EXE, "read_package_root", "list"),
	GIVES(EXE, "read_virtualenv", "list"),
	GIVES(EXE, "make_python_module_source", "PythonModuleSource"),
	GIVES(EXE, "to_embedded_resources", "PythonEmbeddedResources"),
	GIVES(EXE, "to_file_manifest", FILES),
	GIVES(FILES, "get_file", NULL),
	GIVES(FILES, "paths", "list"),

	/* 0.5 to 0.7. */
	OLD_CALL(NULL, CONFIG, CONFIG, "make_python_interpreter_config() of the distribution, then set attributes"),
	OLD_SETTING("ignore_environment", "the attribute use_environment, which says the opposite"),
	OLD_SETTING("optimize_level", "the attribute optimization_level"),
	OLD_SETTING("raw_allocator", "the attribute allocator_backend"),
	OLD_SETTING("run_eval", "the attribute run_command"),
	OLD_SETTING("run_file", "the attribute run_filename"),
	OLD_SETTING("run_mode", "the attribute run_command, run_filename or run_module"),
	OLD_SETTING("run_noop", "run_command = \"pass\""),
	OLD_SETTING("run_repl", REPL_IS_DEFAULT),
	OLD_SETTING("sys_paths", "the attribute module_search_paths"),
	OLD_SETTING("terminfo_dirs", "terminfo_resolution = \"static:DIRS\""),
	OLD_SETTING("unbuffered_stdio", "the attribute buffered_stdio, which says the opposite"),
	OLD_SETTING("use_hash_seed", "the attribute hash_seed"),
	OLD_EXE("resources_policy", "resources_location and resources_location_fallback of a packaging policy"),
	OLD_EXE("extension_module_filter", "extension_module_filter of a packaging policy"),
	OLD_EXE("preferred_extension_module_variants",
		"set_preferred_extension_module_variant() of a packaging policy"),
	OLD_EXE("include_sources", "include_distribution_sources and include_non_distribution_sources of a packaging "
				   "policy"),
	OLD_EXE("include_resources", "include_distribution_resources of a packaging policy"),
	OLD_EXE("include_test", "include_test of a packaging policy"),
	OLD_EXE("run_eval", "run_command of an interpreter configuration"),
	OLD_EXE("run_file", "run_filename of an interpreter configuration"),
	OLD_EXE("run_module", "run_module of an interpreter configuration"),
	OLD_EXE("run_noop", "run_command = \"pass\" of an interpreter configuration"),
	OLD_EXE("run_repl", REPL_IS_DEFAULT),
	OLD_CALL(DIST, "source_modules", "list", "python_resources(), and the type of each"),
	OLD_CALL(DIST, "package_resources", "list", "python_resources(), and the type of each"),
	OLD_CALL(DIST, "resources_data", "list", "python_resources(), and the type of each"),
	OLD_CALL(DIST, "extension_modules", "list", "python_resources(), and the type of each"),
	OLD_CALL(DIST, "pip_install", "list", "pip_install() of the executable"),
	OLD_CALL(DIST, "read_package_root", "list", "read_package_root() of the executable"),
	OLD_CALL(DIST, "read_virtualenv", "list", "read_virtualenv() of the executable"),
	OLD_KINDS(add, ""),
	OLD_FAMILY(add_in_memory, IN_MEMORY),
	OLD_FAMILY(add_filesystem_relative, BESIDE),
	OLD_PARTS("add_python_resource"),
	OLD_PARTS("add_python_resources"),
	OLD(EXE, "filter_from_files", "filter_resources_from_files()"),
	OLD_CALL(EXE, "to_embedded_data", "PythonEmbeddedResources", "to_embedded_resources()"),
	/* 0.8 and 0.9. */
	OLD(CONFIG, "raw_allocator", "allocator_backend"),
	OLD(CONFIG, "run_mode", "run_command, run_filename or run_module"),
	OLD(CONFIG, "sys_paths", "module_search_paths"),
	{0},
};
