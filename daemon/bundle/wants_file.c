#include "daemon/bundle/wants_file.h"

struct ox_slice ox_top_level(struct ox_slice name)
{
	const char *dot = name.len ? memchr(name.data, '.', name.len) : NULL;
	return dot ? ox_slice(name.data, (size_t)(dot - name.data)) : name;
}

/* Whether any record of the package brings data files; marks for type checkers are none. */
static bool has_data(const struct ox_pack_resource *records, size_t count, struct ox_slice top)
{
	for (size_t i = 0; i < count; i++) {
		if (!ox_slice_eq(ox_top_level(records[i].name), top))
			continue;
		for (size_t f = 0; f < records[i].file_count; f++)
			if (!ox_slice_eq_str(records[i].files[f].name, "py.typed") &&
			    !ox_slice_ends(records[i].files[f].name, OX_SLICE(".pyi")))
				return true;
	}
	return false;
}

bool ox_extract_choose(const struct ox_extract_rules *rules, struct ox_slice package, bool scanned)
{
	for (size_t i = 0; i < rules->choice_count; i++)
		if (ox_slice_eq(rules->choices[i].package, package))
			return rules->choices[i].files;
	return scanned;
}

/* Packages whose compiled code reads __file__, which no scan of sources sees. */
static const struct ox_slice compiled[] = {
#define OX_TELLS(name, where, when)
#define OX_COMPILED(package) {package, sizeof(package) - 1},
#include "daemon/bundle/wants_file.def"
#undef OX_COMPILED
#undef OX_TELLS
};

static bool is_compiled(struct ox_slice top)
{
	for (size_t i = 0; i < OX_COUNT(compiled); i++)
		if (ox_slice_eq(top, compiled[i]))
			return true;
	return false;
}

/* In the standard library the use of __file__ alone says nothing. */
static bool scan_says(const struct ox_pack_resource *records, size_t count, const struct ox_map *users, bool is_stdlib,
		      struct ox_slice top)
{
	enum ox_wants_file wants = ox_file_wanted(ox_map_get(users, top));
	if ((wants == OX_WANTS_FILE && !is_stdlib) || is_compiled(top))
		return true;
	return wants != OX_WANTS_NO_FILE && has_data(records, count, top);
}

int ox_mark_wants_file(struct ox_pack_resource *records, size_t count, const struct ox_map *users, bool is_stdlib,
		       const struct ox_extract_rules *rules, struct ox_buf *names)
{
	struct ox_map seen = {0}; /* top-level name -> whether it is marked */
	bool any = false;
	int rc = 0;
	for (size_t i = 0; i < count; i++) {
		bool added;
		struct ox_slice top = ox_top_level(records[i].name);
		if (records[i].flags & OX_PACK_LIBRARY)
			continue;
		void **slot = ox_map_put(&seen, top, &added);
		if (!slot) {
			rc = -1;
			break;
		}
		if (added && ox_extract_choose(rules, top, scan_says(records, count, users, is_stdlib, top))) {
			*slot = &seen;
			ox_buf_str(names, names->len ? ", " : "");
			ox_buf_slice(names, top);
		}
		if (*slot)
			records[i].flags |= OX_PACK_WANTS_FILE;
		else if (!rules->never && ox_extract_choose(rules, top, true))
			records[i].flags |= OX_PACK_MAY_BE_FILE;
		any = any || *slot;
	}
	for (size_t i = 0; any && i < count; i++)
		if (records[i].flags & OX_PACK_EXTENSION && ox_slice_ends(records[i].name, OX_SLICE("__mypyc")))
			records[i].flags |= OX_PACK_WANTS_FILE;
	ox_map_free(&seen);
	return rc;
}
