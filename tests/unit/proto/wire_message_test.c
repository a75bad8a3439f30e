#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/wire/frame.h"
#include "proto/wire/message.h"

/* Encodes `in`, decodes it again, and checks that encoding what came out gives
 * the same bytes: every field has then made both ways. */
static void round_trip(const struct ox_msg *in, struct ox_arena *arena, struct ox_msg *out)
{
	struct ox_err err = {0};
	struct ox_buf frame = {0}, again = {0};
	assert_int_equal(ox_msg_encode(in, &frame, &err), 0);
	struct ox_frame_reader reader = {0};
	size_t room = frame.len;
	memcpy(ox_frame_reader_room(&reader, &room), frame.data, frame.len);
	ox_frame_reader_filled(&reader, frame.len);
	struct ox_slice body;
	assert_int_equal(ox_frame_reader_next(&reader, &body, &err), 1);
	assert_int_equal(ox_msg_decode(body, arena, out, &err), 0);
	assert_int_equal(out->kind, in->kind);
	assert_int_equal(out->request, in->request);
	assert_int_equal(ox_msg_encode(out, &again, &err), 0);
	assert_int_equal(again.len, frame.len);
	assert_memory_equal(again.data, frame.data, frame.len);
	ox_frame_reader_free(&reader);
	ox_buf_free(&frame);
	ox_buf_free(&again);
}

static void a_hello_arrives_as_it_was_sent(void **state)
{
	(void)state;
	struct ox_slice features[] = {OX_SLICE("resume"), OX_SLICE("detach")}, required[] = {OX_SLICE("events")};
	struct ox_msg out, in = {
		.kind = OX_MSG_HELLO,
		.as.hello = {.protocol = OX_PROTOCOL_MAJOR,
			     .max_frame = OX_FRAME_MAX,
			     .build_id = OX_SLICE("abc"),
			     .version = OX_SLICE("0.1"),
			     .features = features,
			     .feature_count = 2,
			     .required = required,
			     .required_count = 1,
			     .root_dev = UINT64_MAX,
			     .root_ino = 2,
			     .cwd_dev = 3,
			     .cwd_ino = 4,
			     .pid = -5},
	};
	struct ox_arena arena = {0};
	round_trip(&in, &arena, &out);
	assert_int_equal(out.as.hello.feature_count, 2);
	assert_true(ox_slice_eq_str(out.as.hello.features[1], "detach"));
	assert_true(ox_slice_eq_str(out.as.hello.required[0], "events"));
	assert_true(out.as.hello.root_dev == UINT64_MAX);
	assert_int_equal(out.as.hello.pid, -5);
	ox_arena_free(&arena);
}

static void a_build_request_arrives_as_it_was_sent(void **state)
{
	(void)state;
	struct ox_slice targets[9];
	for (size_t i = 0; i < OX_COUNT(targets); i++)
		targets[i] = OX_SLICE("install");
	targets[8] = OX_SLICE("");
	struct ox_name_value vars[] = {
		{.name = OX_SLICE("A"), .value = OX_SLICE("1")},
		{.name = OX_SLICE("B"), .unset = true},
	};
	struct ox_name_value environment[] = {{.name = OX_SLICE("PATH"), .value = OX_SLICE("/bin\xFF")}};
	struct ox_msg out, in = {
		.kind = OX_MSG_BUILD,
		.request = 7,
		.as.build = {.mode = OX_BUILD_LIST_TARGETS,
			     .config_path = OX_SLICE("/p/pyoxidizer.bzl"),
			     .cwd = OX_SLICE("/p"),
			     .target_triple = OX_SLICE("x86_64-unknown-linux-gnu"),
			     .store = OX_SLICE("/s"),
			     .targets = targets,
			     .target_count = OX_COUNT(targets),
			     .vars = vars,
			     .var_count = 2,
			     .environment = environment,
			     .environment_count = 1,
			     .release = true,
			     .explain = true,
			     .verbosity = 2,
			     .umask = 022,
			     .nice = -3},
	};
	struct ox_arena arena = {0};
	round_trip(&in, &arena, &out);
	const struct ox_build *b = &out.as.build;
	assert_int_equal(b->mode, OX_BUILD_LIST_TARGETS);
	assert_int_equal(b->target_count, OX_COUNT(targets));
	assert_int_equal(b->targets[8].len, 0);
	assert_true(ox_slice_eq_str(b->targets[7], "install"));
	assert_true(b->vars[1].unset && b->vars[1].value.len == 0);
	assert_true(ox_slice_eq_str(b->environment[0].value, "/bin\xFF"));
	assert_true(b->release && b->explain && !b->offline && !b->refresh && !b->detach);
	assert_int_equal(b->nice, -3);
	ox_arena_free(&arena);
}

