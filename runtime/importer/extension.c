#include "runtime/importer/extension.h"

#include "proto/base/buf.h"
#include "runtime/importer/extract.h"
#include "runtime/importer/index_files.h"
#include "runtime/importer/real_package.h"

#include <dlfcn.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A record may need others that need others. */
enum { DEEPEST_NEED = 64 };

/* Smaller files are compared as fast as a stamp is looked at. */
enum { WORTH_A_STAMP = 256 << 10 };

void ox_libraries_free(struct ox_libraries *l)
{
	for (size_t i = 0; i < l->v.len; i++) {
		free(l->v.items[i].path);
		Py_CLEAR(l->v.items[i].owner);
	}
	ox_vec_free(&l->v);
}

int ox_libraries_traverse(const struct ox_libraries *l, visitproc visit, void *arg)
{
	for (size_t i = 0; i < l->v.len; i++)
		Py_VISIT(l->v.items[i].owner);
	return 0;
}

int ox_memory_file(const char *name)
{
	return (int)syscall(SYS_memfd_create, name, MFD_CLOEXEC);
}

/* OX_ENOENT when this system offers no way to load from memory. */
static int memory_path(const struct ox_pack_record *r, char **path, struct ox_err *err)
{
	struct ox_buf text = {0};
	char name[200]; /* memfd names are limited to 249 bytes */
	snprintf(name, sizeof name, "%.*s", OX_SLICE_ARG(r->name));
	int fd = ox_memory_file(name);
	if (fd < 0)
		return ox_fail(err, OX_ENOENT, "no memory files");
	ox_buf_printf(&text, "/proc/self/fd/%d", fd);
	int rc = ox_buf_ok(&text, "path of a library", err);
	if (!rc && access(text.data, R_OK) != 0)
		rc = ox_fail(err, OX_ENOENT, "no /proc");
	if (!rc && ox_write_all(fd, r->library) < 0)
		rc = ox_fail_errno(err, errno, "cannot write to memory file");
	if (rc < 0)
		close(fd);
	else
		*path = ox_buf_steal(&text);
	ox_buf_free(&text);
	return rc;
}

static int check_intact(const struct ox_found *found, struct ox_err *err)
{
	if (found->given || ox_pack_library_intact(&found->record))
		return 0;
	return ox_fail(err, OX_ECORRUPT, "the library %.*s is damaged: this executable was altered",
		       OX_SLICE_ARG(found->record.name));
}

static bool need_at(const struct ox_found *found, uint32_t i, struct ox_slice *name)
{
	if (!found->given)
		return ox_pack_need(&found->record.needs, i, name);
	if (i >= found->given->need_count)
		return false;
	*name = found->given->needs[i];
	return true;
}

/* The index's name of an extension module that others need as a file: of "a/b.abi3.so" "a.b". False for libraries,
 * which are called by their SONAME. */
static bool module_of_need(struct ox_slice need, struct ox_buf *module)
{
	const char *slash = need.len ? memrchr(need.data, '/', need.len) : NULL;
	size_t start = slash ? (size_t)(slash - need.data) : 0, end = start;
	while (end < need.len && need.data[end] != '.')
		end++;
	ox_buf_clear(module);
	if (slash)
		ox_add_module(module, ox_slice(need.data, end));
	return slash && !module->failed;
}

/* Where its package would have it: "a.b" is a/b.so, a package a/__init__.so, and what others need is called
 * as they call it. A SONAME stays as it is. */
static int file_name(const struct ox_found *found, struct ox_buf *name, struct ox_err *err)
{
	const struct ox_pack_record *r = &found->record;
	struct ox_buf module = {0};
	struct ox_slice need;
	bool is_told = false;
	for (uint32_t i = 0; !is_told && need_at(found, i, &need); i++)
		is_told = module_of_need(need, &module) && ox_slice_eq(ox_buf_view(&module), r->name);
	ox_buf_free(&module);
	if (is_told || r->flags & OX_PACK_LIBRARY) {
		ox_buf_slice(name, is_told ? need : r->name);
	} else {
		ox_add_folder(name, r->name);
		ox_buf_str(name, r->flags & OX_PACK_PACKAGE ? "/__init__.so" : ".so");
	}
	return ox_buf_ok(name, "name of a library", err);
}

/* A large one is compared, and the payload's copy read at all, only when somebody may have changed it since it last
 * was. */
