#include "runtime/embed/settings.h"

#include "runtime/embed/setup.h"

#include <stddef.h>

/* A field of the payload's configuration and where it goes. */
struct place {
	const char *name;
	size_t offset;
};

static const struct place pre_flags[] = {
	{"configure_locale", offsetof(PyPreConfig, configure_locale)},
	{"coerce_c_locale_warn", offsetof(PyPreConfig, coerce_c_locale_warn)},
	{"development_mode", offsetof(PyPreConfig, dev_mode)},
	{"isolated", offsetof(PyPreConfig, isolated)},
	{"parse_argv", offsetof(PyPreConfig, parse_argv)},
	{"use_environment", offsetof(PyPreConfig, use_environment)},
	{"utf8_mode", offsetof(PyPreConfig, utf8_mode)},
};

static const struct place flags[] = {
	{"development_mode", offsetof(PyConfig, dev_mode)},
	{"isolated", offsetof(PyConfig, isolated)},
	{"parse_argv", offsetof(PyConfig, parse_argv)},
	{"use_environment", offsetof(PyConfig, use_environment)},
	{"buffered_stdio", offsetof(PyConfig, buffered_stdio)},
	{"configure_c_stdio", offsetof(PyConfig, configure_c_stdio)},
	{"dump_refs", offsetof(PyConfig, dump_refs)},
	{"fault_handler", offsetof(PyConfig, faulthandler)},
	{"import_time", offsetof(PyConfig, import_time)},
	{"inspect", offsetof(PyConfig, inspect)},
	{"install_signal_handlers", offsetof(PyConfig, install_signal_handlers)},
	{"interactive", offsetof(PyConfig, interactive)},
	{"malloc_stats", offsetof(PyConfig, malloc_stats)},
	{"parser_debug", offsetof(PyConfig, parser_debug)},
	{"pathconfig_warnings", offsetof(PyConfig, pathconfig_warnings)},
	{"quiet", offsetof(PyConfig, quiet)},
	{"show_ref_count", offsetof(PyConfig, show_ref_count)},
	{"site_import", offsetof(PyConfig, site_import)},
	{"skip_first_source_line", offsetof(PyConfig, skip_source_first_line)},
	{"tracemalloc", offsetof(PyConfig, tracemalloc)},
	{"user_site_directory", offsetof(PyConfig, user_site_directory)},
	{"verbose", offsetof(PyConfig, verbose)},
	{"write_bytecode", offsetof(PyConfig, write_bytecode)},
};

static const struct place texts[] = {
	{"base_exec_prefix", offsetof(PyConfig, base_exec_prefix)},
	{"base_executable", offsetof(PyConfig, base_executable)},
	{"base_prefix", offsetof(PyConfig, base_prefix)},
	{"exec_prefix", offsetof(PyConfig, exec_prefix)},
	{"executable", offsetof(PyConfig, executable)},
	{"filesystem_encoding", offsetof(PyConfig, filesystem_encoding)},
	{"filesystem_errors", offsetof(PyConfig, filesystem_errors)},
	{"home", offsetof(PyConfig, home)},
	{"prefix", offsetof(PyConfig, prefix)},
	{"program_name", offsetof(PyConfig, program_name)},
	{"pycache_prefix", offsetof(PyConfig, pycache_prefix)},
	{"python_path_env", offsetof(PyConfig, pythonpath_env)},
	{"stdio_encoding", offsetof(PyConfig, stdio_encoding)},
	{"stdio_errors", offsetof(PyConfig, stdio_errors)},
	{"check_hash_pycs_mode", offsetof(PyConfig, check_hash_pycs_mode)},
};

/* What the application is; not when the command line asks for something else. */
static const struct place application[] = {
	{"run_command", offsetof(PyConfig, run_command)},
	{"run_filename", offsetof(PyConfig, run_filename)},
	{"run_module", offsetof(PyConfig, run_module)},
};

/* What nobody configured, where imports come from memory only: everything that CPython would
 * otherwise compute by looking around in the file system. It is the executable's path, or its folder's. */
static const size_t own_paths[] = {
	offsetof(PyConfig, executable),
	offsetof(PyConfig, base_executable),
	offsetof(PyConfig, program_name),
};
static const size_t own_folders[] = {
	offsetof(PyConfig, prefix),
	offsetof(PyConfig, exec_prefix),
	offsetof(PyConfig, base_prefix),
	offsetof(PyConfig, base_exec_prefix),
};