static void every_small_message_arrives_as_it_was_sent(void **state)
{
	(void)state;
	struct ox_report_item items[] = {
		{.name = OX_SLICE("objects"), .number = 12},
		{.name = OX_SLICE("size"), .number = 1 << 20, .unit = OX_SLICE("bytes")},
		{.name = OX_SLICE("folder"), .text = OX_SLICE("/s")},
	};
	const struct ox_msg messages[] = {
		{.kind = OX_MSG_ACCEPTED, .request = 1, .as.accepted.build = 9},
		{.kind = OX_MSG_CANCEL, .request = 1, .as.cancel.build = 9},
		{.kind = OX_MSG_RESUME, .request = 1, .as.resume = {.build = 9, .after = UINT64_MAX}},
		{.kind = OX_MSG_STATUS, .request = 2},
		{.kind = OX_MSG_SHUTDOWN, .request = 3, .as.shutdown.now = true},
		{.kind = OX_MSG_STORE,
		 .request = 4,
		 .as.store = {.verb = OX_STORE_VERIFY, .repair = true, .high_water = 5, .path = OX_SLICE("/s")}},
		{.kind = OX_MSG_REPORT, .request = 4, .as.report = {.items = items, .count = OX_COUNT(items)}},
	};
	for (size_t i = 0; i < OX_COUNT(messages); i++) {
		struct ox_arena arena = {0};
		struct ox_msg out;
		round_trip(&messages[i], &arena, &out);
		if (out.kind == OX_MSG_RESUME)
			assert_true(out.as.resume.build == 9 && out.as.resume.after == UINT64_MAX);
		if (out.kind == OX_MSG_STORE)
			assert_true(out.as.store.verb == OX_STORE_VERIFY && out.as.store.repair);
		if (out.kind == OX_MSG_REPORT)
			assert_true(out.as.report.count == 3 && out.as.report.items[1].number == 1 << 20);
		ox_arena_free(&arena);
	}
}

static void a_question_about_the_language_arrives_as_it_was_sent(void **state)
{
	(void)state;
	struct ox_source_text sources[] = {
		{.path = OX_SLICE("/p/a.bzl"), .text = OX_SLICE("x = 1\n"), .given = true},
		{.path = OX_SLICE("/p/empty.bzl"), .given = true},
		{.path = OX_SLICE("/p/read.bzl")},
	};
	struct ox_slice expressions[] = {OX_SLICE("x"), OX_SLICE("x + 1")};
	struct ox_name_value vars[] = {{.name = OX_SLICE("A"), .value = OX_SLICE("1")}};
	struct ox_msg out, in = {
		.kind = OX_MSG_LANGUAGE,
		.request = 8,
		.as.language = {.verb = OX_LANGUAGE_LINT,
				.sources = sources,
				.source_count = OX_COUNT(sources),
				.expressions = expressions,
				.expression_count = OX_COUNT(expressions),
				.cwd = OX_SLICE("/p"),
				.store = OX_SLICE("/s"),
				.vars = vars,
				.var_count = 1,
				.environment = vars,
				.environment_count = 1,
				.check = true,
				.offline = true,
				.verbosity = 2},
	};
	struct ox_arena arena = {0};
	round_trip(&in, &arena, &out);
	const struct ox_language *l = &out.as.language;
	assert_int_equal(l->verb, OX_LANGUAGE_LINT);
	assert_int_equal(l->source_count, 3);
	assert_true(ox_slice_eq_str(l->sources[0].text, "x = 1\n"));
	assert_true(l->sources[1].given && l->sources[1].text.len == 0 && !l->sources[2].given);
	assert_true(ox_slice_eq_str(l->expressions[1], "x + 1"));
	assert_true(l->check && l->offline && l->verbosity == 2);
	ox_arena_free(&arena);
}

