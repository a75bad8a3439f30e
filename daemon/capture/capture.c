#include "daemon/capture/capture.h"

#include "daemon/capture/elf_facts.h"
#include "daemon/capture/run.h"
#include "store/fs/dir.h"
#include "store/fs/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* A library counts when the result needs it: most compilers ask for some that nothing uses. */
static void drop_unneeded(struct ox_link_command *c, const struct ox_elf_facts *facts)
{
	size_t kept = 0;
	for (size_t i = 0; i < c->libraries.len; i++) {
		const char *soname = c->sonames.items[i];
		bool needed = !soname;
		for (size_t n = 0; !needed && n < facts->needed_count; n++)
			needed = strcmp(facts->needed[n], soname) == 0;
		if (needed)
			c->libraries.items[kept++] = c->libraries.items[i];
	}
	c->libraries.len = kept;
}

/* Constructors that have priorities are in sections of their own: the order that the final link would give them is
 * made here, in one section, since who links the object has them run by that name. */
static const char constructors[] =
	"SECTIONS { .init_array 0 : { *(SORT_BY_INIT_PRIORITY(.init_array.*)) *(.init_array) } } INSERT AFTER .text;\n";

static int write_text(const char *path, struct ox_slice text, struct ox_err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return ox_fail_errno(err, errno, "cannot create %s", path);
	int rc = ox_fs_write_all(fd, text.data, text.len, err);
	if (close(fd) != 0 && !rc)
		rc = ox_fail_errno(err, errno, "cannot write %s", path);
	return rc;
}

static const char *join_option(struct ox_arena *arena, bool by_driver, const char *word)
{
	return by_driver && word[0] == '-' ? ox_arena_printf(arena, "-Wl,%s", word) : word;
}

static int join(const struct ox_capture *capture, struct ox_link_command *c, const char *script, const char *object,
		struct ox_arena *arena, struct ox_err *err)
{
	static const char *const with_ld[] = {"-r", "-d", "-S", "--force-group-allocation"};
	static const char *const with_driver[] = {"-r", "-nostdlib", "-flinker-output=nolto-rel", "-Wl,-d", "-Wl,-S",
						  "-Wl,--force-group-allocation"};
	bool by_driver = c->has_lto;
	const char *const *head = by_driver ? with_driver : with_ld;
	size_t n = 0, head_count = by_driver ? OX_COUNT(with_driver) : OX_COUNT(with_ld);
	const char **argv = ox_arena_array(arena, c->pieces.len + head_count + 8, sizeof *argv);
	if (!argv)
		return ox_fail_nomem(err, "arguments of the linker");
	argv[n++] = by_driver ? capture->driver : capture->ld;
	for (size_t i = 0; i < head_count; i++)
		argv[n++] = head[i];
	if (!by_driver && c->emulation) {
		argv[n++] = "-m";
		argv[n++] = c->emulation;
	}
	argv[n++] = "-T";
	argv[n++] = script;
	argv[n++] = "-o";
	argv[n++] = object;
	for (size_t i = 0; i < c->pieces.len; i++)
		if (!(argv[n++] = join_option(arena, by_driver, c->pieces.items[i])))
			return ox_fail_nomem(err, "arguments of the linker");
	int status = ox_run_program(argv);
	if (status == 0)
		return 0;
	return ox_fail(err, OX_EBUILD, "its objects cannot be joined (%s ended with status %d)", argv[0], status);
}

static bool has_object(const struct ox_link_command *c)
{
	for (size_t i = 0; i < c->pieces.len; i++)
		if (c->pieces.items[i][0] != '-')
			return true;
	return false;
}

/* Joins, or finds out why not. */
static void make_object(const struct ox_capture *capture, struct ox_link_command *c, const char *object,
		       struct ox_arena *arena)
{
	struct ox_err err;
	if (!c->reason && !has_object(c))
		c->reason = "it was linked without any object";
	if (!c->reason && c->has_lto && !capture->driver)
		c->reason = "its objects are compiled further when they are linked";
	const char *script = c->reason ? NULL : ox_arena_printf(arena, "%s.ld", object);
	if (script && (write_text(script, OX_SLICE(constructors), &err) != 0 ||
		       join(capture, c, script, object, arena, &err) != 0))
		c->reason = ox_arena_str(arena, err.text);
	else if (!script && !c->reason)
		c->reason = "memory ran out";
	if (script)
		unlink(script);
	if (c->reason)
		unlink(object);
}

static int write_record(struct ox_link_command *c, const char *path, struct ox_err *err)
{
	struct ox_buf text = {0};
	struct ox_capture_record record = {
		.reason = c->reason, .libraries = c->libraries.items, .library_count = c->libraries.len};
	ox_capture_record_write(&record, &text);
	int rc = ox_buf_ok(&text, "a record", err);
	if (!rc)
		rc = write_text(path, ox_buf_view(&text), err);
	ox_buf_free(&text);
	return rc;
}

/* Fills a folder of its own and gives it its name; one that is there already has the same in it. */
static int keep_as(const struct ox_capture *capture, struct ox_link_command *c, const char *name,
		   struct ox_arena *arena, struct ox_err *err)
{
	char *temp = ox_arena_printf(arena, "%s/new-XXXXXX", capture->folder);
	const char *final = ox_arena_printf(arena, "%s/%s", capture->folder, name);
	if (!temp || !final)
		return ox_fail_nomem(err, "keeping objects");
	if (!mkdtemp(temp))
		return ox_fail_errno(err, errno, "cannot create a folder in %s", capture->folder);
	const char *object = ox_arena_printf(arena, "%s/object", temp);
	const char *record = ox_arena_printf(arena, "%s/record", temp);
	int rc = object && record ? 0 : ox_fail_nomem(err, "keeping objects");
	if (!rc) {
		make_object(capture, c, object, arena);
		rc = write_record(c, record, err);
	}
	bool known = false;
	if (!rc && rename(temp, final) != 0) {
		known = errno == EEXIST || errno == ENOTEMPTY;
		rc = known ? 0 : ox_fail_errno(err, errno, "cannot create %s", final);
	}
	if (rc || known)
		ox_fs_remove_tree(temp, NULL);
	return rc;
}

int ox_capture_keep(const struct ox_capture *capture, struct ox_link_command *command, struct ox_arena *arena,
		    struct ox_err *err)
{
	struct ox_elf_facts facts;
	struct ox_buf bytes = {0};
	int rc = ox_fs_read_file(command->output, &bytes, err);
	if (!rc && ox_elf_facts_read(ox_buf_view(&bytes), arena, &facts) != 0)
		rc = ox_fail_nomem(err, "keeping objects");
	ox_buf_free(&bytes);
	if (rc)
		return rc;
	if (!*facts.build_id)
		return ox_fail(err, OX_EBUILD, "%s has no build id", command->output);
	drop_unneeded(command, &facts);
	return keep_as(capture, command, facts.build_id, arena, err);
}
