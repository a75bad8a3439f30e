/* What tools know of the dialect is true of its tables. */
#include "tests/unit/store/scratch.h"

#include "daemon/dialect/facts.h"
#include "daemon/dialect/lint.h"
#include "daemon/dialect/session.h"

static const struct ox_star_type *type_named(const char *name)
{
	for (size_t i = 0; ox_dialect_types[i]; i++) {
		if (strcmp(ox_dialect_types[i]->name, name) == 0)
			return ox_dialect_types[i];
	}
	return NULL;
}

static const struct ox_star_function *method_named(const struct ox_star_type *type, const char *name)
{
	for (const struct ox_star_function *f = type->methods; f && f->name; f++) {
		if (strcmp(f->name, name) == 0)
			return f;
	}
	return NULL;
}

static bool has_attribute(const struct ox_star_type *type, const char *name)
{
	for (const struct ox_star_attr_spec *a = type->attrs; a && a->name; a++) {
		if (strcmp(a->name, name) == 0)
			return true;
	}
	return false;
}

static bool has_global(struct ox_dialect *d, const char *name, const struct ox_star_function **function)
{
	const char *found;
	ox_star_value v;
	for (size_t i = 0; (found = ox_star_name_at(d->star, i, &v)); i++) {
		*function = ox_star_function_spec(v);
		if (strcmp(found, name) == 0)
			return true;
	}
	return false;
}

static bool takes(const struct ox_star_function *f, const char *argument)
{
	for (const struct ox_star_param *p = f->params; p && p->name; p++) {
		if (strcmp(p->name, argument) == 0 || (p->kind & OX_STAR_KIND_MASK) == OX_STAR_NAMED_REST)
			return true;
	}
	return false;
}

static void every_fact_is_about_something_that_there_is(void **state OX_UNUSED)
{
	struct ox_arena arena = {0};
	struct ox_build_context context = {.arena = &arena, .cwd = "/", .triple = "x"};
	struct ox_dialect_options options = {.context = &context, .config_path = "/x"};
	struct ox_dialect *d;
	assert_int_equal(ox_dialect_new(&options, &d, NULL), 0);
	for (const struct ox_lint_fact *f = ox_dialect_facts; f->name; f++) {
		const struct ox_star_type *type = f->type ? type_named(f->type) : NULL;
		const struct ox_star_function *function = type ? method_named(type, f->name) : NULL;
		bool found = type ? function || has_attribute(type, f->name) : has_global(d, f->name, &function);
		if ((f->type && !type) || !found)
			fail_msg("%s.%s is nowhere", f->type ? f->type : "", f->name);
		if (f->argument && (!function || !takes(function, f->argument)))
			fail_msg("%s() has no argument %s", f->name, f->argument);
		bool known = f->result && (type_named(f->result) || ox_star_methods_of(f->result));
		if (f->result && !known && strcmp(f->result, "bool") != 0)
			assert_string_equal(f->result, f->name); /* json */
	}
	ox_dialect_free(d);
	ox_arena_free(&arena);
}

struct heard {
	struct ox_sink sink;
	struct ox_buf text; /* "code hint", one a line */
};

static void on_event(struct ox_sink *self, const struct ox_event *event)
{
	struct heard *h = (struct heard *)self;
	ox_buf_printf(&h->text, "%.*s %.*s\n", OX_SLICE_ARG(event->as.diagnostic.code),
		      OX_SLICE_ARG(event->as.diagnostic.hint));
}

static void a_configuration_is_compared_with_the_dialect(void **state OX_UNUSED)
{
	struct heard h = {.sink.emit = on_event};
	size_t findings = 0;
	int rc = ox_dialect_lint(OX_SLICE("x.bzl"),
				 OX_SLICE("def make():\n"
					  "    dist = default_python_distribution()\n"
					  "    config = dist.make_python_interpreter_config()\n"
					  "    config.run_comand = \"x\"\n"
					  "    exe = dist.to_python_executable(name = 1, config = config)\n"
					  "    exe.pip_install([\"x\"])\n"
					  "    exe.setup_py_install(\".\")\n"
					  "    return exe\n"
					  "x = json.encode([])\n"
					  "y = x + json.decod(x)\n"
					  "def install(exe):\n"
					  "    exe.filter_from_files(files = [])\n"
					  "    return exe.name.lower()\n"
					  "register_target(\"exe\", make)\n"
					  "register_target(\"install\", install, depends = [\"exe\"])\n"),
				 &h.sink, &findings, NULL);
	assert_int_equal(rc, 0);
	assert_int_equal(findings, 7);
	assert_string_equal(ox_buf_text(&h.text),
			    "unknown-attribute did you mean 'run_command'?\n"
			    "wrong-type \n"
			    "unused-value \n"
			    "not-available use pip_install([PATH]), which builds the same package\n"
			    "unused-global \n"
			    "unknown-attribute did you mean 'decode'?\n"
			    "deprecated use filter_resources_from_files()\n");
	ox_buf_free(&h.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_fact_is_about_something_that_there_is),
	    cmocka_unit_test(a_configuration_is_compared_with_the_dialect),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
