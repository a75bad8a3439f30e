#include "proto/wire/message.h"

#include "proto/schema/oxidizer.pb.h"
#include "proto/wire/frame.h"
#include "proto/wire/shape.h"

/* G: the generated struct; O: ours. A number must have one size on both sides. */
#define SAME_SIZE(G, g, O, o) \
	(sizeof(((O *)0)->o) * sizeof(char[sizeof(((G *)0)->g) == sizeof(((O *)0)->o) ? 1 : -1]))
#define ENUM_AT(G, g, O, o, low, high) \
	{.type = OX_FIELD_NUMBER, .generated = offsetof(G, g), .place = offsetof(O, o), \
	 .size = SAME_SIZE(G, g, O, o), .min = (low), .max = (high)}
#define NUMBER_AT(G, g, O, o)    ENUM_AT(G, g, O, o, 0, 0)
#define NUMBER(G, O, name)       NUMBER_AT(G, name, O, name)
#define ENUM(G, O, name, lo, hi) ENUM_AT(G, name, O, name, lo, hi)
#define TEXT(G, O, name) \
	{.type = OX_FIELD_BYTES, .generated = offsetof(G, name), .place = offsetof(O, name)}
#define DIGEST(G, O, name) \
	{.type = OX_FIELD_DIGEST, .generated = offsetof(G, name), .place = offsetof(O, name)}
#define TEXTS(G, O, name, length) \
	{.type = OX_FIELD_TEXTS, .generated = offsetof(G, name), .place = offsetof(O, name), \
	 .count = offsetof(O, length)}
#define ITEMS(G, O, name, length, shape) \
	{.type = OX_FIELD_ITEMS, .generated = offsetof(G, name), .place = offsetof(O, name), \
	 .count = offsetof(O, length), .item = (shape)}
#define SHAPE(id, G, O, table) \
	_Static_assert(OX_COUNT(table) <= OX_SHAPE_FIELDS_MAX, "more fields than bindings"); \
	static const struct ox_shape id = {.name = #G, .descriptor = G##_fields, .generated_size = sizeof(G), \
					   .size = sizeof(O), .fields = (table), .field_count = OX_COUNT(table)}

#define G oxidizer_Hello
#define O struct ox_hello
static const struct ox_field hello_fields[] = {
	NUMBER(G, O, protocol),
	TEXT(G, O, build_id),
	TEXTS(G, O, features, feature_count),
	TEXTS(G, O, required, required_count),
	NUMBER(G, O, max_frame),
	NUMBER(G, O, root_dev),
	NUMBER(G, O, root_ino),
	NUMBER(G, O, cwd_dev),
	NUMBER(G, O, cwd_ino),
	TEXT(G, O, version),
	NUMBER(G, O, pid),
};
#undef G
#undef O
SHAPE(hello_shape, oxidizer_Hello, struct ox_hello, hello_fields);

#define G oxidizer_NameValue
#define O struct ox_name_value
static const struct ox_field name_value_fields[] = {
	TEXT(G, O, name),
	TEXT(G, O, value),
	NUMBER(G, O, unset),
};
#undef G
#undef O
SHAPE(name_value_shape, oxidizer_NameValue, struct ox_name_value, name_value_fields);

#define G oxidizer_Build
#define O struct ox_build
static const struct ox_field build_fields[] = {
	ENUM(G, O, mode, OX_BUILD_BUILD, OX_BUILD_LIST_TARGETS),
	TEXT(G, O, config_path),
	TEXT(G, O, cwd),
	TEXTS(G, O, targets, target_count),
	TEXT(G, O, target_triple),
	NUMBER(G, O, release),
	ITEMS(G, O, vars, var_count, &name_value_shape),
	ITEMS(G, O, environment, environment_count, &name_value_shape),
	NUMBER(G, O, offline),
	NUMBER(G, O, refresh),
	NUMBER(G, O, explain),
	NUMBER(G, O, verbosity),
	NUMBER(G, O, umask),
	NUMBER(G, O, nice),
	NUMBER(G, O, detach),
	TEXT(G, O, store),
};
#undef G
#undef O
SHAPE(build_shape, oxidizer_Build, struct ox_build, build_fields);

