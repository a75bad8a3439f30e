#include "daemon/transfer/members.h"

enum { MOST_PATH = 2000, MOST_NAME = 255, MOST_DEPTH = 100, MOST_LINKS = 40 };

void ox_members_free(struct ox_members *m)
{
	ox_map_free(&m->by_path);
	ox_vec_free(&m->all);
	ox_arena_free(&m->arena);
}

struct ox_tree_entry *ox_members_find(const struct ox_members *m, struct ox_slice path)
{
	uintptr_t index = (uintptr_t)ox_map_get(&m->by_path, path);
	return index ? &m->all.items[index - 1] : NULL;
}

int ox_members_add(struct ox_members *m, const struct ox_tree_entry *entry, struct ox_err *err)
{
	struct ox_tree_entry *slot = ox_vec_push(&m->all);
	void **index = slot ? ox_map_put(&m->by_path, entry->path, NULL) : NULL;
	if (!index)
		return ox_fail_nomem(err, "an archive's members");
	*slot = *entry;
	*index = (void *)(uintptr_t)m->all.len;
	return 0;
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

static int refuse(struct ox_err *err, const char *name, const char *why)
{
	char shown[200];
	size_t len = 0;
	for (; name[len] && len < sizeof shown - 1; len++)
		shown[len] = (unsigned char)name[len] < 0x20 || name[len] == 0x7f ? '?' : name[len];
	shown[len] = '\0';
	return ox_fail(err, OX_EPOLICY, "the member \"%s\" %s", shown, why);
}

/* The next component of *rest, without it and its slashes; empty at the end. */
static struct ox_slice next_part(const char **rest)
{
	*rest += strspn(*rest, "/");
	struct ox_slice part = ox_slice(*rest, strcspn(*rest, "/"));
	*rest += part.len;
	return part;
}

int ox_member_name(struct ox_members *m, const char *name, struct ox_slice *path, struct ox_err *err)
{
	struct ox_buf clean = {0};
	int rc = 0, depth = 0;
	if (name[0] == '/')
		return refuse(err, name, "has an absolute path");
	if (strlen(name) > MOST_PATH)
		return refuse(err, name, "has too long a path");
	if (has_control(name))
		return refuse(err, name, "has a control character in its name");
	for (struct ox_slice part = next_part(&name); !rc && part.len; part = next_part(&name)) {
		if (ox_slice_eq_str(part, "."))
			continue;
		if (ox_slice_eq_str(part, ".."))
			rc = refuse(err, part.data, "leads out of its folder");
		else if (part.len > MOST_NAME)
			rc = refuse(err, part.data, "has too long a name");
		else if (++depth > MOST_DEPTH)
			rc = refuse(err, part.data, "nests too deep");
		ox_buf_str(&clean, clean.len ? "/" : "");
		ox_buf_slice(&clean, part);
	}
	if (!rc)
		rc = ox_buf_ok(&clean, "a member's name", err);
	*path = ox_arena_slice(&m->arena, rc ? OX_SLICE("") : ox_slice(ox_buf_text(&clean), clean.len));
	ox_buf_free(&clean);
	if (!rc && !path->data)
		rc = ox_fail_nomem(err, "a member's name");
	return rc;
}

/* Goes one component on from the folder `at`; links are followed. False: it leaves, or never ends. */
static bool walk(const struct ox_members *m, struct ox_buf *at, struct ox_slice way, int *links);

static bool step(const struct ox_members *m, struct ox_buf *at, struct ox_slice part, int *links)
{
	size_t before = at->len;
	if (ox_slice_eq_str(part, "."))
		return true;
	if (ox_slice_eq_str(part, "..")) {
		if (!at->len)
			return false;
		while (at->len && at->data[--at->len] != '/')
			;
		return true;
	}
	ox_buf_str(at, at->len ? "/" : "");
	ox_buf_slice(at, part);
	const struct ox_tree_entry *e = at->failed ? NULL : ox_members_find(m, ox_buf_view(at));
	if (!e || e->kind != 'l')
		return !at->failed;
	at->len = before;
	return ++*links <= MOST_LINKS && walk(m, at, e->target, links);
}

static bool walk(const struct ox_members *m, struct ox_buf *at, struct ox_slice way, int *links)
{
	const char *rest = way.data;
	bool inside = way.len > 0 && way.data[0] != '/';
	for (struct ox_slice part = next_part(&rest); inside && part.len; part = next_part(&rest))
		inside = step(m, at, part, links);
	return inside;
}

int ox_members_check_links(struct ox_members *m, struct ox_err *err)
{
	struct ox_buf at = {.limit = 64 * 1024};
	int rc = 0;
	for (size_t i = 0; !rc && i < m->all.len; i++) {
		const struct ox_tree_entry *e = &m->all.items[i];
		int links = 0;
		if (e->kind != 'l')
			continue;
		ox_buf_clear(&at);
		ox_buf_slice(&at, e->path);
		while (at.len && at.data[--at.len] != '/')
			;
		if (e->target.len > MOST_PATH || has_control(e->target.data) || !walk(m, &at, e->target, &links))
			rc = refuse(err, e->path.data, "is a link that leads out of the archive, or nowhere");
	}
	ox_buf_free(&at);
	return rc;
}