static int stamped_path(struct ox_extract_folders *folders, const struct ox_extract_item *item,
			const struct ox_found *found, char **path, struct ox_err *err)
{
	struct ox_extract_stamp stamp;
	int rc = ox_extract_stamp(folders, item->key, item->name, &stamp, err);
	if (rc < 0)
		return rc;
	if (ox_extract_known(folders, item, &stamp, path))
		return 0;
	stamp = (struct ox_extract_stamp){0};
	rc = check_intact(found, err);
	if (!rc)
		rc = ox_extract_file(folders, item, &stamp, path, err);
	if (!rc)
		ox_extract_stamp_renew(folders, item->key, item->name, &stamp, NULL); /* else the next start compares */
	return rc;
}

static int cached_path(const struct ox_index *index, const struct ox_found *found, struct ox_extract_folders *folders,
		       char **path, struct ox_err *err)
{
	const struct ox_pack_record *r = &found->record;
	char key[OX_EXTRACT_KEY];
	struct ox_buf name = {0};
	int rc = file_name(found, &name, err);
	if (found->given)
		ox_extract_key(NULL, r->library, key);
	else
		ox_extract_key_of(index->pack, found->place, key);
	const struct ox_extract_item item = {key, name.data, r->library};
	if (!rc && !found->given && r->library.len >= WORTH_A_STAMP)
		rc = stamped_path(folders, &item, found, path, err);
	else if (!rc && (rc = check_intact(found, err)) == 0)
		rc = ox_extract_file(folders, &item, NULL, path, err);
	ox_buf_free(&name);
	return rc;
}

static int make_path(struct ox_library *lib, const struct ox_index *index, const struct ox_found *found,
		     struct ox_extract_folders *folders, struct ox_err *err)
{
	const struct ox_pack_record *r = &found->record;
	bool wants_file = r->flags & OX_PACK_NEEDS_FILE || ox_wants_file(index->pack, r);
	/* Programs that need no files leave none behind. */
	bool prefers_file = !wants_file && r->flags & OX_PACK_PREFERS_FILE && index->has_extracted;
	int rc = OX_ENOENT;
	lib->is_file = true;
	if (prefers_file && cached_path(index, found, folders, &lib->path, NULL) == 0)
		return 0;
	if (!wants_file && (rc = check_intact(found, err)) == 0)
		rc = memory_path(r, &lib->path, err);
	lib->is_file = rc == OX_ENOENT;
	return lib->is_file ? cached_path(index, found, folders, &lib->path, err) : rc;
}

static struct ox_library *known(struct ox_libraries *l, const struct ox_found *found)
{
	for (size_t i = 0; i < l->v.len; i++)
		if (l->v.items[i].content == found->record.library.data)
			return &l->v.items[i];
	return NULL;
}

/* The payload's are looked for in what other interpreters have made, and remembered for them. */
static int find_path(struct ox_library *lib, const struct ox_index *index, const struct ox_found *found,
		     struct ox_err *err)
{
	struct ox_shared_libraries *shared = found->given ? NULL : index->shared;
	if (!shared) {
		struct ox_extract_folders folders = {0};
		int rc = make_path(lib, index, found, &folders, err);
		ox_extract_folders_free(&folders);
		return rc;
	}
	pthread_mutex_lock(&shared->lock);
	const struct ox_library *made = known(&shared->made, found);
	int rc = made ? 0 : make_path(lib, index, found, &shared->folders, err);
	struct ox_library *slot = made || rc ? NULL : ox_vec_push(&shared->made.v);
	if (slot)
		*slot = (struct ox_library){
			.content = lib->content, .path = strdup(lib->path), .is_file = lib->is_file};
	if (made) {
		lib->path = made->path ? strdup(made->path) : NULL;
		lib->is_file = made->is_file;
	}
	pthread_mutex_unlock(&shared->lock);
	return rc || lib->path ? rc : ox_fail_nomem(err, "table of libraries");
}

/* Its path, without what it needs. */
static int make_known(struct ox_index *index, const struct ox_found *found, struct ox_err *err)
{
	struct ox_library lib = {.content = found->record.library.data, .owner = found->owner};
	if (known(&index->libraries, found))
		return 0;
	int rc = found->given ? ox_records_load(index->records, found->record.library, err) : 0;
	if (!rc)
		rc = find_path(&lib, index, found, err);
	if (rc < 0)
		return rc;
	struct ox_library *slot = ox_vec_push(&index->libraries.v);
	if (!slot) {
		free(lib.path);
		return ox_fail_nomem(err, "table of libraries");
	}
	Py_XINCREF(lib.owner);
	*slot = lib;
	return 0;
}