#define G oxidizer_Store
#define O struct ox_store_request
static const struct ox_field store_fields[] = {
	ENUM(G, O, verb, OX_STORE_STATS, OX_STORE_VERIFY),
	NUMBER(G, O, dry_run),
	NUMBER(G, O, repair),
	NUMBER(G, O, high_water),
	TEXT(G, O, path),
};
#undef G
#undef O
SHAPE(store_shape, oxidizer_Store, struct ox_store_request, store_fields);

#define G oxidizer_Source
#define O struct ox_source_text
static const struct ox_field source_fields[] = {
	TEXT(G, O, path),
	TEXT(G, O, text),
	NUMBER(G, O, given),
};
#undef G
#undef O
SHAPE(source_shape, oxidizer_Source, struct ox_source_text, source_fields);

#define G oxidizer_Language
#define O struct ox_language
static const struct ox_field language_fields[] = {
	ENUM(G, O, verb, OX_LANGUAGE_EVALUATE, OX_LANGUAGE_LINT),
	ITEMS(G, O, sources, source_count, &source_shape),
	TEXTS(G, O, expressions, expression_count),
	NUMBER(G, O, check),
	TEXT(G, O, cwd),
	ITEMS(G, O, vars, var_count, &name_value_shape),
	ITEMS(G, O, environment, environment_count, &name_value_shape),
	NUMBER(G, O, offline),
	NUMBER(G, O, verbosity),
	TEXT(G, O, store),
};
#undef G
#undef O
SHAPE(language_shape, oxidizer_Language, struct ox_language, language_fields);

#define G oxidizer_Distribution
#define O struct ox_distribution_request
static const struct ox_field distribution_fields[] = {
	ENUM(G, O, verb, OX_DISTRIBUTION_INFO, OX_DISTRIBUTION_RESOURCES),
	TEXT(G, O, archive),
	TEXT(G, O, destination),
	TEXT(G, O, cwd),
	ITEMS(G, O, environment, environment_count, &name_value_shape),
	NUMBER(G, O, offline),
	NUMBER(G, O, verbosity),
	TEXT(G, O, store),
	TEXT(G, O, name),
	TEXT(G, O, path),
	TEXT(G, O, target_triple),
	NUMBER(G, O, scan_distribution),
	NUMBER(G, O, no_classify),
	NUMBER(G, O, no_files),
};
#undef G
#undef O
SHAPE(distribution_shape, oxidizer_Distribution, struct ox_distribution_request, distribution_fields);

#define G oxidizer_ReportItem
#define O struct ox_report_item
static const struct ox_field report_item_fields[] = {
	TEXT(G, O, name),
	TEXT(G, O, text),
	NUMBER(G, O, number),
	TEXT(G, O, unit),
};
#undef G
#undef O
SHAPE(report_item_shape, oxidizer_ReportItem, struct ox_report_item, report_item_fields);

static const struct ox_field report_fields[] = {
	ITEMS(oxidizer_Report, struct ox_report, items, count, &report_item_shape),
};
SHAPE(report_shape, oxidizer_Report, struct ox_report, report_fields);

/* The small messages have no struct of their own: their places count from ox_msg. */
static const struct ox_field accepted_fields[] = {
	NUMBER_AT(oxidizer_Accepted, build, struct ox_msg, as.accepted.build),
};
SHAPE(accepted_shape, oxidizer_Accepted, struct ox_msg, accepted_fields);
static const struct ox_field cancel_fields[] = {
	NUMBER_AT(oxidizer_Cancel, build, struct ox_msg, as.cancel.build),
};
SHAPE(cancel_shape, oxidizer_Cancel, struct ox_msg, cancel_fields);
static const struct ox_field resume_fields[] = {
	NUMBER_AT(oxidizer_Resume, build, struct ox_msg, as.resume.build),
	NUMBER_AT(oxidizer_Resume, after, struct ox_msg, as.resume.after),
};
SHAPE(resume_shape, oxidizer_Resume, struct ox_msg, resume_fields);
static const struct ox_field shutdown_fields[] = {
	NUMBER_AT(oxidizer_Shutdown, now, struct ox_msg, as.shutdown.now),
};
SHAPE(shutdown_shape, oxidizer_Shutdown, struct ox_msg, shutdown_fields);

