#include "tests/unit/store/scratch.h"

#include "daemon/dialect/dialect.h"

/* What an evaluation said. */
struct heard {
	struct ox_sink sink;
	struct ox_buf text; /* "print: x", "error: message [hint]", "target: exe", one a line */
};

struct project {
	struct scratch *scratch;
	struct ox_arena arena;
	struct heard heard;
	struct ox_actions *actions;
	struct ox_build_context context;
	struct ox_slice targets[4];
	size_t target_count;
	struct ox_err err;
};

static void on_event(struct ox_sink *self, const struct ox_event *event)
{
	struct ox_buf *text = &((struct heard *)self)->text;
	if (event->type == OX_EVENT_LOG)
		ox_buf_printf(text, "%.*s: %.*s\n", OX_SLICE_ARG(event->as.log.source),
			      OX_SLICE_ARG(event->as.log.text));
	else if (event->type == OX_EVENT_DIAGNOSTIC && event->as.diagnostic.severity == OX_SEVERITY_ERROR)
		ox_buf_printf(text, "error %u: %.*s [%.*s]\n", event->as.diagnostic.line,
			      OX_SLICE_ARG(event->as.diagnostic.message), OX_SLICE_ARG(event->as.diagnostic.hint));
	else if (event->type == OX_EVENT_TARGET)
		ox_buf_printf(text, "target %d: %.*s%s\n", (int)event->as.target.state,
			      OX_SLICE_ARG(event->as.target.name), event->as.target.is_default ? "*" : "");
	else if (event->type == OX_EVENT_ARTIFACT)
		ox_buf_printf(text, "artifact: %.*s%s\n", OX_SLICE_ARG(event->as.artifact.path),
			      event->as.artifact.runnable ? " (runs)" : "");
}

static const char *no_variable(void *ctx OX_UNUSED, const char *name OX_UNUSED)
{
	return NULL;
}

static int setup(void **state)
{
	void *scratch;
	static const char *const none[] = {NULL};
	struct project *p = calloc(1, sizeof *p);
	if (!p || scratch_setup(&scratch) != 0)
		return -1;
	p->scratch = scratch;
	p->heard.sink.emit = on_event;
	p->context = (struct ox_build_context){
		.sink = &p->heard.sink,
		.env = {.get = no_variable},
		.environ = none,
		.arena = &p->arena,
		.cwd = p->scratch->dir,
		.host_triple = "x86_64-unknown-linux-gnu",
		.triple = "x86_64-unknown-linux-gnu",
	};
	*state = p;
	return ox_actions_new(p->scratch->s, &p->heard.sink, "test", &p->context.actions, &p->err);
}

static int teardown(void **state)
{
	struct project *p = *state;
	void *scratch = p->scratch;
	ox_actions_free(p->context.actions);
	ox_buf_free(&p->heard.text);
	ox_arena_free(&p->arena);
	free(p);
	return scratch_teardown(&scratch);
}

static void want(struct project *p, const char *target)
{
	p->targets[p->target_count++] = ox_slice_str(target);
}

/* Evaluates a file with this text, and builds what was asked for. */
static int run(struct project *p, const char *text, bool list_only)
{
	char path[256];
	struct ox_dialect *d;
	const struct ox_dialect_var vars[] = {{OX_SLICE("GREETING"), OX_SLICE("hello"), false},
					      {OX_SLICE("ABSENT"), OX_SLICE(""), true}};
	scratch_write(scratch_path(p->scratch, "pyoxidizer.bzl", path), text, strlen(text));
	struct ox_dialect_options options = {
		.context = &p->context,
		.config_path = path,
		.vars = vars,
		.var_count = OX_COUNT(vars),
		.targets = p->targets,
		.target_count = p->target_count,
		.list_only = list_only,
	};
	assert_int_equal(ox_dialect_new(&options, &d, &p->err), 0);
	int rc = ox_dialect_evaluate(d, &p->err);
	if (rc == 0 && !list_only)
		rc = ox_dialect_build(d, &p->err);
	ox_dialect_free(d);
	return rc;
}