static int prepare(struct ox_index *index, const struct ox_found *found, int depth, struct ox_err *err);

/* Loads one library that another needs, after what it needs itself. Between files a failure is no error yet: the loader
 * finds the others beside the one that is loaded in the end, where that has a run path. (Of pygame's libraries freetype
 * needs harfbuzz and says where it lies; harfbuzz needs freetype and does not say so.) */
static int load_need(struct ox_index *index, const struct ox_found *need, bool for_file, int depth, struct ox_err *err)
{
	int rc = prepare(index, need, depth + 1, err);
	struct ox_library *lib = rc < 0 ? NULL : known(&index->libraries, need);
	if (rc < 0 || lib->is_loaded)
		return rc;
	lib->is_loaded = dlopen(lib->path, RTLD_LAZY | RTLD_LOCAL);
	if (lib->is_loaded || (lib->is_file && for_file))
		return 0;
	return ox_fail(err, OX_EINTERNAL, "cannot load %.*s: %s", OX_SLICE_ARG(need->record.name), dlerror());
}

/* An extension module in the same folder: the loader finds the file as soon as it is there. True when the need is one,
 * or when it is but the own name. */
static bool make_sibling(struct ox_index *index, const struct ox_found *found, struct ox_slice name, int depth, int *rc,
			 struct ox_err *err)
{
	struct ox_buf module = {0};
	struct ox_found need = {.kind = OX_KIND_NONE};
	bool is_module = module_of_need(name, &module);
	if (is_module && !ox_slice_eq(ox_buf_view(&module), found->record.name))
		ox_index_find_packed(index, ox_buf_view(&module), &need);
	if (need.kind == OX_KIND_EXTENSION && !ox_index_is_linked(&need))
		*rc = prepare(index, &need, depth + 1, err);
	ox_buf_free(&module);
	return is_module;
}

/* In three steps: first all have paths, then those in memory are loaded, then those that are files. Files may need what
 * is in memory, which the loader does not find by itself; each other they find by their run paths. */
static int load_needs(struct ox_index *index, const struct ox_found *found, int depth, struct ox_err *err)
{
	enum { MAKE, LOAD_MEMORY, LOAD_FILES, DONE };
	const struct ox_library *own = known(&index->libraries, found);
	bool for_file = own && own->is_file;
	struct ox_slice name;
	int rc = 0;
	for (int step = MAKE; step < DONE; step++)
		for (uint32_t i = 0; !rc && need_at(found, i, &name); i++) {
			struct ox_found need;
			if (step == MAKE && make_sibling(index, found, name, depth, &rc, err))
				continue;
			if (!ox_index_find_library(index, name, &need))
				continue; /* the system's, then: the loader says so if it is not there either */
			const struct ox_library *lib = known(&index->libraries, &need);
			bool is_file = lib && lib->is_file;
			if (step == MAKE)
				rc = make_known(index, &need, err);
			else if (is_file == (step == LOAD_FILES))
				rc = load_need(index, &need, for_file, depth, err);
		}
	return rc;
}

static int prepare(struct ox_index *index, const struct ox_found *found, int depth, struct ox_err *err)
{
	if (depth > DEEPEST_NEED)
		return ox_fail(err, OX_ECORRUPT, "packed libraries need others that need others too deep");
	int rc = make_known(index, found, err);
	if (rc < 0 || known(&index->libraries, found)->is_ready)
		return rc;
	known(&index->libraries, found)->is_ready = true;
	rc = load_needs(index, found, depth, err);
	if (rc < 0)
		known(&index->libraries, found)->is_ready = false;
	return rc;
}

int ox_library_path(struct ox_index *index, const struct ox_found *found, const char **path, bool *is_file,
		    struct ox_err *err)
{
	int rc = prepare(index, found, 0, err);
	if (rc < 0)
		return rc;
	const struct ox_library *lib = known(&index->libraries, found);
	*path = lib->path;
	*is_file = lib->is_file;
	return 0;
}

int ox_library_load_needs(struct ox_index *index, const struct ox_found *found, struct ox_err *err)
{
	return load_needs(index, found, 0, err);
}