#define G oxidizer_Log
#define O struct ox_log
static const struct ox_field log_fields[] = {
	ENUM(G, O, level, OX_LEVEL_ERROR, OX_LEVEL_TRACE),
	TEXT(G, O, source),
	TEXT(G, O, text),
};
#undef G
#undef O
SHAPE(log_shape, oxidizer_Log, struct ox_log, log_fields);

#define G oxidizer_Progress
#define O struct ox_progress
static const struct ox_field progress_fields[] = {
	TEXT(G, O, task),
	NUMBER(G, O, done),
	NUMBER(G, O, total),
	TEXT(G, O, unit),
	NUMBER(G, O, finished),
};
#undef G
#undef O
SHAPE(progress_shape, oxidizer_Progress, struct ox_progress, progress_fields);

#define G oxidizer_Diagnostic
#define O struct ox_diagnostic
static const struct ox_field diagnostic_fields[] = {
	ENUM(G, O, severity, OX_SEVERITY_ERROR, OX_SEVERITY_NOTE),
	TEXT(G, O, code),
	TEXT(G, O, message),
	TEXT(G, O, file),
	NUMBER(G, O, line),
	NUMBER(G, O, column),
	NUMBER(G, O, end_line),
	NUMBER(G, O, end_column),
	TEXT(G, O, source_line),
	TEXT(G, O, hint),
	TEXT(G, O, notes),
};
#undef G
#undef O
SHAPE(diagnostic_shape, oxidizer_Diagnostic, struct ox_diagnostic, diagnostic_fields);

#define G oxidizer_Target
#define O struct ox_target
static const struct ox_field target_fields[] = {
	TEXT(G, O, name),
	ENUM(G, O, state, OX_TARGET_REGISTERED, OX_TARGET_BUILT),
	NUMBER(G, O, is_default),
};
#undef G
#undef O
SHAPE(target_shape, oxidizer_Target, struct ox_target, target_fields);

#define G oxidizer_Step
#define O struct ox_step_report
static const struct ox_field step_fields[] = {
	TEXT(G, O, action),
	TEXT(G, O, subject),
	NUMBER(G, O, hit),
	TEXT(G, O, reason),
	TEXT(G, O, changed_input),
	DIGEST(G, O, old_digest),
	DIGEST(G, O, new_digest),
	NUMBER(G, O, nanoseconds),
};
#undef G
#undef O
SHAPE(step_shape, oxidizer_Step, struct ox_step_report, step_fields);

#define G oxidizer_Artifact
#define O struct ox_artifact
static const struct ox_field artifact_fields[] = {
	TEXT(G, O, target),
	TEXT(G, O, path),
	DIGEST(G, O, digest),
	NUMBER(G, O, size),
	NUMBER(G, O, runnable),
	TEXT(G, O, runs_on),
};
#undef G
#undef O
SHAPE(artifact_shape, oxidizer_Artifact, struct ox_artifact, artifact_fields);

#define G oxidizer_Result
#define O struct ox_result
static const struct ox_field result_fields[] = {
	NUMBER(G, O, exit_code),
	TEXT(G, O, category),
	TEXT(G, O, message),
	NUMBER(G, O, memoised),
	NUMBER(G, O, nanoseconds),
};
#undef G
#undef O
SHAPE(result_shape, oxidizer_Result, struct ox_result, result_fields);

