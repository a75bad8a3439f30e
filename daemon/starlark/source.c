#include "daemon/starlark/source.h"

#include "proto/base/buf.h"

#include <ctype.h>

enum { SOURCE_MAX = 1 << 30, NEAREST_NAME_MAX = 64, SHOWN_MAX = 2000 };

int ox_source_init(struct ox_source *src, struct ox_arena *arena, struct ox_slice name, struct ox_slice text,
		   struct ox_err *err)
{
	if (text.len > SOURCE_MAX)
		return ox_fail(err, OX_EUSAGE, "%.*s: a source file may have at most 1 GiB", OX_SLICE_ARG(name));
	size_t lines = 1;
	for (const char *p = text.data, *end = p + text.len; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
		lines++;
	uint32_t *starts = ox_arena_array(arena, lines, sizeof *starts);
	if (!starts)
		return ox_fail_nomem(err, "line table");
	size_t n = 1;
	for (size_t i = 0; i < text.len; i++) {
		const char *p = memchr(text.data + i, '\n', text.len - i);
		if (!p)
			break;
		i = (size_t)(p - text.data);
		starts[n++] = (uint32_t)i + 1;
	}
	*src = (struct ox_source){.name = name, .text = text, .line_starts = starts, .line_count = (uint32_t)n};
	return 0;
}

uint32_t ox_source_line_of(const struct ox_source *src, uint32_t offset)
{
	uint32_t low = 0, high = src->line_count;
	while (high - low > 1) {
		uint32_t mid = low + (high - low) / 2;
		if (src->line_starts[mid] <= offset)
			low = mid;
		else
			high = mid;
	}
	return low + 1;
}

static uint32_t code_points(const char *p, size_t len)
{
	uint32_t n = 0;
	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)p[i] & 0xC0) != 0x80;
	return n;
}

uint32_t ox_source_column_of(const struct ox_source *src, uint32_t offset)
{
	uint32_t start = src->line_starts[ox_source_line_of(src, offset) - 1];
	if (offset > src->text.len)
		offset = (uint32_t)src->text.len;
	return code_points(src->text.data + start, offset - start) + 1;
}

struct ox_slice ox_source_line(const struct ox_source *src, uint32_t line)
{
	if (line == 0 || line > src->line_count)
		return ox_slice(NULL, 0);
	size_t start = src->line_starts[line - 1];
	size_t end = line < src->line_count ? src->line_starts[line] : src->text.len;
	while (end > start && (src->text.data[end - 1] == '\n' || src->text.data[end - 1] == '\r'))
		end--;
	return ox_slice(src->text.data + start, end - start);
}

/* Length of the sequence at p, or 0 when it is not UTF-8 (surrogates and overlong forms are not). */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
	if (p[0] < 0x80)
		return 1;
	size_t n = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
	if (p[0] < 0xC2 || p[0] > 0xF4 || left < n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	}
	bool overlong = (p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xF0 && p[1] < 0x90);
	bool outside = (p[0] == 0xED && p[1] > 0x9F) || (p[0] == 0xF4 && p[1] > 0x8F);
	return overlong || outside ? 0 : n;
}

size_t ox_utf8_valid_prefix(struct ox_slice text)
{
	const unsigned char *p = (const unsigned char *)text.data;
	size_t i = 0;
	while (i < text.len) {
		uint64_t word;
		if (text.len - i >= sizeof word) {
			memcpy(&word, p + i, sizeof word);
			if (!(word & 0x8080808080808080u)) {
				i += sizeof word;
				continue;
			}
		}
		size_t n = utf8_sequence(p + i, text.len - i);
		if (!n)
			return i;
		i += n;
	}
	return i;
}

