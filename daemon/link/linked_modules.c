#include "daemon/link/linked_modules.h"

#include "daemon/link/elf_unique.h"
#include "daemon/link/linked_table.h"
#include "daemon/link/package.h"
#include "daemon/loop/process.h"
#include "store/fs/file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int leave_out(struct ox_stub_module *m, const char *why, struct ox_err *err)
{
	m->left_out = why;
	return why ? 0 : ox_fail_nomem(err, "linked modules");
}

/* A name for the linker that no other module gets: "a.b_c" -> "ox_linked_a_db_uc". NULL unless it is plain ASCII. */
static const char *symbol_of(struct ox_arena *arena, struct ox_slice name, struct ox_err *err)
{
	struct ox_buf text = {0};
	bool plain = name.len > 0;
	ox_buf_str(&text, "ox_linked_");
	for (size_t i = 0; i < name.len; i++) {
		plain = plain && (isalnum((unsigned char)name.data[i]) || name.data[i] == '.' || name.data[i] == '_');
		if (name.data[i] == '.')
			ox_buf_str(&text, "_d");
		else if (name.data[i] == '_')
			ox_buf_str(&text, "_u");
		else
			ox_buf_byte(&text, name.data[i]);
	}
	bool failed = ox_buf_ok(&text, "linked modules", err) != 0;
	const char *symbol = !failed && plain ? ox_arena_str(arena, ox_buf_text(&text)) : NULL;
	ox_buf_free(&text);
	return symbol;
}

static const char *original_of(struct ox_arena *arena, struct ox_slice name)
{
	const char *dot = memrchr(name.data, '.', name.len);
	size_t start = dot ? (size_t)(dot - name.data) + 1 : 0;
	return ox_arena_printf(arena, "PyInit_%.*s", (int)(name.len - start), name.data + start);
}

/* The distribution's own, which its other modules are linked with. Its tree is in the step's key. */
static bool find_own(const struct ox_linked_set *set, const char *file, struct ox_link_library *out)
{
	const struct ox_dist_archive *archive = set->dist->archive;
	const char *path = archive ? ox_arena_printf(set->ctx->arena, "%s/build/lib/%s", archive->root, file) : NULL;
	if (!path || access(path, R_OK) != 0)
		return false;
	*out = (struct ox_link_library){.argument = path, .is_static = true};
	out->input = (struct ox_link_input){.name = file, .path = path, .digest = archive->tree};
	return true;
}

/* The archive for -lNAME; OX_ENOENT when there is none. One beside the shared library that the module was linked with
 * is of the same version; the machine may have others of that name. */
static int find_archive(struct ox_linked_set *set, const struct ox_capture_library *wanted, struct ox_link_library *out,
			struct ox_err *err)
{
	const char *file = ox_arena_printf(set->ctx->arena, "lib%s.a", wanted->name);
	if (!file)
		return ox_fail_nomem(err, "linked modules");
	if (find_own(set, file, out))
		return 0;
	int rc = wanted->archive ? ox_link_input_read(set->ctx, file, wanted->archive, &out->input, err)
				 : ox_toolchain_library(set->ctx, set->toolchain, file, &out->input, err);
	if (rc == OX_ENOENT && wanted->archive)
		ox_memo_file(set->ctx->memo, wanted->archive);
	out->is_static = true;
	out->argument = out->input.path;
	return rc;
}

static int explain_missing(struct ox_linked_set *set, struct ox_stub_module *m, const char *name, struct ox_err *err)
{
	const char *file = ox_arena_printf(set->ctx->arena, "lib%s.a", name);
	const char *package = file ? ox_package_for_file(file) : NULL;
	return leave_out(m,
			 ox_arena_printf(set->ctx->arena, "it needs the static library lib%s.a%s%s%s", name,
					 package ? " (install the package " : ", which is not on this machine",
					 package ? package : "", package ? ")" : ""),
			 err);
}

/* Its runtime takes over more of a process than a module may. */
static bool is_unsuited(const char *name)
{
	return strcmp(name, "gfortran") == 0 || strcmp(name, "asan") == 0 || strcmp(name, "tsan") == 0;
}

