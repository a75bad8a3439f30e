#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/out/json.h"
#include "client/out/output.h"
#include "client/out/text.h"

static void expect(struct ox_buf *got, const char *wanted)
{
	assert_string_equal(ox_buf_text(got), wanted);
	ox_buf_free(got);
}

static void a_diagnostic_points_at_its_place(void **state)
{
	(void)state;
	struct ox_buf out = {0};
	const struct ox_diagnostic d = {
		.severity = OX_SEVERITY_ERROR,
		.code = OX_SLICE("unknown-name"),
		.message = OX_SLICE("unknown name `foo`"),
		.file = OX_SLICE("a.bzl"),
		.line = 7,
		.column = 5,
		.end_line = 7,
		.end_column = 8,
		.source_line = OX_SLICE("x = foo()"),
		.hint = OX_SLICE("did you mean `for`?"),
	};
	ox_text_diagnostic(&out, &d, &ox_palette_none);
	expect(&out, "a.bzl:7:5: error: unknown name `foo`\n"
		     "    7 | x = foo()\n"
		     "      |     ^~~\n"
		     "  hint: did you mean `for`?\n");
}

static void a_caret_stands_below_its_character_after_tabs_and_accents(void **state)
{
	(void)state;
	struct ox_buf out = {0};
	const struct ox_diagnostic d = {
		.severity = OX_SEVERITY_WARNING,
		.code = OX_SLICE("odd-thing"),
		.message = OX_SLICE("m"),
		.file = OX_SLICE("f"),
		.line = 1,
		.column = 4,
		.source_line = OX_SLICE("\t\xC3\xA9 x"),
		.notes = OX_SLICE("f:1: in g\nf:2: in h"),
	};
	ox_text_diagnostic(&out, &d, &ox_palette_none);
	expect(&out, "f:1:4: warning: m [odd-thing]\n"
		     "    1 | \t\xC3\xA9 x\n"
		     "      | \t  ^\n"
		     "  f:1: in g\n"
		     "  f:2: in h\n");
}

static void a_column_far_outside_its_line_is_survived(void **state)
{
	(void)state;
	struct ox_buf out = {0};
	const struct ox_diagnostic d = {
		.severity = OX_SEVERITY_NOTE,
		.message = OX_SLICE("m"),
		.line = 1,
		.column = UINT32_MAX,
		.end_line = UINT32_MAX,
		.end_column = UINT32_MAX,
		.source_line = OX_SLICE("ab"),
	};
	ox_text_diagnostic(&out, &d, &ox_palette_none);
	expect(&out, "note: m\n    1 | ab\n      |   ^\n");
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
	(void)state;
	struct ox_buf out = {0};
	const struct ox_log log = {
		.level = OX_LEVEL_INFO, .source = OX_SLICE("pip"), .text = OX_SLICE("a\033[31mb\rc\td\x7F")};
	ox_text_log(&out, &log, &ox_palette_none);
	expect(&out, "pip: a[31mbc\td\n");
}

static void sizes_and_times_are_short(void **state)
{
	(void)state;
	struct ox_buf out = {0};
	ox_text_size(&out, 999);
	ox_buf_byte(&out, ' ');
	ox_text_size(&out, 13u << 20);
	ox_buf_byte(&out, ' ');
	ox_text_duration(&out, 1500000);
	ox_buf_byte(&out, ' ');
	ox_text_duration(&out, 2340000000);
	expect(&out, "999 bytes 13.0 MiB 1.5 ms 2.34 s");
}

static void a_step_says_which_input_changed(void **state)
{
	(void)state;
	struct ox_buf out = {0};
	const struct ox_step_report step = {
		.action = OX_SLICE("bytecode"),
		.subject = OX_SLICE("app"),
		.reason = OX_SLICE("its source changed"),
		.changed_input = OX_SLICE("source"),
		.new_digest = {{0xAB}},
		.nanoseconds = 1000000,
	};
	ox_text_step(&out, &step, &ox_palette_none);
	expect(&out, "ran bytecode app: its source changed [source none -> ab0000000000] (1.0 ms)\n");
}

static void json_leaves_out_what_is_absent(void **state)
{
	(void)state;
	struct ox_buf out = {0};
	ox_json_event(&out, &(struct ox_event){.type = OX_EVENT_DIAGNOSTIC,
					       .number = 3,
					       .as.diagnostic = {.severity = OX_SEVERITY_ERROR,
								 .code = OX_SLICE("c"),
								 .message = OX_SLICE("\"m\"\n")}});
	expect(&out, "{\"schema\":1,\"type\":\"diagnostic\",\"severity\":\"error\",\"code\":\"c\","
		     "\"message\":\"\\\"m\\\"\\n\",\"number\":3}\n");
	ox_json_event(&out, &(struct ox_event){.type = OX_EVENT_RESULT,
					       .as.result = {.category = OX_SLICE("ok"), .nanoseconds = 1000000007}});
	expect(&out, "{\"schema\":1,\"type\":\"result\",\"exit_code\":0,\"category\":\"ok\",\"memoised\":false,"
		     "\"seconds\":1.000000007}\n");
}

