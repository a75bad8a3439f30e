/* text.h - events as text for people, appended to a buffer. Pure: no terminal, no
 * state. Control characters in what others sent do not reach the terminal. */
#ifndef OX_OUT_TEXT_H
#define OX_OUT_TEXT_H

#include "proto/base/buf.h"
#include "proto/base/event.h"

/* Colours of the parts of a line; the empty text for none. */
struct ox_palette {
	const char *bold, *red, *yellow, *cyan, *green, *dim, *reset;
};

extern const struct ox_palette ox_palette_none, ox_palette_ansi;

/* Compiler style: place, severity, message, source line with a caret, notes, hint. */
void ox_text_diagnostic(struct ox_buf *out, const struct ox_diagnostic *d, const struct ox_palette *p);
void ox_text_log(struct ox_buf *out, const struct ox_log *log, const struct ox_palette *p);
void ox_text_step(struct ox_buf *out, const struct ox_step_report *step, const struct ox_palette *p);
void ox_text_artifact(struct ox_buf *out, const struct ox_artifact *artifact, const struct ox_palette *p);

/* "compiling bytecode: 12 of 40 modules", without a newline. */
void ox_text_progress(struct ox_buf *out, const struct ox_progress *progress);

/* "12.3 MiB"; "1.23 s". */
void ox_text_size(struct ox_buf *out, uint64_t bytes);
void ox_text_duration(struct ox_buf *out, uint64_t nanoseconds);

/* The text without control characters (tabs stay). */
void ox_text_clean(struct ox_buf *out, struct ox_slice text);

#endif