static int find_libraries(struct ox_linked_set *set, struct ox_linked_item *item, struct ox_err *err)
{
	const struct ox_capture_record *record = &item->module->captured->record;
	struct ox_link_library *list = ox_arena_array(set->ctx->arena, record->library_count + 1, sizeof *list);
	item->libraries = list;
	if (!list)
		return ox_fail_nomem(err, "linked modules");
	for (size_t i = 0; i < record->library_count; i++) {
		const struct ox_capture_library *wanted = &record->libraries[i];
		struct ox_link_library *lib = &list[item->library_count];
		int rc = 0;
		if (is_unsuited(wanted->name))
			return leave_out(item->module,
					 ox_arena_printf(set->ctx->arena, "it uses the library %s", wanted->name), err);
		if (ox_is_glibc_name(wanted->name)) {
			lib->argument = ox_arena_printf(set->ctx->arena, "-l%s", wanted->name);
			rc = lib->argument ? 0 : ox_fail_nomem(err, "linked modules");
		} else {
			rc = find_archive(set, wanted, lib, err);
		}
		if (rc == OX_ENOENT)
			return explain_missing(set, item->module, wanted->name, err);
		if (rc)
			return rc;
		item->library_count++;
	}
	return 0;
}

/* *item: filled unless the module is left out. */
static int find_item(struct ox_linked_set *set, struct ox_stub_module *m, struct ox_linked_item *item,
		     struct ox_err *err)
{
	struct ox_err memory = {0};
	*item = (struct ox_linked_item){.module = m};
	m->left_out = m->captured->record.reason;
	if (m->left_out)
		return 0;
	if (!set->objcopy)
		return leave_out(m, "objcopy is not installed (install the package binutils)", err);
	item->symbol = symbol_of(set->ctx->arena, m->name, &memory);
	if (!item->symbol)
		return memory.code ? ox_fail_nomem(err, "linked modules")
				   : leave_out(m, "its name is not plain ASCII", err);
	item->original = original_of(set->ctx->arena, m->name);
	return item->original ? find_libraries(set, item, err) : ox_fail_nomem(err, "linked modules");
}

int ox_linked_set_find(struct ox_build_context *ctx, const struct ox_toolchain *t, const struct ox_distribution *dist,
		       struct ox_stub_module *modules, size_t count, struct ox_linked_set *out, struct ox_err *err)
{
	int rc = 0;
	*out = (struct ox_linked_set){
		.ctx = ctx, .toolchain = t, .dist = dist, .objcopy = ox_toolchain_program(t, "objcopy")};
	for (size_t i = 0; !rc && i < count; i++) {
		struct ox_linked_item item;
		rc = find_item(out, &modules[i], &item, err);
		struct ox_linked_item *slot = rc || modules[i].left_out ? NULL : ox_vec_push(&out->items);
		if (slot)
			*slot = item;
		else if (!rc && !modules[i].left_out)
			rc = ox_fail_nomem(err, "linked modules");
	}
	return rc;
}

void ox_linked_set_free(struct ox_linked_set *set)
{
	ox_vec_free(&set->items);
}

void ox_linked_set_add_inputs(const struct ox_linked_set *set, struct ox_step *step)
{
	for (size_t i = 0; i < set->items.len; i++) {
		const struct ox_linked_item *item = &set->items.items[i];
		struct ox_slice module = item->module->name;
		const char *name = ox_arena_printf(set->ctx->arena, "objects of %.*s", OX_SLICE_ARG(module));
		ox_step_digest(step, name ? name : "objects", &item->module->captured->object.digest);
		for (size_t n = 0; n < item->library_count; n++) {
			const struct ox_link_library *lib = &item->libraries[n];
			if (lib->is_static)
				ox_step_digest(step, lib->input.name, &lib->input.digest);
			else
				ox_step_text(step, "library", ox_slice_str(lib->argument));
		}
	}
}