#define G oxidizer_Text
#define O struct ox_text
static const struct ox_field text_fields[] = {
	TEXT(G, O, file),
	TEXT(G, O, text),
	TEXT(G, O, json),
	NUMBER(G, O, changed),
};
#undef G
#undef O
SHAPE(text_shape, oxidizer_Text, struct ox_text, text_fields);

/* A message inside another one: its type and its bytes. */
struct wrapped {
	uint32_t type;
	uint64_t number;
	struct ox_slice body;
};

static const struct ox_field event_fields[] = {
	ENUM(oxidizer_Event, struct wrapped, type, OX_EVENT_LOG, OX_EVENT_TEXT),
	NUMBER(oxidizer_Event, struct wrapped, number),
	TEXT(oxidizer_Event, struct wrapped, body),
};
SHAPE(event_shape, oxidizer_Event, struct wrapped, event_fields);

static const struct ox_field envelope_fields[] = {
	NUMBER_AT(oxidizer_Envelope, kind, struct wrapped, type),
	NUMBER_AT(oxidizer_Envelope, request, struct wrapped, number),
	TEXT(oxidizer_Envelope, struct wrapped, body),
};
SHAPE(envelope_shape, oxidizer_Envelope, struct wrapped, envelope_fields);

/* Where the payload of a kind or an event type stands, and its shape; a NULL
 * shape with known set is a message without fields. */
struct payload {
	const struct ox_shape *shape;
	size_t place;
	bool known;
};

#define PAYLOAD(shape_, place_) {.shape = (shape_), .place = (place_), .known = true}
static const struct payload kinds[] = {
	[OX_MSG_HELLO] = PAYLOAD(&hello_shape, offsetof(struct ox_msg, as.hello)),
	[OX_MSG_BUILD] = PAYLOAD(&build_shape, offsetof(struct ox_msg, as.build)),
	[OX_MSG_ACCEPTED] = PAYLOAD(&accepted_shape, 0),
	[OX_MSG_EVENT] = PAYLOAD(&event_shape, offsetof(struct ox_msg, as.event)),
	[OX_MSG_CANCEL] = PAYLOAD(&cancel_shape, 0),
	[OX_MSG_RESUME] = PAYLOAD(&resume_shape, 0),
	[OX_MSG_STATUS] = PAYLOAD(NULL, 0),
	[OX_MSG_STORE] = PAYLOAD(&store_shape, offsetof(struct ox_msg, as.store)),
	[OX_MSG_SHUTDOWN] = PAYLOAD(&shutdown_shape, 0),
	[OX_MSG_REPORT] = PAYLOAD(&report_shape, offsetof(struct ox_msg, as.report)),
	[OX_MSG_LANGUAGE] = PAYLOAD(&language_shape, offsetof(struct ox_msg, as.language)),
	[OX_MSG_DISTRIBUTION] = PAYLOAD(&distribution_shape, offsetof(struct ox_msg, as.distribution)),
};

static const struct payload events[] = {
	[OX_EVENT_LOG] = PAYLOAD(&log_shape, offsetof(struct ox_event, as.log)),
	[OX_EVENT_PROGRESS] = PAYLOAD(&progress_shape, offsetof(struct ox_event, as.progress)),
	[OX_EVENT_DIAGNOSTIC] = PAYLOAD(&diagnostic_shape, offsetof(struct ox_event, as.diagnostic)),
	[OX_EVENT_TARGET] = PAYLOAD(&target_shape, offsetof(struct ox_event, as.target)),
	[OX_EVENT_STEP] = PAYLOAD(&step_shape, offsetof(struct ox_event, as.step)),
	[OX_EVENT_ARTIFACT] = PAYLOAD(&artifact_shape, offsetof(struct ox_event, as.artifact)),
	[OX_EVENT_RESULT] = PAYLOAD(&result_shape, offsetof(struct ox_event, as.result)),
	[OX_EVENT_TEXT] = PAYLOAD(&text_shape, offsetof(struct ox_event, as.text)),
};

static const struct payload *find_payload(const struct payload *table, size_t count, uint32_t type)
{
	return type < count && table[type].known ? &table[type] : NULL;
}

