#include "client/out/output.h"

#include "client/out/json.h"
#include "client/out/text.h"
#include "proto/base/clock.h"

#include <sys/ioctl.h>
#include <unistd.h>

struct ox_output {
	struct ox_sink sink; /* first: the sink is the output */
	struct ox_output_options options;
	const struct ox_palette *palette;
	struct ox_buf line;  /* being put together */
	struct ox_buf task;  /* whose progress was shown last */
	struct ox_buf told;  /* errors in a configuration, a line each: "message", or "file:line:column: message" */
	uint64_t shown;      /* when */
	size_t files;        /* artifacts that are no programs */
	bool on_screen;      /* a progress line stands on the terminal */
};

enum { REDRAW_NS = 50000000, PLAIN_PROGRESS_NS = 2000000000, FILES_ON_TERMINAL = 20 };

void ox_output_detect(struct ox_output_options *options)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	bool dumb = !term || !*term || strcmp(term, "dumb") == 0;
	options->redraw = isatty(fileno(options->err)) && !dumb;
	options->color = options->redraw && !(no_color && *no_color);
}

static void clear_progress(struct ox_output *o)
{
	if (o->on_screen)
		fputs("\r\033[K", o->options.err);
	o->on_screen = false;
}

/* Writes what `line` holds and empties it. */
static void flush_to(struct ox_output *o, FILE *file)
{
	clear_progress(o);
	if (o->line.len)
		fwrite(o->line.data, 1, o->line.len, file);
	fflush(file);
	ox_buf_clear(&o->line);
}