static void apply_flags(const struct ox_program *p, void *target, const struct place *places, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool value;
		if (ox_pack_config_bool(p->config, places[i].name, &value))
			*(int *)((char *)target + places[i].offset) = value;
	}
}

static wchar_t **text_at(PyConfig *config, size_t offset)
{
	return (wchar_t **)((char *)config + offset);
}

static bool is_python_profile(const struct ox_program *p)
{
	return ox_program_is(p, "config_profile", "python");
}

/* What answers as python3 is no more isolated than that: whoever starts it says so by -I, or sets variables for it. */
static bool is_isolated(const struct ox_program *p)
{
	return !is_python_profile(p) && p->call == OX_CALL_NOTHING;
}

/* The number of a text among its field's choices; -1 when unset. */
static int choice(const struct ox_program *p, const char *name)
{
	struct ox_slice value;
	int number = 0;
	if (!ox_pack_config_str(p->config, name, &value))
		return -1;
	const char *rest = ox_config_field_find(name)->choices;
	for (const char *bar; rest; rest = bar ? bar + 1 : NULL, number++) {
		bar = strchr(rest, '|');
		if (ox_slice_eq(value, ox_slice(rest, bar ? (size_t)(bar - rest) : strlen(rest))))
			return number;
	}
	return -1;
}

PyStatus ox_settings_preconfig(struct ox_program *p, PyPreConfig *pre)
{
	if (is_isolated(p)) {
		PyPreConfig_InitIsolatedConfig(pre);
		pre->utf8_mode = -1;
		pre->coerce_c_locale = -1;
	} else {
		PyPreConfig_InitPythonConfig(pre);
	}
	apply_flags(p, pre, pre_flags, OX_COUNT(pre_flags));
	if (p->call != OX_CALL_NOTHING)
		pre->parse_argv = 1;
	int allocator = choice(p, "allocator"), coerce = choice(p, "coerce_c_locale");
	if (allocator >= 0)
		pre->allocator = allocator;
	if (coerce >= 0)
		pre->coerce_c_locale = coerce + 1;
	return Py_PreInitializeFromBytesArgs(pre, p->argc, p->argv);
}

static PyStatus append(PyWideStringList *list, const char *text)
{
	wchar_t *wide = Py_DecodeLocale(text, NULL);
	if (!wide)
		return PyStatus_NoMemory();
	PyStatus status = PyWideStringList_Append(list, wide);
	PyMem_RawFree(wide);
	return status;
}

static PyStatus apply_list(struct ox_program *p, const char *name, PyWideStringList *list)
{
	const struct ox_slice *items;
	size_t count;
	PyStatus status = PyStatus_Ok();
	if (!ox_pack_config_list(p->config, name, &items, &count))
		return status;
	for (size_t i = 0; i < count && !PyStatus_Exception(status); i++)
		status = append(list, ox_program_expand(p, items[i]));
	return status;
}

static PyStatus apply_texts(struct ox_program *p, PyConfig *config, const struct place *places, size_t count)
{
	PyStatus status = PyStatus_Ok();
	for (size_t i = 0; i < count && !PyStatus_Exception(status); i++) {
		const char *text = ox_program_text(p, places[i].name);
		if (text)
			status = PyConfig_SetBytesString(config, text_at(config, places[i].offset), text);
	}
	return status;
}

/* What runs: the application, or what python3's options in argv say. */
static PyStatus apply_purpose(struct ox_program *p, PyConfig *config)
{
	if (p->call == OX_CALL_NOTHING)
		return apply_texts(p, config, application, OX_COUNT(application));
	config->parse_argv = 1;
	return PyStatus_Ok();
}

static void apply_numbers(struct ox_program *p, PyConfig *config)
{
	int64_t number;
	if (ox_pack_config_int(p->config, "hash_seed", &number)) {
		config->use_hash_seed = 1;
		config->hash_seed = (unsigned long)number;
	}
	if (ox_pack_config_int(p->config, "optimization_level", &number))
		config->optimization_level = (int)number;
	if (choice(p, "bytes_warning") >= 0)
		config->bytes_warning = choice(p, "bytes_warning");
}

