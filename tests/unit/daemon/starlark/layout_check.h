/* layout_check.h - what holds for every text that is laid out. Also used by the fuzz target. */
#ifndef OX_TESTS_STARLARK_LAYOUT_CHECK_H
#define OX_TESTS_STARLARK_LAYOUT_CHECK_H

#include "daemon/starlark/layout.h"
#include "tests/unit/daemon/starlark/comments.h"

struct layout_errors {
	struct ox_sink sink;
	int count;
};

static inline void layout_count(struct ox_sink *self, const struct ox_event *event)
{
	((struct layout_errors *)self)->count += event->type == OX_EVENT_DIAGNOSTIC;
}

static inline int layout_of(struct ox_slice text, struct ox_buf *out, struct ox_err *err)
{
	struct layout_errors errors = {.sink.emit = layout_count};
	*err = (struct ox_err){0};
	int status = ox_layout(OX_SLICE("text"), text, &errors.sink, out, err);
	if ((status == OX_EUSAGE) != (errors.count != 0))
		status = ox_fail(err, OX_EINTERNAL, "status and report differ");
	return status;
}

/* Lay out the text (into *once, which the caller releases) and then the result: NULL when all holds, else what does
 * not. The layout itself compares the trees. *status: of the first layout. */
static inline const char *layout_complaint(struct ox_slice text, struct ox_buf *once, int *status)
{
	struct ox_buf twice = {0}, before = {0}, after = {0};
	struct ox_err err;
	const char *complaint = NULL;
	*status = layout_of(text, once, &err);
	if (*status == OX_EINTERNAL)
		complaint = "the trees differ";
	if (*status == 0) {
		struct ox_slice result = ox_slice(ox_buf_text(once), once->len);
		comments_of(text, &before);
		comments_of(result, &after);
		if (!ox_slice_eq(ox_buf_view(&before), ox_buf_view(&after)))
			complaint = "comments changed";
		else if (layout_of(result, &twice, &err) == OX_EEXHAUSTED)
			complaint = NULL;
		else if (!ox_slice_eq(ox_buf_view(once), ox_buf_view(&twice)))
			complaint = "laying out the result changes it";
	}
	ox_buf_free(&twice);
	ox_buf_free(&before);
	ox_buf_free(&after);
	return complaint;
}

#endif