static bool said(struct project *p, const char *text)
{
	return strstr(ox_buf_text(&p->heard.text), text) != NULL;
}

static void assert_said(struct project *p, const char *text)
{
	if (!said(p, text))
		print_error("not said: %s\n--- said:\n%s", text, ox_buf_text(&p->heard.text));
	assert_true(said(p, text));
}

static void test_a_manifest_of_text_is_published_below_the_build_folder(void **state)
{
	struct project *p = *state;
	char path[256], content[16] = "";
	assert_int_equal(run(p,
			     "def make():\n"
			     "    m = FileManifest()\n"
			     "    m.add_file(FileContent(filename=\"a.txt\", content=\"hi\"), directory=\"sub\")\n"
			     "    m.add_file(FileContent(filename=\"b\", content=\"b\"))\n"
			     "    gone = m.remove(\"b\")\n"
			     "    print(m.paths(), gone.filename, m.get_file(\"b\"))\n"
			     "    return m\n"
			     "register_target(\"files\", make)\n"
			     "resolve_targets()\n",
			     false),
			 0);
	assert_said(p, "config: [\"sub/a.txt\"] b None");
	scratch_path(p->scratch, "build/x86_64-unknown-linux-gnu/debug/files/sub/a.txt", path);
	int fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, content, sizeof content - 1), 2);
	close(fd);
	assert_string_equal(content, "hi");
	assert_said(p, "sub/a.txt\n");
}

static void test_variables_and_places_are_known(void **state)
{
	struct project *p = *state;
	char line[256];
	assert_int_equal(run(p,
			     "print(VARS[\"GREETING\"], VARS[\"ABSENT\"], VARS.get(\"NO\", 1), BUILD_TARGET_TRIPLE)\n"
			     "print(CWD)\n"
			     "print(CONFIG_PATH == CWD + \"/pyoxidizer.bzl\")\n",
			     true),
			 0);
	assert_said(p, "config: hello None 1 x86_64-unknown-linux-gnu");
	snprintf(line, sizeof line, "config: %s\n", p->scratch->dir);
	assert_said(p, line);
	assert_said(p, "config: True");
}

static void test_dependencies_get_resolved_once_and_passed_on(void **state)
{
	struct project *p = *state;
	want(p, "b");
	want(p, "c");
	run(p,
	    "def a():\n    print(\"a runs\")\n    return \"A\"\n"
	    "def b(x):\n    print(\"b\", x)\n    return FileManifest()\n"
	    "def c(x, y):\n    print(\"c\", x, type(y))\n    return FileManifest()\n"
	    "register_target(\"a\", a)\n"
	    "register_target(\"b\", b, depends = [\"a\"], default = True)\n"
	    "register_target(name = \"c\", fn = c, depends = [\"a\", \"b\"])\n"
	    "resolve_targets()\n",
	    false);
	assert_said(p, "config: b A\n");
	assert_said(p, "config: c A FileManifest\n");
	assert_null(strstr(strstr(ox_buf_text(&p->heard.text), "a runs") + 1, "a runs"));
}

static void test_listing_registers_and_runs_nothing(void **state)
{
	struct project *p = *state;
	assert_int_equal(run(p,
			     "def a():\n    print(\"ran\")\n"
			     "register_target(\"one\", a)\n"
			     "register_target(\"two\", a, default=True)\n"
			     "resolve_targets()\n",
			     true),
			 0);
	assert_string_equal(ox_buf_text(&p->heard.text), "target 1: one\ntarget 1: two*\n");
}

