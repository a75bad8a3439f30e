#include "runtime/embed/program.h"

#include "proto/base/buf.h"

#include <limits.h>
#include <sys/auxv.h>
#include <unistd.h>

/* The kernel's answer; without /proc, the path that was executed. */
static int find_exe(struct ox_program *p, struct ox_err *err)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
	if (len > 0)
		path[len] = '\0';
	else if (!realpath((const char *)getauxval(AT_EXECFN), path))
		return ox_fail(err, OX_ESYS, "could not obtain current executable path");
	p->exe = ox_arena_str(&p->arena, path);
	char *slash = strrchr(path, '/');
	if (slash)
		slash[slash == path] = '\0';
	p->origin = ox_arena_str(&p->arena, path);
	return p->exe && p->origin ? 0 : ox_fail_nomem(err, "path of the executable");
}

int ox_program_load(struct ox_program *p, struct ox_slice payload, struct ox_err *err)
{
	int rc = ox_pack_open(payload, &p->pack, err);
	if (rc < 0)
		return rc;
	uint32_t expected = ox_bytecode_magic(), magic = ox_pack_bytecode_magic(p->pack);
	if (expected && magic && magic != expected)
		return ox_fail(err, OX_ECORRUPT, "the payload's bytecode is for another interpreter (%08x, not %08x)",
			       magic, expected);
	rc = ox_pack_config_read(ox_pack_config_text(p->pack), &p->arena, &p->config, err);
	return rc < 0 ? rc : find_exe(p, err);
}

bool ox_program_flag(const struct ox_program *p, const char *name, bool otherwise)
{
	bool value = otherwise;
	ox_pack_config_bool(p->config, name, &value);
	return value;
}

bool ox_program_is(const struct ox_program *p, const char *name, const char *value)
{
	struct ox_slice text;
	return ox_pack_config_str(p->config, name, &text) && ox_slice_eq_str(text, value);
}

bool ox_program_named_python(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	return strncmp(base, "python", 6) == 0 && base[6 + strspn(base + 6, "0123456789.")] == '\0';
}

char *ox_program_expand(struct ox_program *p, struct ox_slice text)
{
	static const struct ox_slice token = {"$ORIGIN", 7};
	struct ox_buf out = {0};
	const char *hit;
	while (text.len && (hit = memmem(text.data, text.len, token.data, token.len))) {
		size_t before = (size_t)(hit - text.data);
		ox_buf_add(&out, text.data, before);
		ox_buf_str(&out, p->origin);
		text = ox_slice(hit + token.len, text.len - before - token.len);
	}
	ox_buf_slice(&out, text);
	char *copy = out.failed ? NULL : ox_arena_str(&p->arena, ox_buf_text(&out));
	ox_buf_free(&out);
	return copy;
}

const char *ox_program_text(struct ox_program *p, const char *name)
{
	struct ox_slice text;
	return ox_pack_config_str(p->config, name, &text) ? ox_program_expand(p, text) : NULL;
}
