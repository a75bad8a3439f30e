#include "daemon/capture/record.h"

static const struct ox_slice head = {"oxidizer capture 1", 18};

void ox_capture_record_write(const struct ox_capture_record *record, struct ox_buf *out)
{
	ox_buf_slice(out, head);
	ox_buf_byte(out, '\n');
	if (record->reason)
		ox_buf_printf(out, "reason %s\n", record->reason);
	for (size_t i = 0; i < record->library_count; i++) {
		const struct ox_capture_library *l = &record->libraries[i];
		ox_buf_printf(out, "library %s %s\n", l->name, l->archive ? l->archive : "-");
	}
}

static bool take_line(struct ox_slice *text, struct ox_slice *line)
{
	const char *end = text->len ? memchr(text->data, '\n', text->len) : NULL;
	if (!end)
		return false;
	*line = ox_slice(text->data, (size_t)(end - text->data));
	*text = ox_slice(end + 1, text->len - line->len - 1);
	return true;
}

static bool take_word(struct ox_slice *line, struct ox_slice word)
{
	if (!ox_slice_starts(*line, word))
		return false;
	*line = ox_slice(line->data + word.len, line->len - word.len);
	return true;
}

static int read_library(struct ox_slice line, struct ox_arena *arena, struct ox_capture_library *out,
			struct ox_err *err)
{
	const char *space = line.len ? memchr(line.data, ' ', line.len) : NULL;
	if (!space || space == line.data || space + 1 == line.data + line.len)
		return ox_fail(err, OX_ECORRUPT, "a library without name or archive");
	size_t name = (size_t)(space - line.data);
	struct ox_slice archive = ox_slice(space + 1, line.len - name - 1);
	out->name = ox_arena_slice(arena, ox_slice(line.data, name)).data;
	out->archive = ox_slice_eq_str(archive, "-") ? NULL : ox_arena_slice(arena, archive).data;
	bool failed = !out->name || (!out->archive && !ox_slice_eq_str(archive, "-"));
	return failed ? ox_fail_nomem(err, "a record of what was linked") : 0;
}

static size_t count_lines(struct ox_slice text)
{
	size_t n = 0;
	for (size_t i = 0; i < text.len; i++)
		n += text.data[i] == '\n';
	return n;
}

int ox_capture_record_read(struct ox_slice text, struct ox_arena *arena, struct ox_capture_record *out,
			   struct ox_err *err)
{
	struct ox_slice line;
	struct ox_capture_library *libraries = ox_arena_array(arena, count_lines(text) + 1, sizeof *libraries);
	*out = (struct ox_capture_record){.libraries = libraries};
	if (!libraries)
		return ox_fail_nomem(err, "a record of what was linked");
	if (!take_line(&text, &line) || !ox_slice_eq(line, head))
		return ox_fail(err, OX_ECORRUPT, "not a record of what was linked");
	int rc = 0;
	while (!rc && take_line(&text, &line)) {
		if (take_word(&line, OX_SLICE("reason "))) {
			out->reason = ox_arena_slice(arena, line).data;
			rc = out->reason ? 0 : ox_fail_nomem(err, "a record of what was linked");
		} else if (take_word(&line, OX_SLICE("library "))) {
			rc = read_library(line, arena, &libraries[out->library_count++], err);
		} else {
			rc = ox_fail(err, OX_ECORRUPT, "an unknown line in a record of what was linked");
		}
	}
	if (!rc && text.len)
		rc = ox_fail(err, OX_ECORRUPT, "a record of what was linked ends within a line");
	return rc;
}
