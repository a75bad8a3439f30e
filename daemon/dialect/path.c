#include "daemon/dialect/path.h"

/* Appends the components of `path` to out[0..len), which is "" or "/a/b". */
static size_t append_clean(char *out, size_t len, struct ox_slice path)
{
	for (size_t at = 0; at < path.len;) {
		size_t end = at;
		while (end < path.len && path.data[end] != '/')
			end++;
		size_t size = end - at;
		const char *part = path.data + at;
		at = end + 1;
		if (size == 0 || (size == 1 && part[0] == '.'))
			continue;
		if (size == 2 && part[0] == '.' && part[1] == '.') {
			while (len > 0 && out[--len] != '/')
				;
			continue;
		}
		out[len++] = '/';
		memcpy(out + len, part, size);
		len += size;
	}
	return len;
}

const char *ox_path_absolute(struct ox_arena *arena, const char *base, struct ox_slice path)
{
	size_t base_len = strlen(base);
	char *out = ox_arena_alloc(arena, base_len + path.len + 3);
	if (!out)
		return NULL;
	size_t len = 0;
	if (path.len == 0 || path.data[0] != '/')
		len = append_clean(out, len, ox_slice(base, base_len));
	len = append_clean(out, len, path);
	if (len == 0)
		out[len++] = '/';
	out[len] = '\0';
	return out;
}

const char *ox_path_below(const char *path, const char *prefix)
{
	size_t len = strlen(prefix);
	while (len > 0 && prefix[len - 1] == '/')
		len--;
	if (strncmp(path, prefix, len) != 0 || path[len] != '/' || path[len + 1] == '\0')
		return NULL;
	return path + len + 1;
}

const char *ox_path_join(struct ox_arena *arena, struct ox_slice prefix, struct ox_slice rest)
{
	while (prefix.len > 1 && prefix.data[0] == '.' && prefix.data[1] == '/')
		prefix = ox_slice(prefix.data + 2, prefix.len - 2);
	while (prefix.len > 0 && prefix.data[prefix.len - 1] == '/')
		prefix.len--;
	if (prefix.len == 0 || (prefix.len == 1 && prefix.data[0] == '.'))
		return ox_arena_printf(arena, "%.*s", OX_SLICE_ARG(rest));
	return ox_arena_printf(arena, "%.*s/%.*s", OX_SLICE_ARG(prefix), OX_SLICE_ARG(rest));
}

struct ox_slice ox_path_base(struct ox_slice path)
{
	size_t at = path.len;
	while (at > 0 && path.data[at - 1] != '/')
		at--;
	return ox_slice(path.data + at, path.len - at);
}