static void a_report_becomes_one_object(void **state)
{
	(void)state;
	struct ox_buf out = {0};
	struct ox_report_item items[] = {
		{.name = OX_SLICE("size"), .number = 7, .unit = OX_SLICE("bytes")},
		{.name = OX_SLICE("folder"), .text = OX_SLICE("/s")},
	};
	ox_json_report(&out, &(struct ox_report){.items = items, .count = 2});
	expect(&out, "{\"schema\":1,\"type\":\"report\",\"items\":[{\"name\":\"size\",\"number\":7,\"unit\":\"bytes\"},"
		     "{\"name\":\"folder\",\"text\":\"/s\"}]}\n");
}

/* An output into memory: what went to standard output and to standard error. */
struct capture {
	struct ox_output *output;
	char *out, *err;
	size_t out_len, err_len;
	FILE *out_file, *err_file;
};

static void open_capture(struct capture *c, struct ox_output_options options)
{
	*c = (struct capture){0};
	c->out_file = options.out = open_memstream(&c->out, &c->out_len);
	c->err_file = options.err = open_memstream(&c->err, &c->err_len);
	c->output = ox_output_open(&options);
	assert_non_null(c->output);
}

static void close_capture(struct capture *c, const char *out, const char *err)
{
	ox_output_close(c->output);
	fclose(c->out_file);
	fclose(c->err_file);
	assert_string_equal(c->out, out);
	assert_string_equal(c->err, err);
	free(c->out);
	free(c->err);
}

static void send_samples(struct ox_sink *sink)
{
	ox_emit_log(sink, OX_LEVEL_INFO, "build", "informed");
	ox_emit_log(sink, OX_LEVEL_WARN, "build", "warned");
	ox_emit_log(sink, OX_LEVEL_DEBUG, "build", "debugged");
	for (int hit = 0; hit < 2; hit++)
		ox_emit(sink, &(struct ox_event){
				  .type = OX_EVENT_STEP,
				  .as.step = {.action = OX_SLICE("scan"), .subject = OX_SLICE("x"), .hit = hit}});
	ox_emit(sink,
		&(struct ox_event){.type = OX_EVENT_ARTIFACT,
				   .as.artifact = {.target = OX_SLICE("exe"), .path = OX_SLICE("/b/exe"), .size = 1}});
}

static void text_goes_to_standard_error_and_artifacts_to_standard_output(void **state)
{
	(void)state;
	struct capture c;
	open_capture(&c, (struct ox_output_options){.verbosity = 1});
	send_samples(ox_output_sink(c.output));
	close_capture(&c, "/b/exe (1 bytes)\n", "informed\nwarning: warned\n");
}

static void quiet_leaves_warnings_and_explain_adds_steps_that_ran(void **state)
{
	(void)state;
	struct capture c;
	open_capture(&c, (struct ox_output_options){.explain = true});
	send_samples(ox_output_sink(c.output));
	close_capture(&c, "", "warning: warned\nran scan x (0.0 ms)\n");
}

static void json_keeps_standard_output_to_itself(void **state)
{
	(void)state;
	struct capture c;
	open_capture(&c, (struct ox_output_options){.json = true});
	ox_emit(ox_output_sink(c.output),
		&(struct ox_event){.type = OX_EVENT_TARGET,
				   .as.target = {.name = OX_SLICE("exe"), .state = OX_TARGET_BUILT}});
	struct ox_err err;
	ox_fail(&err, OX_EUSAGE, "wrong");
	ox_output_failure(c.output, &err, 2);
	close_capture(
	    &c,
	    "{\"schema\":1,\"type\":\"target\",\"name\":\"exe\",\"state\":\"built\",\"default\":false}\n"
	    "{\"schema\":1,\"type\":\"result\",\"exit_code\":2,\"category\":\"configuration\",\"message\":\"wrong\","
	    "\"memoised\":false,\"seconds\":0.000000000}\n",
	    "error: wrong\n");
}

static void a_progress_line_is_drawn_over_on_a_terminal_only(void **state)
{
	(void)state;
	struct capture c;
	open_capture(&c, (struct ox_output_options){.verbosity = 1, .redraw = true});
	ox_emit_progress(ox_output_sink(c.output), "compiling", 1, 2, "modules");
	ox_emit_progress(ox_output_sink(c.output), "compiling", 2, 2, "modules");
	close_capture(&c, "", "\r\033[Kcompiling: 1 of 2 modules\r\033[Kcompiling: 2 of 2 modules\n");
	open_capture(&c, (struct ox_output_options){.verbosity = 1});
	ox_emit_progress(ox_output_sink(c.output), "compiling", 1, 2, "modules");
	ox_emit_progress(ox_output_sink(c.output), "compiling", 2, 2, "modules");
	close_capture(&c, "", "compiling: 2 of 2 modules\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_diagnostic_points_at_its_place),
		cmocka_unit_test(a_caret_stands_below_its_character_after_tabs_and_accents),
		cmocka_unit_test(a_column_far_outside_its_line_is_survived),
		cmocka_unit_test(control_characters_do_not_reach_the_terminal),
		cmocka_unit_test(sizes_and_times_are_short),
		cmocka_unit_test(a_step_says_which_input_changed),
		cmocka_unit_test(json_leaves_out_what_is_absent),
		cmocka_unit_test(a_report_becomes_one_object),
		cmocka_unit_test(text_goes_to_standard_error_and_artifacts_to_standard_output),
		cmocka_unit_test(quiet_leaves_warnings_and_explain_adds_steps_that_ran),
		cmocka_unit_test(json_keeps_standard_output_to_itself),
		cmocka_unit_test(a_progress_line_is_drawn_over_on_a_terminal_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
