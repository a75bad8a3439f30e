#include "client/out/text.h"

const struct ox_palette ox_palette_none = {"", "", "", "", "", "", ""};
const struct ox_palette ox_palette_ansi = {
	.bold = "\033[1m",
	.red = "\033[1;31m",
	.yellow = "\033[1;33m",
	.cyan = "\033[1;36m",
	.green = "\033[1;32m",
	.dim = "\033[2m",
	.reset = "\033[0m",
};

void ox_text_clean(struct ox_buf *out, struct ox_slice text)
{
	size_t from = 0;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];
		if (c == '\t' || (c >= 0x20 && c != 0x7F))
			continue;
		ox_buf_add(out, text.data + from, i - from);
		from = i + 1;
	}
	if (from < text.len)
		ox_buf_add(out, text.data + from, text.len - from);
}

void ox_text_size(struct ox_buf *out, uint64_t bytes)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
	double value = (double)bytes;
	size_t unit = 0;
	for (; value >= 1024 && unit + 1 < OX_COUNT(units); unit++)
		value /= 1024;
	ox_buf_printf(out, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

void ox_text_duration(struct ox_buf *out, uint64_t nanoseconds)
{
	if (nanoseconds < 1000000000)
		ox_buf_printf(out, "%.1f ms", (double)nanoseconds / 1e6);
	else
		ox_buf_printf(out, "%.2f s", (double)nanoseconds / 1e9);
}

/* Each line of the text with something in front. */
static void add_lines(struct ox_buf *out, const char *front, struct ox_slice text)
{
	while (text.len > 0) {
		const char *end = memchr(text.data, '\n', text.len);
		size_t len = end ? (size_t)(end - text.data) : text.len;
		ox_buf_str(out, front);
		ox_text_clean(out, ox_slice(text.data, len));
		ox_buf_byte(out, '\n');
		len += end ? 1 : 0;
		text = ox_slice(text.data + len, text.len - len);
	}
}

static bool starts_code_point(char c)
{
	return ((unsigned char)c & 0xC0) != 0x80;
}

/* Code points in the text. */
static uint32_t width_of(struct ox_slice text)
{
	uint32_t width = 0;
	for (size_t i = 0; i < text.len; i++)
		width += starts_code_point(text.data[i]);
	return width;
}

/* Blank up to the column, keeping tabs so that the caret stands below its character. */
static void add_indent(struct ox_buf *out, struct ox_slice line, uint32_t column)
{
	uint32_t at = 1;
	for (size_t i = 0; i < line.len && at < column; i++) {
		if (!starts_code_point(line.data[i]))
			continue;
		ox_buf_byte(out, line.data[i] == '\t' ? '\t' : ' ');
		at++;
	}
}

static void add_source(struct ox_buf *out, const struct ox_diagnostic *d, const char *color, const struct ox_palette *p)
{
	ox_buf_printf(out, "%s%5u |%s ", p->dim, d->line, p->reset);
	ox_text_clean(out, d->source_line);
	ox_buf_byte(out, '\n');
	if (!d->column)
		return;
	ox_buf_printf(out, "%s      |%s ", p->dim, p->reset);
	uint32_t after = width_of(d->source_line) + 1;
	uint32_t column = d->column < after ? d->column : after;
	uint32_t end = d->end_line > d->line || d->end_column > after ? after : d->end_column;
	add_indent(out, d->source_line, column);
	ox_buf_printf(out, "%s^", color);
	for (uint32_t at = column + 1; at < end; at++)
		ox_buf_byte(out, '~');
	ox_buf_printf(out, "%s\n", p->reset);
}

static const char *severity_word(enum ox_severity severity, const struct ox_palette *p, const char **color)
{
	switch (severity) {
	case OX_SEVERITY_ERROR:
		*color = p->red;
		return "error";
	case OX_SEVERITY_WARNING:
		*color = p->yellow;
		return "warning";
	default:
		*color = p->cyan;
		return "note";
	}
}

void ox_text_diagnostic(struct ox_buf *out, const struct ox_diagnostic *d, const struct ox_palette *p)
{
	const char *color;
	const char *word = severity_word(d->severity, p, &color);
	ox_buf_str(out, p->bold);
	if (d->file.len)
		ox_text_clean(out, d->file);
	if (d->file.len && d->line)
		ox_buf_printf(out, ":%u", d->line);
	if (d->file.len && d->line && d->column)
		ox_buf_printf(out, ":%u", d->column);
	ox_buf_printf(out, "%s%s%s%s:%s ", d->file.len ? ": " : "", p->reset, color, word, p->reset);
	/* A message of several lines keeps them. */
	struct ox_buf message = {0};
	add_lines(&message, "", d->message);
	ox_buf_add(out, message.data, message.len ? message.len - 1 : 0);
	ox_buf_free(&message);
	/* Warnings can be silenced by their codes. */
	if (d->severity == OX_SEVERITY_WARNING && d->code.len) {
		ox_buf_printf(out, " %s[", p->dim);
		ox_text_clean(out, d->code);
		ox_buf_printf(out, "]%s", p->reset);
	}
	ox_buf_byte(out, '\n');
	if (d->line && d->source_line.len)
		add_source(out, d, color, p);
	add_lines(out, "  ", d->notes);
	add_lines(out, "  hint: ", d->hint);
}

void ox_text_log(struct ox_buf *out, const struct ox_log *log, const struct ox_palette *p)
{
	if (log->level == OX_LEVEL_ERROR)
		ox_buf_printf(out, "%serror:%s ", p->red, p->reset);
	else if (log->level == OX_LEVEL_WARN)
		ox_buf_printf(out, "%swarning:%s ", p->yellow, p->reset);
	/* What the config prints, and our own words, need no name in front. */
	bool plain = ox_slice_eq_str(log->source, "config") || ox_slice_eq_str(log->source, "build");
	if (log->source.len && !plain) {
		ox_buf_str(out, p->dim);
		ox_text_clean(out, log->source);
		ox_buf_printf(out, ":%s ", p->reset);
	}
	ox_text_clean(out, log->text);
	ox_buf_byte(out, '\n');
}

static void add_short_digest(struct ox_buf *out, const struct ox_digest *digest)
{
	char hex[OX_DIGEST_HEX + 1];
	ox_buf_printf(out, "%.12s", ox_digest_is_zero(digest) ? "none" : ox_digest_hex(digest, hex));
}

void ox_text_step(struct ox_buf *out, const struct ox_step_report *step, const struct ox_palette *p)
{
	ox_buf_printf(out, "%s%s%s ", step->hit ? p->dim : p->cyan, step->hit ? "reused" : "ran", p->reset);
	ox_text_clean(out, step->action);
	ox_buf_byte(out, ' ');
	ox_text_clean(out, step->subject);
	if (step->reason.len) {
		ox_buf_str(out, ": ");
		ox_text_clean(out, step->reason);
	}
	if (step->changed_input.len) {
		ox_buf_str(out, " [");
		ox_text_clean(out, step->changed_input);
		ox_buf_byte(out, ' ');
		add_short_digest(out, &step->old_digest);
		ox_buf_str(out, " -> ");
		add_short_digest(out, &step->new_digest);
		ox_buf_byte(out, ']');
	}
	ox_buf_str(out, " (");
	ox_text_duration(out, step->nanoseconds);
	ox_buf_str(out, ")\n");
}

void ox_text_artifact(struct ox_buf *out, const struct ox_artifact *artifact, const struct ox_palette *p)
{
	ox_buf_str(out, p->bold);
	ox_text_clean(out, artifact->path);
	ox_buf_printf(out, "%s (", p->reset);
	ox_text_size(out, artifact->size);
	ox_buf_str(out, ")");
	if (artifact->runs_on.len) {
		ox_buf_str(out, ", ");
		ox_text_clean(out, artifact->runs_on);
	}
	ox_buf_byte(out, '\n');
}

void ox_text_progress(struct ox_buf *out, const struct ox_progress *progress)
{
	bool bytes = ox_slice_eq_str(progress->unit, "bytes");
	ox_text_clean(out, progress->task);
	if (!progress->done && !progress->total)
		return;
	ox_buf_str(out, ": ");
	if (bytes)
		ox_text_size(out, progress->done);
	else
		ox_buf_printf(out, "%llu", (unsigned long long)progress->done);
	if (progress->total) {
		ox_buf_str(out, " of ");
		if (bytes)
			ox_text_size(out, progress->total);
		else
			ox_buf_printf(out, "%llu", (unsigned long long)progress->total);
	}
	if (!bytes && progress->unit.len) {
		ox_buf_byte(out, ' ');
		ox_text_clean(out, progress->unit);
	}
}
