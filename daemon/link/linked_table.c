#include "daemon/link/linked_table.h"

static bool is_in(const struct ox_linked_set *set, size_t i)
{
	return !set->items.items[i].module->left_out;
}

/* Linkers name the ends of a section whose name is an identifier. Weak: the section was guessed from its name. */
static void declare(const struct ox_linked_item *item, size_t i, struct ox_buf *out)
{
	ox_buf_printf(out, "ox_linked_init %s;\nstatic ox_linked_init enter_%zu;\n", item->symbol, i);
	if (!item->has_constructors)
		return;
	ox_buf_printf(out, "extern ox_linked_constructor *const __start_start_%s[] __attribute__((weak));\n"
		      "extern ox_linked_constructor *const __stop_start_%s[] __attribute__((weak));\n",
		      item->symbol, item->symbol);
	ox_buf_printf(out,
		      "static struct ox_linked_start start_%zu = {\n"
		      "\t__start_start_%s, __stop_start_%s, PTHREAD_MUTEX_INITIALIZER, 0,\n};\n",
		      i, item->symbol, item->symbol);
}

static void make_entry(const struct ox_linked_item *item, size_t i, struct ox_buf *out)
{
	ox_buf_printf(out, "\t{\"%.*s\", %s, enter_%zu, ", OX_SLICE_ARG(item->module->name), item->symbol, i);
	if (item->has_constructors)
		ox_buf_printf(out, "&start_%zu},\n", i);
	else
		ox_buf_str(out, "NULL},\n");
}

/* CPython calls init functions without saying for whom: each entry has a function of its own that knows. */
void ox_linked_table_write(const struct ox_linked_set *set, struct ox_buf *out)
{
	const struct ox_linked_item *items = set->items.items;
	ox_buf_str(out, "#include <stddef.h>\n#include \"runtime/embed/linked_modules.h\"\n");
	for (size_t i = 0; i < set->items.len; i++)
		if (is_in(set, i))
			declare(&items[i], i, out);
	ox_buf_str(out, "const struct ox_linked_module ox_linked_modules[] = {\n");
	for (size_t i = 0; i < set->items.len; i++)
		if (is_in(set, i))
			make_entry(&items[i], i, out);
	ox_buf_str(out, "\t{NULL, NULL, NULL, NULL},\n};\n");
	for (size_t i = 0, n = 0; i < set->items.len; i++)
		if (is_in(set, i))
			ox_buf_printf(out,
				      "static struct _object *enter_%zu(void)\n{\n"
				      "\treturn ox_linked_enter(&ox_linked_modules[%zu]);\n}\n",
				      i, n++);
}