static int write_bytes(const char *path, const struct ox_buf *bytes, struct ox_err *err)
{
	int rc = ox_buf_ok(bytes, "an object", err);
	int fd = rc ? -1 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (!rc && fd < 0)
		rc = ox_fail_errno(err, errno, "cannot create %s", path);
	if (!rc)
		rc = ox_fs_write_all(fd, ox_buf_text(bytes), bytes->len, err);
	if (fd >= 0 && close(fd) != 0 && !rc)
		rc = ox_fail_errno(err, errno, "cannot write %s", path);
	return rc;
}

/* Among its sections' names, where one is the end of another's. */
static bool has_constructors(const struct ox_buf *object)
{
	static const char section[] = ".init_array";
	return object->len && memmem(object->data, object->len, section, sizeof section);
}

static int write_object(struct ox_linked_set *set, struct ox_linked_item *item, const char *path, struct ox_err *err)
{
	struct ox_view view;
	struct ox_buf bytes = {0};
	int rc = ox_store_view(ox_actions_store(set->ctx->actions), &item->module->captured->object.digest, &view, err);
	if (rc)
		return rc;
	ox_buf_add(&bytes, view.data, view.len);
	ox_view_release(&view);
	if (!bytes.failed)
		ox_elf_unique_to_global(bytes.data, bytes.len);
	item->has_constructors = has_constructors(&bytes);
	rc = write_bytes(path, &bytes, err);
	ox_buf_free(&bytes);
	return rc;
}

static int make_local(struct ox_linked_set *set, const struct ox_linked_item *item, const char *from,
		      struct ox_err *err)
{
	struct ox_arena *arena = set->ctx->arena;
	struct ox_process_status status;
	const char *argv[] = {set->objcopy,
			      ox_arena_printf(arena, "--redefine-sym=%s=%s", item->original, item->symbol),
			      ox_arena_printf(arena, "--keep-global-symbol=%s", item->symbol),
			      ox_arena_printf(arena, "--rename-section=.init_array=start_%s", item->symbol),
			      "--remove-section=.gnu.lto_*",
			      from,
			      item->path,
			      NULL};
	struct ox_process_spec spec = {.argv = argv, .env = set->toolchain->env};
	if (!argv[1] || !argv[2] || !argv[3])
		return ox_fail_nomem(err, "linked modules");
	int rc = ox_process_run(&spec, &status, err);
	if (!rc && (status.exit_code || status.signal))
		rc = leave_out(item->module, "objcopy cannot make the symbols of its objects local", err);
	return rc;
}

int ox_linked_set_write(struct ox_linked_set *set, const char *dir, struct ox_err *err)
{
	int rc = 0;
	for (size_t i = 0; !rc && i < set->items.len; i++) {
		struct ox_linked_item *item = &set->items.items[i];
		const char *from = ox_arena_printf(set->ctx->arena, "%s/captured-%04zu.o", dir, i);
		item->path = ox_arena_printf(set->ctx->arena, "%s/module-%04zu.o", dir, i);
		rc = from && item->path ? write_object(set, item, from, err) : ox_fail_nomem(err, "linked modules");
		if (!rc)
			rc = make_local(set, item, from, err);
	}
	return rc;
}

static bool is_in(const struct ox_linked_set *set, size_t i)
{
	return !set->items.items[i].module->left_out;
}

static int add(struct ox_link_args *args, const char *text, struct ox_err *err)
{
	const char **slot = text ? ox_vec_push(&args->v) : NULL;
	if (!slot)
		return ox_fail_nomem(err, "linker arguments");
	*slot = text;
	return 0;
}

/* Archives may need each other. */
static int add_libraries(const struct ox_linked_set *set, struct ox_link_args *args, bool is_static,
			 struct ox_err *err)
{
	int rc = 0;
	for (size_t i = 0; i < set->items.len; i++) {
		const struct ox_linked_item *item = &set->items.items[i];
		for (size_t n = 0; !rc && is_in(set, i) && n < item->library_count; n++)
			if (item->libraries[n].is_static == is_static)
				rc = add(args, item->libraries[n].argument, err);
	}
	return rc;
}