static void a_question_about_a_distribution_arrives_as_it_was_sent(void **state)
{
	(void)state;
	struct ox_name_value environment[] = {{.name = OX_SLICE("A"), .value = OX_SLICE("1")}};
	struct ox_msg out, in = {
		.kind = OX_MSG_DISTRIBUTION,
		.request = 9,
		.as.distribution = {.verb = OX_DISTRIBUTION_RESOURCES,
				    .name = OX_SLICE("cpython"),
				    .path = OX_SLICE("/p/x"),
				    .target_triple = OX_SLICE("t"),
				    .scan_distribution = true,
				    .no_classify = true,
				    .no_files = true,
				    .archive = OX_SLICE("/p/a.tar.zst"),
				    .destination = OX_SLICE("/p/out"),
				    .cwd = OX_SLICE("/p"),
				    .store = OX_SLICE("/s"),
				    .environment = environment,
				    .environment_count = 1,
				    .offline = true,
				    .verbosity = 2},
	};
	struct ox_arena arena = {0};
	round_trip(&in, &arena, &out);
	const struct ox_distribution_request *d = &out.as.distribution;
	assert_int_equal(d->verb, OX_DISTRIBUTION_RESOURCES);
	assert_true(ox_slice_eq_str(d->name, "cpython") && ox_slice_eq_str(d->path, "/p/x"));
	assert_true(ox_slice_eq_str(d->target_triple, "t") && d->scan_distribution && d->no_classify && d->no_files);
	assert_true(ox_slice_eq_str(d->archive, "/p/a.tar.zst") && ox_slice_eq_str(d->destination, "/p/out"));
	assert_true(ox_slice_eq_str(d->environment[0].value, "1") && d->offline && d->verbosity == 2);
	ox_arena_free(&arena);
}

static const struct ox_event sample_events[] = {
	{.type = OX_EVENT_LOG,
	 .number = 1,
	 .as.log = {.level = OX_LEVEL_WARN, .source = OX_SLICE("pip"), .text = OX_SLICE("hi")}},
	{.type = OX_EVENT_PROGRESS,
	 .number = 2,
	 .as.progress =
	 {.task = OX_SLICE("compile"), .done = 3, .total = 4, .unit = OX_SLICE("modules"), .finished = true}},
	{.type = OX_EVENT_DIAGNOSTIC,
	 .number = 3,
	 .as.diagnostic = {.severity = OX_SEVERITY_NOTE,
		       .code = OX_SLICE("c"),
		       .message = OX_SLICE("m"),
		       .file = OX_SLICE("f"),
		       .line = 1,
		       .column = 2,
		       .end_line = 3,
		       .end_column = 4,
		       .source_line = OX_SLICE("s"),
		       .hint = OX_SLICE("h"),
		       .notes = OX_SLICE("n")}},
	{.type = OX_EVENT_TARGET,
	 .number = 4,
	 .as.target = {.name = OX_SLICE("exe"), .state = OX_TARGET_BUILT, .is_default = true}},
	{.type = OX_EVENT_STEP,
	 .number = 5,
	 .as.step = {.action = OX_SLICE("bytecode"),
		 .subject = OX_SLICE("app"),
		 .hit = true,
		 .reason = OX_SLICE("edited"),
		 .changed_input = OX_SLICE("source"),
		 .old_digest = {{1, 2}},
		 .nanoseconds = 99}},
	{.type = OX_EVENT_ARTIFACT,
	 .number = 6,
	 .as.artifact = {.target = OX_SLICE("exe"),
		     .path = OX_SLICE("/b/exe"),
		     .digest = {{9}},
		     .size = 1ull << 40,
		     .runnable = true,
		     .runs_on = OX_SLICE("glibc")}},
	{.type = OX_EVENT_RESULT,
	 .number = 7,
	 .as.result = {.exit_code = 130,
		   .category = OX_SLICE("cancelled"),
		   .message = OX_SLICE("m"),
		   .memoised = true,
		   .nanoseconds = 5}},
	{.type = OX_EVENT_TEXT,
	 .number = 8,
	 .as.text = {.file = OX_SLICE("/p/a.bzl"),
		     .text = OX_SLICE("[1]"),
		     .json = OX_SLICE("[1]"),
		     .changed = true}},
};

static void every_event_arrives_as_it_was_sent(void **state)
{
	(void)state;
	for (size_t i = 0; i < OX_COUNT(sample_events); i++) {
		struct ox_arena arena = {0};
		struct ox_msg out, in = {.kind = OX_MSG_EVENT, .request = 1, .as.event = sample_events[i]};
		round_trip(&in, &arena, &out);
		assert_int_equal(out.as.event.type, sample_events[i].type);
		assert_int_equal(out.as.event.number, sample_events[i].number);
		if (out.as.event.type == OX_EVENT_STEP) {
			assert_memory_equal(&out.as.event.as.step.old_digest, &sample_events[i].as.step.old_digest, 32);
			assert_true(ox_digest_is_zero(&out.as.event.as.step.new_digest));
		}
		ox_arena_free(&arena);
	}
}

/* Every message cut at every byte, and with every byte changed, is either
 * refused or decoded; it never makes us read or write elsewhere. */
