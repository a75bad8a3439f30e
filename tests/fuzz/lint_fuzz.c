/* Remarks on any text, with the dialect's tables. */
#include "daemon/dialect/lint.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct counter {
	struct ox_sink sink;
	size_t warnings, errors;
};

static void count(struct ox_sink *self, const struct ox_event *event)
{
	struct counter *c = (struct counter *)self;
	if (event->as.diagnostic.severity == OX_SEVERITY_ERROR)
		c->errors++;
	else
		c->warnings++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct counter c = {.sink.emit = count};
	struct ox_err err;
	size_t findings = 0;
	int rc = ox_dialect_lint(OX_SLICE("fuzz.bzl"), ox_slice(data, size), &c.sink, &findings, &err);
	if (findings != c.warnings || (rc == 0) != (c.errors == 0))
		abort();
	return 0;
}