static int encode_event(const struct ox_event *event, struct ox_buf *out, struct ox_err *err)
{
	const struct payload *p = find_payload(events, OX_COUNT(events), event->type);
	if (!p)
		return ox_fail(err, OX_EINTERNAL, "an event of unknown type %d", (int)event->type);
	struct ox_buf body = {0};
	int code = ox_shape_encode(p->shape, (const char *)event + p->place, &body, err);
	if (!code) {
		struct wrapped w = {.type = event->type, .number = event->number, .body = ox_buf_view(&body)};
		code = ox_shape_encode(&event_shape, &w, out, err);
	}
	ox_buf_free(&body);
	return code;
}

static int encode_body(const struct ox_msg *msg, const struct payload *p, struct ox_buf *out, struct ox_err *err)
{
	if (msg->kind == OX_MSG_EVENT)
		return encode_event(&msg->as.event, out, err);
	return p->shape ? ox_shape_encode(p->shape, (const char *)msg + p->place, out, err) : 0;
}

/* Puts the length in front of what was written after `start`. */
static int close_frame(struct ox_buf *out, size_t start, struct ox_err *err)
{
	int code = ox_buf_ok(out, "a message", err);
	if (code)
		return code;
	size_t len = out->len - start - OX_FRAME_HEADER;
	if (len > OX_FRAME_MAX)
		return ox_fail(err, OX_EEXHAUSTED, "a message of %zu bytes is longer than a frame may be (%d)", len,
			       OX_FRAME_MAX);
	for (size_t i = 0; i < OX_FRAME_HEADER; i++)
		out->data[start + i] = (char)(len >> (8 * i));
	return 0;
}

int ox_msg_encode(const struct ox_msg *msg, struct ox_buf *out, struct ox_err *err)
{
	const struct payload *p = find_payload(kinds, OX_COUNT(kinds), msg->kind);
	if (!p)
		return ox_fail(err, OX_EINTERNAL, "a message of unknown kind %d", (int)msg->kind);
	size_t start = out->len;
	struct ox_buf body = {0};
	int code = encode_body(msg, p, &body, err);
	if (!code) {
		struct wrapped w = {.type = msg->kind, .number = msg->request, .body = ox_buf_view(&body)};
		ox_buf_u32(out, 0);
		code = ox_shape_encode(&envelope_shape, &w, out, err);
	}
	if (!code)
		code = close_frame(out, start, err);
	if (code && out->data) {
		out->len = start;
		out->data[start] = '\0';
	}
	ox_buf_free(&body);
	return code;
}

static int decode_event(struct ox_slice bytes, struct ox_arena *arena, struct ox_event *event, struct ox_err *err)
{
	struct wrapped w = {0};
	int code = ox_shape_decode(&event_shape, bytes, arena, &w, err);
	if (code)
		return code;
	const struct payload *p = find_payload(events, OX_COUNT(events), w.type);
	if (!p)
		return ox_fail(err, OX_ECORRUPT, "an event of unknown type %u", w.type);
	event->type = w.type;
	event->number = w.number;
	return ox_shape_decode(p->shape, w.body, arena, (char *)event + p->place, err);
}

int ox_msg_decode(struct ox_slice body, struct ox_arena *arena, struct ox_msg *msg, struct ox_err *err)
{
	*msg = (struct ox_msg){0};
	struct wrapped w = {0};
	int code = ox_shape_decode(&envelope_shape, body, arena, &w, err);
	if (code)
		return code;
	const struct payload *p = find_payload(kinds, OX_COUNT(kinds), w.type);
	if (!p)
		return ox_fail(err, OX_ECORRUPT, "a message of unknown kind %u", w.type);
	msg->kind = w.type;
	msg->request = w.number;
	if (msg->kind == OX_MSG_EVENT)
		return decode_event(w.body, arena, &msg->as.event, err);
	return p->shape ? ox_shape_decode(p->shape, w.body, arena, (char *)msg + p->place, err) : 0;
}