void ox_source_locate(const struct ox_source *src, struct ox_span span, struct ox_diagnostic *d)
{
	d->file = src->name;
	d->line = ox_source_line_of(src, span.start);
	d->column = ox_source_column_of(src, span.start);
	d->source_line = ox_source_line(src, d->line);
	if (d->source_line.len > SHOWN_MAX)
		d->source_line.len = 0; /* such a line is not for people */
	if (span.end <= span.start)
		span.end = span.start + 1;
	if (span.end > src->text.len)
		span.end = (uint32_t)src->text.len;
	d->end_line = ox_source_line_of(src, span.end);
	d->end_column = ox_source_column_of(src, span.end);
	if (d->end_line != d->line) { /* one mark in one line is what a reader can take in */
		d->end_line = d->line;
		d->end_column = code_points(d->source_line.data, d->source_line.len) + 1;
	}
	if (d->end_column <= d->column)
		d->end_column = d->column + 1;
}

static void report(struct ox_report *r, const struct ox_remark *m, const char *message)
{
	struct ox_diagnostic d = {
	    .severity = m->severity,
	    .code = ox_slice_str(m->code),
	    .message = ox_slice_str(message),
	    .hint = ox_slice_str(m->hint),
	    .notes = ox_slice_str(m->notes),
	};
	if (m->severity == OX_SEVERITY_ERROR && r->errors++ >= r->limit)
		return;
	ox_source_locate(r->source, m->span, &d);
	if (m->severity == OX_SEVERITY_ERROR && r->errors == 1)
		ox_fail(&r->first, OX_EUSAGE, "%.*s:%u:%u: %s", OX_SLICE_ARG(d.file), d.line, d.column, message);
	ox_emit(r->sink, &(struct ox_event){.type = OX_EVENT_DIAGNOSTIC, .as.diagnostic = d});
}

static void reportv(struct ox_report *r, const struct ox_remark *m, const char *fmt, va_list ap) OX_PRINTF(3, 0);

static void reportv(struct ox_report *r, const struct ox_remark *m, const char *fmt, va_list ap)
{
	struct ox_buf text = {0};
	ox_buf_vprintf(&text, fmt, ap);
	report(r, m, ox_buf_text(&text));
	ox_buf_free(&text);
}

void ox_report(struct ox_report *r, const struct ox_remark *remark, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	reportv(r, remark, fmt, ap);
	va_end(ap);
}

void ox_report_error(struct ox_report *r, const char *code, struct ox_span span, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	reportv(r, &(struct ox_remark){.severity = OX_SEVERITY_ERROR, .code = code, .span = span}, fmt, ap);
	va_end(ap);
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;
	return m < c ? m : c;
}

static bool same_letter(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Edit distance in which case is free and a swap of neighbours costs one. */
static size_t distance(struct ox_slice a, struct ox_slice b)
{
	size_t rows[3][NEAREST_NAME_MAX + 1];
	for (size_t j = 0; j <= b.len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t *row = rows[i % 3], *up = rows[(i - 1) % 3], *up2 = rows[(i + 1) % 3];
		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t change = same_letter(a.data[i - 1], b.data[j - 1]) ? 0 : 1;
			row[j] = min3(row[j - 1] + 1, up[j] + 1, up[j - 1] + change);
			if (i > 1 && j > 1 && same_letter(a.data[i - 1], b.data[j - 2]) &&
			    same_letter(a.data[i - 2], b.data[j - 1]) && up2[j - 2] + 1 < row[j])
				row[j] = up2[j - 2] + 1;
		}
	}
	return rows[a.len % 3][b.len];
}

void ox_nearest_offer(struct ox_nearest *n, struct ox_slice candidate)
{
	size_t a = n->wanted.len, b = candidate.len;
	size_t gap = a > b ? a - b : b - a;
	size_t allowed = a < 3 ? 0 : a < 6 ? 1 : a < 9 ? 2 : 3;
	if (a == 0 || a > NEAREST_NAME_MAX || b > NEAREST_NAME_MAX || gap > allowed)
		return;
	size_t d = distance(n->wanted, candidate);
	if (d > allowed || d >= a || d >= b || (n->best.data && d >= n->distance))
		return;
	n->best = candidate;
	n->distance = d;
}

const char *ox_nearest_hint(const struct ox_nearest *n, char out[static 160])
{
	if (!n->best.data)
		return NULL;
	snprintf(out, 160, "did you mean '%.*s'?", OX_SLICE_ARG(n->best));
	return out;
}