int ox_linked_set_args(const struct ox_linked_set *set, const char *dir, const char *root, struct ox_link_args *args,
		       struct ox_err *err)
{
	struct ox_buf text = {0};
	const char *table = ox_arena_printf(set->ctx->arena, "%s/linked_modules.c", dir);
	size_t before = args->v.len;
	int rc = table ? 0 : ox_fail_nomem(err, "linked modules");
	for (size_t i = 0; !rc && i < set->items.len; i++)
		if (is_in(set, i))
			rc = add(args, set->items.items[i].path, err);
	if (rc || args->v.len == before)
		return rc;
	ox_linked_table_write(set, &text);
	rc = write_bytes(table, &text, err);
	ox_buf_free(&text);
	if (!rc)
		rc = add(args, ox_arena_printf(set->ctx->arena, "-I%s", root), err);
	if (!rc)
		rc = add(args, table, err);
	if (!rc)
		rc = add(args, "-static-libgcc", err);
	if (!rc)
		rc = add(args, "-Wl,--start-group", err);
	if (!rc)
		rc = add_libraries(set, args, true, err);
	if (!rc)
		rc = add(args, "-Wl,--end-group", err);
	return rc ? rc : add_libraries(set, args, false, err);
}

static bool mentions(struct ox_slice text, const char *word)
{
	return text.len && memmem(text.data, text.len, word, strlen(word));
}

static bool is_blamed(const struct ox_linked_item *item, struct ox_slice complaint)
{
	char symbol[1024]; /* as linkers quote it, in the singular and in the plural: `name' */
	snprintf(symbol, sizeof symbol, "%s'", item->symbol);
	bool found = mentions(complaint, item->path) || mentions(complaint, symbol);
	for (size_t i = 0; !found && i < item->library_count; i++)
		found = item->libraries[i].is_static && mentions(complaint, item->libraries[i].argument);
	return found;
}

/* The symbol that is missing, as far as the complaint tells. */
static const char *explain_complaint(struct ox_arena *arena, struct ox_slice complaint)
{
	static const char undefined[] = "undefined reference to `";
	const char *at = memmem(complaint.data, complaint.len, undefined, sizeof undefined - 1);
	if (!at)
		return "the linker refuses its objects";
	at += sizeof undefined - 1;
	size_t rest = (size_t)(complaint.data + complaint.len - at);
	const char *end = memchr(at, '\'', rest);
	return ox_arena_printf(arena, "linking it leaves symbols undefined, %.*s for one",
			       (int)(end ? (size_t)(end - at) : 0), at);
}

int ox_linked_set_blame(struct ox_linked_set *set, struct ox_slice complaint, struct ox_err *err)
{
	int blamed = 0;
	for (size_t i = 0; i < set->items.len; i++) {
		struct ox_linked_item *item = &set->items.items[i];
		if (item->module->left_out || !is_blamed(item, complaint))
			continue;
		int rc = leave_out(item->module, explain_complaint(set->ctx->arena, complaint), err);
		if (rc)
			return rc;
		blamed++;
	}
	return blamed;
}

void ox_linked_set_describe(const struct ox_linked_set *set, struct ox_buf *out)
{
	for (size_t i = 0; i < set->items.len; i++) {
		const struct ox_stub_module *m = set->items.items[i].module;
		if (m->left_out)
			ox_buf_printf(out, "%.*s\t%s\n", OX_SLICE_ARG(m->name), m->left_out);
	}
}

int ox_linked_set_recall(struct ox_linked_set *set, struct ox_slice text, struct ox_err *err)
{
	for (size_t i = 0; i < set->items.len; i++) {
		struct ox_stub_module *m = set->items.items[i].module;
		const char *line = ox_arena_printf(set->ctx->arena, "%.*s\t", OX_SLICE_ARG(m->name));
		const char *at = !line || !text.len ? NULL : memmem(text.data, text.len, line, strlen(line));
		if (!line)
			return ox_fail_nomem(err, "linked modules");
		if (!at || (at != text.data && at[-1] != '\n'))
			continue;
		at += strlen(line);
		const char *end = memchr(at, '\n', (size_t)(text.data + text.len - at));
		int rc = leave_out(m, ox_arena_printf(set->ctx->arena, "%.*s", end ? (int)(end - at) : 0, at), err);
		if (rc)
			return rc;
	}
	return 0;
}
