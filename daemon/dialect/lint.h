/* lint.h - remarks on a configuration: daemon/starlark/lint.h with the dialect's tables. */
#ifndef OX_DIALECT_LINT_H
#define OX_DIALECT_LINT_H

#include "daemon/dialect/facts.h"

/* Emits the findings in `text` and adds their number to *findings. Nothing is run or read. OX_EUSAGE when the
 * text is no program; its errors were emitted. */
int ox_dialect_lint(struct ox_slice path, struct ox_slice text, struct ox_sink *sink, size_t *findings,
		    struct ox_err *err);

#endif