static void test_an_unknown_target_names_those_that_there_are(void **state)
{
	struct project *p = *state;
	want(p, "instal");
	assert_int_equal(run(p,
			     "def a():\n    return FileManifest()\n"
			     "register_target(\"exe\", a)\nregister_target(\"install\", a)\n",
			     false),
			 OX_EUSAGE);
	assert_non_null(
		strstr(p->err.text, "there is no target 'instal'; did you mean 'install'? (targets: exe, install)"));
}

static void test_targets_that_depend_on_each_other_are_told_with_their_chain(void **state)
{
	struct project *p = *state;
	assert_int_equal(run(p,
			     "def f(x):\n    return x\n"
			     "register_target(\"a\", f, depends = [\"b\"])\n"
			     "register_target(\"b\", f, depends = [\"c\"])\n"
			     "register_target(\"c\", f, depends = [\"a\"])\n"
			     "resolve_targets()\n",
			     false),
			 OX_EUSAGE);
	assert_non_null(strstr(p->err.text, "targets depend on each other: a -> b -> c -> a"));
}

static void test_a_target_that_gives_nothing_is_an_error_that_says_what_to_return(void **state)
{
	struct project *p = *state;
	assert_int_equal(run(p, "def f():\n    pass\nregister_target(\"t\", f)\nresolve_targets()\n", false),
			 OX_EUSAGE);
	assert_non_null(strstr(p->err.text, "target 't' gives nothing that can be built (a NoneType)"));
	p->target_count = 0;
	assert_int_equal(run(p, "x = 1\n", false), OX_EUSAGE);
	assert_non_null(strstr(p->err.text, "registers no target"));
}

static void test_a_misspelt_name_is_told_with_its_place_and_the_right_one(void **state)
{
	struct project *p = *state;
	assert_int_equal(run(p, "x = 1\nregister_targets(\"a\", x)\n", false), OX_EUSAGE);
	assert_said(p, "error 2: ");
	assert_said(p, "register_target");
	ox_buf_clear(&p->heard.text);
	assert_int_equal(run(p, "m = FileManifest()\nm.add_manifset(m)\n", false), OX_EUSAGE);
	assert_said(p, "error 2: ");
	assert_said(p, "add_manifest");
	ox_buf_clear(&p->heard.text);
	assert_int_equal(run(p, "PythonInterpreterConfig(run_modul = \"a\")\n", false), OX_EUSAGE);
	assert_said(p, "[did you mean 'run_module'?]");
}

static void test_the_old_constructor_fills_todays_fields(void **state)
{
	struct project *p = *state;
	assert_int_equal(
		run(p,
		    "c = PythonInterpreterConfig(run_eval=\"1\", sys_paths=[\"$ORIGIN/lib\"], optimize_level=2,\n"
		    "    ignore_environment=False, unbuffered_stdio=True, raw_allocator=\"system\",\n"
		    "    terminfo_resolution=None, stdio_encoding=\"utf-8:ignore\", bytes_warning=2)\n"
		    "print(c.run_command, c.module_search_paths, c.filesystem_importer, c.optimization_level,\n"
		    "    c.use_environment, c.buffered_stdio, c.allocator_backend, c.terminfo_resolution,\n"
		    "    c.stdio_encoding, c.stdio_errors, c.bytes_warning, c.sys_frozen)\n",
		    true),
		0);
	assert_said(p, "config: 1 [\"$ORIGIN/lib\"] True 2 True False default none utf-8 ignore raise False");
	assert_int_equal(run(p, "PythonInterpreterConfig(run_eval=\"1\", run_module=\"m\")\n", true), OX_EUSAGE);
	assert_said(p, "use one");
	assert_int_equal(run(p, "PythonInterpreterConfig(sys_frozen=\"no\")\n", true), OX_EUSAGE);
}

static void test_no_files_are_imported_where_the_configuration_says_so(void **state)
{
	struct project *p = *state;
	assert_int_equal(run(p,
			     "a, b = PythonInterpreterConfig(), PythonInterpreterConfig()\n"
			     "print(a.filesystem_importer, a.import_added_folders)\n"
			     "a.filesystem_importer = False\n"
			     "b.import_added_folders = True\n"
			     "b.filesystem_importer = False\n"
			     "print(a.import_added_folders, b.import_added_folders)\n",
			     true),
			 0);
	assert_said(p, "config: False None\nconfig: False True\n");
}