static void damaged_messages_are_survived(void **state)
{
	(void)state;
	for (size_t i = 0; i < OX_COUNT(sample_events); i++) {
		struct ox_buf frame = {0};
		struct ox_msg out, in = {.kind = OX_MSG_EVENT, .request = 1, .as.event = sample_events[i]};
		assert_int_equal(ox_msg_encode(&in, &frame, NULL), 0);
		for (size_t at = OX_FRAME_HEADER; at < frame.len; at++) {
			struct ox_arena arena = {.limit = 1 << 16};
			struct ox_err err = {0};
			int code = ox_msg_decode(ox_slice(frame.data + OX_FRAME_HEADER, at - OX_FRAME_HEADER), &arena,
						 &out, &err);
			assert_int_equal(code, OX_ECORRUPT);
			assert_int_equal(err.code, OX_ECORRUPT);
			frame.data[at] ^= 0x55;
			code = ox_msg_decode(ox_slice(frame.data + OX_FRAME_HEADER, frame.len - OX_FRAME_HEADER),
					     &arena, &out, &err);
			assert_true(code == 0 || code == OX_ECORRUPT || code == OX_EEXHAUSTED);
			frame.data[at] ^= 0x55;
			ox_arena_free(&arena);
		}
		ox_buf_free(&frame);
	}
}

static void an_unknown_kind_is_named(void **state)
{
	(void)state;
	struct ox_arena arena = {0};
	struct ox_msg out;
	struct ox_err err = {0};
	assert_int_equal(ox_msg_decode(OX_SLICE("\x08\x63"), &arena, &out, &err), OX_ECORRUPT);
	assert_non_null(strstr(err.text, "99"));
	ox_arena_free(&arena);
}

static void values_outside_an_enumeration_are_refused(void **state)
{
	(void)state;
	struct ox_msg out, in = {.kind = OX_MSG_STORE, .as.store.verb = (enum ox_store_verb)9};
	struct ox_buf frame = {0};
	struct ox_arena arena = {0};
	struct ox_err err = {0};
	assert_int_equal(ox_msg_encode(&in, &frame, &err), 0);
	struct ox_slice body = ox_slice(frame.data + OX_FRAME_HEADER, frame.len - OX_FRAME_HEADER);
	assert_int_equal(ox_msg_decode(body, &arena, &out, &err), OX_ECORRUPT);
	ox_buf_free(&frame);
	ox_arena_free(&arena);
}

static void the_arena_limits_what_a_peer_can_make_us_allocate(void **state)
{
	(void)state;
	static struct ox_slice targets[20000];
	struct ox_msg out,
	    in = {.kind = OX_MSG_BUILD, .as.build = {.targets = targets, .target_count = OX_COUNT(targets)}};
	struct ox_buf frame = {0};
	struct ox_arena arena = {.limit = 100000};
	struct ox_err err = {0};
	assert_int_equal(ox_msg_encode(&in, &frame, &err), 0);
	struct ox_slice body = ox_slice(frame.data + OX_FRAME_HEADER, frame.len - OX_FRAME_HEADER);
	assert_int_equal(ox_msg_decode(body, &arena, &out, &err), OX_EEXHAUSTED);
	assert_true(arena.total <= arena.limit);
	ox_buf_free(&frame);
	ox_arena_free(&arena);
}

static void a_message_too_long_for_a_frame_leaves_the_buffer_as_it_was(void **state)
{
	(void)state;
	char *text = calloc(1, OX_FRAME_MAX);
	struct ox_msg in = {.kind = OX_MSG_EVENT,
			    .as.event = {.type = OX_EVENT_LOG,
					 .as.log = {.level = OX_LEVEL_INFO, .text = ox_slice(text, OX_FRAME_MAX)}}};
	struct ox_buf frame = {0};
	struct ox_err err = {0};
	ox_buf_str(&frame, "before");
	assert_int_equal(ox_msg_encode(&in, &frame, &err), OX_EEXHAUSTED);
	assert_string_equal(frame.data, "before");
	ox_buf_free(&frame);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hello_arrives_as_it_was_sent),
		cmocka_unit_test(a_build_request_arrives_as_it_was_sent),
		cmocka_unit_test(a_question_about_the_language_arrives_as_it_was_sent),
		cmocka_unit_test(a_question_about_a_distribution_arrives_as_it_was_sent),
		cmocka_unit_test(every_small_message_arrives_as_it_was_sent),
		cmocka_unit_test(every_event_arrives_as_it_was_sent),
		cmocka_unit_test(damaged_messages_are_survived),
		cmocka_unit_test(an_unknown_kind_is_named),
		cmocka_unit_test(values_outside_an_enumeration_are_refused),
		cmocka_unit_test(the_arena_limits_what_a_peer_can_make_us_allocate),
		cmocka_unit_test(a_message_too_long_for_a_frame_leaves_the_buffer_as_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
