/* Code objects for texts that the build has compiled (runtime/pack/compiled.h). */
#include "runtime/importer/finder.h"
#include "runtime/importer/importer.h"
#include "runtime/pack/compiled.h"

/* Longer ones are not kept. */
enum { LONGEST = 1 << 16 };

static bool find(const struct ox_pack *pack, struct ox_compiled *wanted)
{
	struct ox_slice table;
	for (uint32_t i = 0; i < ox_pack_segment_count(pack); i++)
		if (ox_pack_compiled(pack, i, &table) && ox_compiled_fit_code(table, PY_VERSION_HEX) &&
		    ox_compiled_find(table, wanted))
			return true;
	return false;
}

PyObject *ox_finder_generated(PyObject *finder, struct ox_slice text, bool is_expression)
{
	const struct ox_pack *pack = ((struct ox_finder *)finder)->index.pack;
	struct ox_compiled wanted = {.text = text, .kind = is_expression ? OX_COMPILED_EVAL : OX_COMPILED_EXEC};
	if (!pack || text.len > LONGEST || !find(pack, &wanted))
		return NULL;
	PyObject *code = PyMarshal_ReadObjectFromString(wanted.body.data, (Py_ssize_t)wanted.body.len);
	if (code && !PyCode_Check(code))
		Py_CLEAR(code);
	if (!code)
		PyErr_Clear();
	return code;
}
