/* FORMAT: the formatted text of each source, or whether it would be another. */
#include "daemon/starlark/layout.h"
#include "daemon/worker/language.h"
#include "proto/wire/frame.h"

/* Of a text that fits into a frame, with room for the rest of the event. */
enum { TEXT_MAX = OX_FRAME_MAX - 65536 };

static int look(struct ox_language_work *w, struct ox_slice path, struct ox_slice text, struct ox_err *err)
{
	struct ox_buf out = {.limit = TEXT_MAX};
	int rc = ox_layout(path, text, &w->sink->sink, &out, err);
	if (rc == 0) {
		struct ox_text told = {.file = path, .changed = !ox_slice_eq(text, ox_buf_view(&out))};
		if (!w->request->check)
			told.text = ox_buf_view(&out);
		else if (told.changed)
			w->findings++;
		ox_emit(&w->sink->sink, &(struct ox_event){.type = OX_EVENT_TEXT, .as.text = told});
	}
	ox_buf_free(&out);
	return rc;
}

int ox_language_format(struct ox_language_work *w, struct ox_err *err)
{
	return ox_language_each(w, look, err);
}
