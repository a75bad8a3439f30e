/* oxidizer-starlark-manual - writes oxidizer-starlark(7).
 *
 *     oxidizer-starlark-manual TEMPLATE > PAGE
 *
 * Run by make; not installed. */
#include "daemon/dialect/manual.h"

#include <stdio.h>

static int read_template(const char *path, struct ox_buf *text, struct ox_err *err)
{
	enum { PIECE = 65536 };
	FILE *file = fopen(path, "rb");
	if (!file)
		return ox_fail(err, OX_ENOENT, "cannot open %s", path);
	char *at;
	size_t n;
	while ((at = ox_buf_reserve(text, PIECE)) && (n = fread(at, 1, PIECE, file)) > 0)
		ox_buf_commit(text, n);
	int rc = ferror(file) ? ox_fail(err, OX_ESYS, "cannot read %s", path) : ox_buf_ok(text, path, err);
	fclose(file);
	return rc;
}

int main(int argc, char **argv)
{
	struct ox_buf text = {0}, page = {0};
	struct ox_err err = {0};
	int rc = argc == 2 ? read_template(argv[1], &text, &err)
			   : ox_fail(&err, OX_EUSAGE, "usage: oxidizer-starlark-manual TEMPLATE");
	if (rc == 0)
		rc = ox_dialect_manual(ox_buf_view(&text), &page, &err);
	if (rc == 0 && (fwrite(page.data, 1, page.len, stdout) != page.len || fflush(stdout) != 0))
		rc = ox_fail(&err, OX_ESYS, "cannot write the page");
	if (rc != 0)
		fprintf(stderr, "oxidizer-starlark-manual: %s\n", err.text);
	ox_buf_free(&text);
	ox_buf_free(&page);
	return ox_exit_code(rc);
}