/* Those of the texts that are not set. */
static PyStatus set_missing(PyConfig *config, const size_t *offsets, size_t count, const char *path)
{
	PyStatus status = PyStatus_Ok();
	for (size_t i = 0; i < count && !PyStatus_Exception(status); i++) {
		wchar_t **at = text_at(config, offsets[i]);
		if (!*at)
			status = PyConfig_SetBytesString(config, at, path);
	}
	return status;
}

/* With all of this set there is nothing left for CPython to search for (see wrap_path.c). */
static PyStatus set_computed(struct ox_program *p, PyConfig *config)
{
	const struct ox_slice *items;
	size_t count;
	PyStatus status = set_missing(config, own_paths, OX_COUNT(own_paths), p->exe);
	if (!PyStatus_Exception(status))
		status = set_missing(config, own_folders, OX_COUNT(own_folders), p->origin);
	if (ox_pack_config_list(p->config, "module_search_paths", &items, &count) ||
	    !ox_program_flag(p, "filesystem_importer", false))
		config->module_search_paths_set = 1;
	return status;
}

/* The folders of PYTHONPATH, where CPython does not compute a search path itself: pip's builds are prepared so, with a
 * sitecustomize. */
static PyStatus add_environment(const struct ox_program *p, PyConfig *config)
{
	const char *folder = getenv("PYTHONPATH");
	PyStatus status = PyStatus_Ok();
	if (p->call == OX_CALL_NOTHING || !config->use_environment || config->isolated || !folder || !*folder ||
	    strpbrk(p->call_letters, "EI"))
		return status;
	while (folder && !PyStatus_Exception(status)) {
		size_t len = strcspn(folder, ":");
		char *one = strndup(folder, len);
		status = one ? append(&config->module_search_paths, one) : PyStatus_NoMemory();
		free(one);
		folder = folder[len] ? folder + len + 1 : NULL;
	}
	return status;
}

/* Where files are imported too, CPython computes the search path below the executable. */
static PyStatus set_home(struct ox_program *p, PyConfig *config)
{
	PyStatus status = PyStatus_Ok();
	if (!config->program_name)
		status = PyConfig_SetBytesString(config, &config->program_name, p->exe);
	if (!config->home && !PyStatus_Exception(status))
		status = PyConfig_SetBytesString(config, &config->home, p->origin);
	return status;
}

static void init_profile(const struct ox_program *p, PyConfig *config)
{
	if (!is_isolated(p)) {
		PyConfig_InitPythonConfig(config);
		if (!is_python_profile(p))
			config->user_site_directory = 0;
		return;
	}
	PyConfig_InitIsolatedConfig(config);
	config->install_signal_handlers = 1;
	config->configure_c_stdio = 1;
	config->site_import = 0;
}

PyStatus ox_settings_config(struct ox_program *p, PyConfig *config)
{
	const struct ox_slice *items;
	size_t count;
	init_profile(p, config);
	apply_flags(p, config, flags, OX_COUNT(flags));
	apply_numbers(p, config);
	PyStatus status = apply_texts(p, config, texts, OX_COUNT(texts));
	if (!PyStatus_Exception(status))
		status = apply_purpose(p, config);
	bool in_memory = !ox_program_flag(p, "filesystem_importer", false) && !is_python_profile(p);
	bool is_set = in_memory || ox_pack_config_list(p->config, "module_search_paths", &items, &count);
	if (!PyStatus_Exception(status) && is_set)
		status = add_environment(p, config);
	if (!PyStatus_Exception(status))
		status = apply_list(p, "module_search_paths", &config->module_search_paths);
	if (!PyStatus_Exception(status))
		status = apply_list(p, "warn_options", &config->warnoptions);
	if (!PyStatus_Exception(status))
		status = apply_list(p, "x_options", &config->xoptions);
	if (!PyStatus_Exception(status))
		status = PyConfig_SetBytesArgv(config, p->argc, p->argv);
	if (!PyStatus_Exception(status) && p->venv_python)
		status = PyConfig_SetBytesString(config, &config->executable, p->venv_python);
	if (!PyStatus_Exception(status))
		status = is_set ? set_computed(p, config) : set_home(p, config);
	config->_init_main = !OX_HAS_CORE_PHASE;
	return status;
}
