#include "runtime/importer/extension.h"

#include "proto/base/buf.h"
#include "runtime/importer/extract.h"

#include <dlfcn.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

/* A record may need others that need others; payloads are not trusted to be free of circles. */
enum { DEEPEST_NEED = 64 };

void ox_libraries_free(struct ox_libraries *l)
{
	for (size_t i = 0; i < l->v.len; i++)
		free(l->v.items[i].path);
	ox_vec_free(&l->v);
}

static int fill(int fd, struct ox_slice content, struct ox_err *err)
{
	while (content.len) {
		ssize_t n = write(fd, content.data, content.len);
		if (n < 0 && errno != EINTR)
			return ox_fail_errno(err, errno, "cannot write to memory file");
		if (n > 0)
			content = ox_slice(content.data + n, content.len - (size_t)n);
	}
	return 0;
}

/* OX_ENOENT when this system offers no way to load from memory. */
static int memory_path(const struct ox_pack_record *r, char **path, struct ox_err *err)
{
	struct ox_buf text = {0};
	char name[200]; /* memfd names are limited to 249 bytes */
	snprintf(name, sizeof name, "%.*s", OX_SLICE_ARG(r->name));
	int fd = memfd_create(name, MFD_CLOEXEC);
	if (fd < 0)
		return ox_fail(err, OX_ENOENT, "no memory files");
	ox_buf_printf(&text, "/proc/self/fd/%d", fd);
	int rc = ox_buf_ok(&text, "path of a library", err);
	if (!rc && access(text.data, R_OK) != 0)
		rc = ox_fail(err, OX_ENOENT, "no /proc");
	if (!rc)
		rc = fill(fd, r->library, err);
	if (rc < 0)
		close(fd);
	else
		*path = ox_buf_steal(&text);
	ox_buf_free(&text);
	return rc;
}

bool ox_wants_file(const struct ox_pack *pack, const struct ox_pack_record *r)
{
	const char *dot = memchr(r->name.data, '.', r->name.len);
	struct ox_pack_record top;
	if (!dot || r->flags & OX_PACK_WANTS_FILE)
		return r->flags & OX_PACK_WANTS_FILE;
	ox_pack_place place = ox_pack_find(pack, ox_slice(r->name.data, (size_t)(dot - r->name.data)));
	return ox_pack_get(pack, place, &top, NULL) == 0 && top.flags & OX_PACK_WANTS_FILE;
}

void ox_extract_key_of(const struct ox_pack *pack, ox_pack_place place, char *key)
{
	struct ox_slice segment = {0};
	struct ox_digest digest = {{0}};
	ox_pack_segment(pack, ox_pack_place_segment(pack, place), &segment, &digest);
	ox_extract_key(digest.bytes, segment, key);
}

/* Where its package would have it: "a.b" is a/b.so, a package a/__init__.so. A SONAME stays
 * as it is. */
static int cached_path(const struct ox_pack *pack, ox_pack_place place, const struct ox_pack_record *r, char **path,
		       struct ox_err *err)
{
	char key[OX_EXTRACT_KEY];
	struct ox_buf name = {0};
	bool is_module = !(r->flags & OX_PACK_LIBRARY);
	for (size_t i = 0; i < r->name.len; i++)
		ox_buf_byte(&name, is_module && r->name.data[i] == '.' ? '/' : r->name.data[i]);
	if (is_module)
		ox_buf_str(&name, r->flags & OX_PACK_PACKAGE ? "/__init__.so" : ".so");
	int rc = ox_buf_ok(&name, "name of a library", err);
	ox_extract_key_of(pack, place, key);
	if (!rc)
		rc = ox_extract_file(key, name.data, r->library, OX_EXTRACT_COMPARE, path, err);
	ox_buf_free(&name);
	return rc;
}

static int make_path(struct ox_library *lib, const struct ox_pack *pack, const struct ox_pack_record *r,
		     struct ox_err *err)
{
	int rc = OX_ENOENT;
	if (!(r->flags & OX_PACK_NEEDS_FILE) && !ox_wants_file(pack, r))
		rc = memory_path(r, &lib->path, err);
	if (rc != OX_ENOENT)
		return rc;
	lib->is_file = true;
	return cached_path(pack, lib->place, r, &lib->path, err);
}

static struct ox_library *known(struct ox_libraries *l, ox_pack_place place)
{
	for (size_t i = 0; i < l->v.len; i++)
		if (l->v.items[i].place == place)
			return &l->v.items[i];
	return NULL;
}

static int prepare(struct ox_libraries *l, const struct ox_pack *pack, ox_pack_place place, int depth,
		   struct ox_err *err);

static int load_needs(struct ox_libraries *l, const struct ox_pack *pack, const struct ox_pack_record *r, int depth,
		      struct ox_err *err)
{
	struct ox_slice name;
	for (uint32_t i = 0; i < r->needs.count && ox_pack_need(&r->needs, i, &name); i++) {
		ox_pack_place place = ox_pack_find(pack, name);
		if (place == OX_PACK_NOWHERE)
			continue; /* the system's, then: the loader says so if it is not there either */
		int rc = prepare(l, pack, place, depth + 1, err);
		if (rc < 0)
			return rc;
		struct ox_library *lib = known(l, place);
		if (!lib->is_loaded && !dlopen(lib->path, RTLD_LAZY | RTLD_LOCAL))
			return ox_fail(err, OX_EINTERNAL, "cannot load %.*s: %s", OX_SLICE_ARG(name), dlerror());
		lib->is_loaded = true;
	}
	return 0;
}

static int prepare(struct ox_libraries *l, const struct ox_pack *pack, ox_pack_place place, int depth,
		   struct ox_err *err)
{
	struct ox_pack_record r;
	struct ox_library lib = {.place = place};
	if (known(l, place))
		return 0;
	if (depth > DEEPEST_NEED)
		return ox_fail(err, OX_ECORRUPT, "packed libraries need each other in a circle");
	int rc = ox_pack_get(pack, place, &r, err);
	if (!rc)
		rc = load_needs(l, pack, &r, depth, err);
	if (!rc)
		rc = make_path(&lib, pack, &r, err);
	if (rc < 0)
		return rc;
	struct ox_library *slot = ox_vec_push(&l->v);
	if (!slot) {
		free(lib.path);
		return ox_fail_nomem(err, "table of libraries");
	}
	*slot = lib;
	return 0;
}

int ox_library_path(struct ox_libraries *l, const struct ox_pack *pack, ox_pack_place place, const char **path,
		    bool *is_file, struct ox_err *err)
{
	int rc = prepare(l, pack, place, 0, err);
	if (rc < 0)
		return rc;
	const struct ox_library *lib = known(l, place);
	*path = lib->path;
	*is_file = lib->is_file;
	return 0;
}