static void test_what_is_absent_says_what_to_use(void **state)
{
	struct project *p = *state;
	assert_int_equal(run(p, "Snap()\n", true), OX_EUSAGE);
	assert_said(p, "Snap is not available");
	ox_buf_clear(&p->heard.text);
	assert_int_equal(run(p, "def msi():\n    return WiXMSIBuilder(\"a\")\nregister_target(\"m\", msi)\n", true), 0);
}

static void test_patterns_make_manifests_without_their_prefix(void **state)
{
	struct project *p = *state;
	char path[256];
	assert_int_equal(mkdir(scratch_path(p->scratch, "share", path), 0700), 0);
	scratch_write(scratch_path(p->scratch, "share/a.txt", path), "a", 1);
	scratch_write(scratch_path(p->scratch, "share/b.bin", path), "b", 1);
	assert_int_equal(run(p,
			     "print(glob(\"share/**/*\", exclude = [\"share/*.bin\"]).paths())\n"
			     "print(glob([CWD + \"/share/*\"], strip_prefix = CWD + \"/share/\").paths())\n"
			     "print(glob(include = [\"none/*\"]).paths())\n",
			     true),
			 0);
	assert_said(p, "config: [\"share/a.txt\"]\nconfig: [\"a.txt\", \"b.bin\"]\nconfig: []\n");
	assert_int_equal(run(p, "glob([\"share/*\"], strip_prefix = \"/else\")\n", true), OX_EUSAGE);
}

static void test_a_loaded_file_is_found_beside_the_configuration(void **state)
{
	struct project *p = *state;
	char path[256];
	static const char lib[] = "def greet(name):\n    return \"hello \" + name\n";
	scratch_write(scratch_path(p->scratch, "lib.bzl", path), lib, sizeof lib - 1);
	assert_int_equal(run(p, "load(\"lib.bzl\", \"greet\")\nprint(greet(\"you\"))\n", true), 0);
	assert_said(p, "config: hello you");
	assert_int_equal(run(p, "load(\"none.bzl\", \"greet\")\n", true), OX_EUSAGE);
}

static void test_the_build_folder_can_be_set(void **state)
{
	struct project *p = *state;
	char path[256];
	assert_int_equal(run(p,
			     "def f():\n    return glob([\"pyoxidizer.bzl\"])\n"
			     "set_build_path(VARS.get(\"NONE\"))\nset_build_path(\"out\")\n"
			     "register_target(\"t\", f)\nresolve_targets()\n",
			     false),
			 0);
	assert_int_equal(
		access(scratch_path(p->scratch, "out/x86_64-unknown-linux-gnu/debug/t/pyoxidizer.bzl", path), R_OK), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_manifest_of_text_is_published_below_the_build_folder),
		TEST(test_variables_and_places_are_known),
		TEST(test_dependencies_get_resolved_once_and_passed_on),
		TEST(test_listing_registers_and_runs_nothing),
		TEST(test_an_unknown_target_names_those_that_there_are),
		TEST(test_targets_that_depend_on_each_other_are_told_with_their_chain),
		TEST(test_a_target_that_gives_nothing_is_an_error_that_says_what_to_return),
		TEST(test_a_misspelt_name_is_told_with_its_place_and_the_right_one),
		TEST(test_the_old_constructor_fills_todays_fields),
		TEST(test_no_files_are_imported_where_the_configuration_says_so),
		TEST(test_what_is_absent_says_what_to_use),
		TEST(test_patterns_make_manifests_without_their_prefix),
		TEST(test_a_loaded_file_is_found_beside_the_configuration),
		TEST(test_the_build_folder_can_be_set),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