static unsigned terminal_width(const struct ox_output *o)
{
	struct winsize size = {0};
	if (ioctl(fileno(o->options.err), TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
		return size.ws_col;
	return 80;
}

/* Cuts the line to at most `width` code points. */
static void cut_line(struct ox_buf *line, unsigned width)
{
	unsigned seen = 0;
	for (size_t i = 0; i < line->len; i++) {
		if (((unsigned char)line->data[i] & 0xC0) == 0x80)
			continue;
		if (seen++ == width) {
			line->len = i;
			line->data[i] = '\0';
			return;
		}
	}
}

static void show_progress(struct ox_output *o, const struct ox_progress *progress)
{
	uint64_t now = ox_clock_mono();
	bool same = ox_slice_eq(ox_buf_view(&o->task), progress->task);
	uint64_t wait = o->options.redraw ? REDRAW_NS : PLAIN_PROGRESS_NS;
	if (o->options.verbosity == 0)
		return;
	/* Plain output tells a task when it is done, or has taken long. */
	if (!same && !o->options.redraw)
		o->shown = now;
	if (!same) {
		ox_buf_clear(&o->task);
		ox_buf_slice(&o->task, progress->task);
	}
	if (!progress->finished && (same || !o->options.redraw) && now - o->shown < wait)
		return;
	o->shown = now;
	ox_text_progress(&o->line, progress);
	if (!o->options.redraw || progress->finished) {
		ox_buf_byte(&o->line, '\n');
		flush_to(o, o->options.err);
		return;
	}
	cut_line(&o->line, terminal_width(o) - 1);
	fputs("\r\033[K", o->options.err);
	o->on_screen = false;
	flush_to(o, o->options.err);
	o->on_screen = true;
}

static bool wanted_log(const struct ox_output *o, const struct ox_log *log)
{
	static const unsigned least[] = {0, 0, 0, 1, 2, 3};
	unsigned level = log->level;
	return level >= OX_COUNT(least) || o->options.verbosity >= least[level];
}

/* Steps that ran are what --explain is about; those that were answered from the
 * store are listed with -v. */
static bool wanted_step(const struct ox_output *o, const struct ox_step_report *step)
{
	return o->options.explain && (!step->hit || o->options.verbosity >= 2);
}

static void remember_error(struct ox_output *o, const struct ox_diagnostic *d)
{
	if (d->severity != OX_SEVERITY_ERROR)
		return;
	if (d->line)
		ox_buf_printf(&o->told, "%.*s:%u:%u: ", OX_SLICE_ARG(d->file), d->line, d->column);
	ox_buf_printf(&o->told, "%.*s\n", OX_SLICE_ARG(d->message));
}

static bool was_told(const struct ox_output *o, struct ox_slice message)
{
	const char *at = ox_buf_text(&o->told), *end;
	for (; (end = strchr(at, '\n')); at = end + 1) {
		if (ox_slice_eq(message, ox_slice(at, (size_t)(end - at))))
			return true;
	}
	return false;
}

/* Whoever reads a pipe gets every path; on a terminal, a thousand of them would hide what was said before. */
static bool wanted_artifact(struct ox_output *o, const struct ox_artifact *artifact)
{
	bool few = artifact->runnable || ++o->files <= FILES_ON_TERMINAL;
	return o->options.verbosity >= 1 && (few || o->options.verbosity >= 2 || !isatty(fileno(o->options.out)));
}

static void tell_unlisted(struct ox_output *o)
{
	if (o->files <= FILES_ON_TERMINAL || o->options.verbosity != 1 || !isatty(fileno(o->options.out)))
		return;
	ox_buf_printf(&o->line, "and %zu more files; -v lists them\n", o->files - FILES_ON_TERMINAL);
	flush_to(o, o->options.out);
}

static void show_event(struct ox_output *o, const struct ox_event *event)
{
	FILE *file = o->options.err;
	switch (event->type) {
	case OX_EVENT_LOG:
		if (wanted_log(o, &event->as.log))
			ox_text_log(&o->line, &event->as.log, o->palette);
		break;
	case OX_EVENT_PROGRESS:
		show_progress(o, &event->as.progress);
		return;
	case OX_EVENT_DIAGNOSTIC:
		remember_error(o, &event->as.diagnostic);
		ox_text_diagnostic(&o->line, &event->as.diagnostic, o->palette);
		break;
	case OX_EVENT_TARGET:
		if (o->options.verbosity >= 2 && event->as.target.state == OX_TARGET_STARTED) {
			ox_buf_str(&o->line, "target ");
			ox_text_clean(&o->line, event->as.target.name);
			ox_buf_byte(&o->line, '\n');
		}
		break;
	case OX_EVENT_STEP:
		if (wanted_step(o, &event->as.step))
			ox_text_step(&o->line, &event->as.step, o->palette);
		break;
	case OX_EVENT_ARTIFACT:
		if (wanted_artifact(o, &event->as.artifact))
			ox_text_artifact(&o->line, &event->as.artifact,
					 isatty(fileno(o->options.out)) ? o->palette : &ox_palette_none);
		file = o->options.json ? o->options.err : o->options.out;
		break;
	case OX_EVENT_TEXT:
		if (o->options.json)
			return;
		ox_buf_slice(&o->line, event->as.text.text);
		ox_buf_byte(&o->line, '\n');
		file = o->options.out;
		break;
	default:
		break;
	}
	if (o->line.len)
		flush_to(o, file);
}

static void write_json(struct ox_output *o, const struct ox_event *event)
{
	if (event->type == OX_EVENT_STEP && !wanted_step(o, &event->as.step))
		return;
	if (event->type == OX_EVENT_LOG && !wanted_log(o, &event->as.log))
		return;
	ox_json_event(&o->line, event);
	flush_to(o, o->options.out);
}

static void emit(struct ox_sink *sink, const struct ox_event *event)
{
	struct ox_output *o = (struct ox_output *)sink;
	if (o->options.json)
		write_json(o, event);
	show_event(o, event);
}

struct ox_output *ox_output_open(const struct ox_output_options *options)
{
	struct ox_output *o = calloc(1, sizeof *o);
	if (!o)
		return NULL;
	o->sink.emit = emit;
	o->options = *options;
	o->palette = options->color ? &ox_palette_ansi : &ox_palette_none;
	return o;
}

void ox_output_close(struct ox_output *o)
{
	if (!o)
		return;
	clear_progress(o);
	fflush(o->options.err);
	fflush(o->options.out);
	ox_buf_free(&o->line);
	ox_buf_free(&o->task);
	ox_buf_free(&o->told);
	free(o);
}

struct ox_sink *ox_output_sink(struct ox_output *o)
{
	return &o->sink;
}

static void add_item_value(struct ox_buf *out, const struct ox_report_item *item)
{
	if (item->text.len)
		ox_text_clean(out, item->text);
	else if (ox_slice_eq_str(item->unit, "bytes"))
		ox_text_size(out, item->number);
	else
		ox_buf_printf(out, "%llu", (unsigned long long)item->number);
	if (item->unit.len && !ox_slice_eq_str(item->unit, "bytes")) {
		ox_buf_byte(out, ' ');
		ox_text_clean(out, item->unit);
	}
}

void ox_output_report(struct ox_output *o, const struct ox_report *report)
{
	if (o->options.json) {
		ox_json_report(&o->line, report);
		flush_to(o, o->options.out);
		return;
	}
	size_t width = 0;
	for (size_t i = 0; i < report->count; i++)
		width = report->items[i].name.len > width ? report->items[i].name.len : width;
	for (size_t i = 0; i < report->count; i++) {
		const struct ox_report_item *item = &report->items[i];
		ox_text_clean(&o->line, item->name);
		ox_buf_printf(&o->line, ":%*s", (int)(width - item->name.len + 1), "");
		add_item_value(&o->line, item);
		ox_buf_byte(&o->line, '\n');
	}
	flush_to(o, o->options.out);
}

void ox_output_targets(struct ox_output *o, const struct ox_target *targets, size_t count)
{
	if (o->options.json)
		return; /* each has been told as an event */
	for (size_t i = 0; i < count; i++) {
		ox_buf_str(&o->line, targets[i].is_default ? "*" : "");
		ox_text_clean(&o->line, targets[i].name);
		ox_buf_byte(&o->line, '\n');
	}
	if (!count)
		ox_buf_str(&o->line, "(no targets defined)\n");
	flush_to(o, o->options.out);
}

void ox_output_say(struct ox_output *o, const char *kind, const char *fmt, ...)
{
	const char *color = strcmp(kind, "error") == 0 ? o->palette->red : o->palette->yellow;
	ox_buf_printf(&o->line, "%s%s:%s ", color, kind, o->palette->reset);
	va_list ap;
	va_start(ap, fmt);
	ox_buf_vprintf(&o->line, fmt, ap);
	va_end(ap);
	ox_buf_byte(&o->line, '\n');
	flush_to(o, o->options.err);
}

void ox_output_answer(struct ox_output *o, const char *fmt, ...)
{
	if (o->options.json)
		return;
	va_list ap;
	va_start(ap, fmt);
	ox_buf_vprintf(&o->line, fmt, ap);
	va_end(ap);
	ox_buf_byte(&o->line, '\n');
	flush_to(o, o->options.out);
}

void ox_output_result(struct ox_output *o, const struct ox_result *result)
{
	struct ox_event event = {.type = OX_EVENT_RESULT, .as.result = *result};
	if (o->options.json)
		write_json(o, &event);
	tell_unlisted(o);
	/* A mistake in the configuration stands there already, with its place; a failed build has a last line
	 * of its own. */
	bool told = result->exit_code != 1 && was_told(o, result->message);
	if (result->message.len && result->exit_code) {
		if (!told)
			ox_output_say(o, "error", "%.*s", OX_SLICE_ARG(result->message));
	} else if (result->exit_code == 0 && o->options.timing && o->options.verbosity) {
		ox_buf_str(&o->line, result->memoised ? "nothing had to be done (" : "built in ");
		ox_text_duration(&o->line, result->nanoseconds);
		ox_buf_str(&o->line, result->memoised ? ")\n" : "\n");
		flush_to(o, o->options.err);
	}
}

void ox_output_failure(struct ox_output *o, const struct ox_err *err, int exit_code)
{
	static const char *const categories[] = {
		"ok",          "build-failed", "configuration", "internal",  "policy",
		"unreachable", "timeout",      "busy",          "exhausted", "remote",
	};
	const char *category = exit_code >= 128 ? "cancelled" : "internal";
	if (exit_code >= 0 && (size_t)exit_code < OX_COUNT(categories))
		category = categories[exit_code];
	ox_output_result(o, &(struct ox_result){
				    .exit_code = exit_code,
				    .category = ox_slice_str(category),
				    .message = ox_slice_str(err->text),
			    });
}
