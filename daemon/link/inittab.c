#include "daemon/link/inittab.h"

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_name(struct ox_slice text, bool dotted)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_word(text.data[i]) && !(dotted && text.data[i] == '.'))
			return false;
	return text.len > 0;
}

static int check(const struct ox_python_variant *v, struct ox_err *err)
{
	if (is_name(v->module, true) && (!v->init_fn || is_name(ox_slice_str(v->init_fn), false)))
		return 0;
	return ox_fail(err, OX_EUSAGE, "PYTHON.json: the extension module %.*s or its init_fn %s has no name that C "
				       "understands", OX_SLICE_ARG(v->module), v->init_fn ? v->init_fn : "NULL");
}

int ox_inittab_write(const struct ox_python_variant *const *variants, size_t count, struct ox_buf *out,
		     struct ox_err *err)
{
	ox_buf_str(out, "#include \"Python.h\"\n\n");
	for (size_t i = 0; i < count; i++) {
		int rc = check(variants[i], err);
		if (rc)
			return rc;
		if (variants[i]->init_fn)
			ox_buf_printf(out, "extern PyObject *%s(void);\n", variants[i]->init_fn);
	}
	ox_buf_str(out, "\nstruct _inittab _PyImport_Inittab[] = {\n");
	for (size_t i = 0; i < count; i++)
		ox_buf_printf(out, "\t{\"%.*s\", %s},\n", OX_SLICE_ARG(variants[i]->module),
			      variants[i]->init_fn ? variants[i]->init_fn : "NULL");
	ox_buf_str(out, "\t{NULL, NULL},\n};\n");
	return ox_buf_ok(out, "the table of built-in modules", err);
}
