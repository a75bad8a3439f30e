/* packer: a payload from a list on standard input, for tests of the runtime that need no
 * build. Each line is KIND TAB NAME TAB PATH-OR-TEXT:
 *
 *   module|package NAME -          a record with that role
 *   source|code0|code1|code2|library NAME PATH
 *   soname NAME PATH               a library that others need
 *   need NAME SONAME
 *   flag NAME NUMBER               further enum ox_pack_flag bits
 *   file|dist NAME INNER=PATH      in sorted order
 *   beside NAME RELATIVE           a module in a file beside the executable
 *   compiled NAME PATH             a module's list of what else is compiled
 *   config FIELD TEXT              one line of the serialised configuration
 *   segment - -                    the records so far are one segment
 *
 * usage: packer MAGIC > payload */
#include "proto/base/map.h"
#include "proto/base/vec.h"
#include "runtime/pack/compiled.h"
#include "runtime/pack/writer.h"

struct files {
	OX_VEC(struct ox_pack_file) v;
};

struct record {
	struct ox_pack_resource r;
	struct files files, dist;
	struct {
		OX_VEC(struct ox_slice) v;
	} needs;
};

static struct ox_arena arena;
static struct ox_map records;
static struct ox_buf segments[16], config_text;
static size_t segment_count;
static struct ox_slice lists[4096];
static size_t list_count;

static void die(const char *what)
{
	fprintf(stderr, "packer: %s\n", what);
	exit(1);
}

static struct ox_slice content(const char *path)
{
	struct ox_buf b = {0};
	FILE *f = fopen(path, "rb");
	if (!f)
		die(path);
	size_t n;
	char *room;
	while ((room = ox_buf_reserve(&b, 65536)) && (n = fread(room, 1, 65536, f)) > 0)
		ox_buf_commit(&b, n);
	fclose(f);
	struct ox_slice copy = ox_arena_slice(&arena, ox_buf_view(&b));
	ox_buf_free(&b);
	return copy;
}

static struct record *record(const char *name)
{
	char *key = ox_arena_str(&arena, name);
	void **slot = ox_map_put(&records, ox_slice_str(key), NULL);
	if (!*slot) {
		struct record *r = ox_arena_alloc(&arena, sizeof *r);
		r->r.name = ox_slice_str(key);
		*slot = r;
	}
	return *slot;
}

static void add_file(struct files *files, char *text)
{
	char *equals = strchr(text, '=');
	if (!equals)
		die(text);
	*equals = '\0';
	struct ox_pack_file *f = ox_vec_push(&files->v);
	f->name = ox_slice_str(ox_arena_str(&arena, text));
	f->data = content(equals + 1);
}

static void end_segment(uint32_t magic)
{
	struct ox_err err;
	struct ox_pack_resource *list = ox_arena_array(&arena, records.len + 1, sizeof *list);
	for (size_t i = 0; i < records.len; i++) {
		struct record *r = records.entries[i].value;
		r->r.files = r->files.v.items;
		r->r.file_count = r->files.v.len;
		r->r.distribution = r->dist.v.items;
		r->r.distribution_count = r->dist.v.len;
		r->r.needs = r->needs.v.items;
		r->r.need_count = r->needs.v.len;
		list[i] = r->r;
	}
	struct ox_buf table = {0};
	if (ox_compiled_write(lists, list_count, &table, &err) < 0)
		die(err.text);
	list_count = 0;
	if (ox_pack_write_segment(list, records.len, ox_buf_view(&table), magic, &segments[segment_count++], &err) < 0)
		die(err.text);
	for (size_t i = 0; i < records.len; i++) {
		struct record *r = records.entries[i].value;
		ox_vec_free(&r->files.v);
		ox_vec_free(&r->dist.v);
		ox_vec_free(&r->needs.v);
	}
	ox_map_free(&records);
	ox_buf_free(&table);
}

static void add_to_record(const char *kind, const char *name, char *text)
{
	struct record *r = record(name);
	if (strcmp(kind, "module") == 0)
		r->r.flags |= OX_PACK_MODULE;
	else if (strcmp(kind, "package") == 0)
		r->r.flags |= OX_PACK_MODULE | OX_PACK_PACKAGE;
	else if (strcmp(kind, "flag") == 0)
		r->r.flags |= (uint32_t)strtoul(text, NULL, 0);
	else if (strcmp(kind, "source") == 0)
		r->r.source = content(text);
	else if (strncmp(kind, "code", 4) == 0)
		r->r.bytecode[kind[4] - '0'] = content(text);
	else if (strcmp(kind, "library") == 0 || strcmp(kind, "soname") == 0) {
		r->r.library = content(text);
		r->r.flags |= kind[0] == 's' ? OX_PACK_LIBRARY : OX_PACK_EXTENSION;
	} else if (strcmp(kind, "need") == 0)
		*(struct ox_slice *)ox_vec_push(&r->needs.v) = ox_slice_str(ox_arena_str(&arena, text));
	else if (strcmp(kind, "beside") == 0)
		r->r.relative_path = ox_slice_str(ox_arena_str(&arena, text));
	else if (strcmp(kind, "file") == 0 || strcmp(kind, "dist") == 0)
		add_file(kind[0] == 'f' ? &r->files : &r->dist, text);
	else
		die(kind);
}

static void add_compiled(const char *path)
{
	if (list_count == sizeof lists / sizeof lists[0])
		die("too many lists of what was compiled");
	lists[list_count++] = content(path);
}

static void take_line(char *line, uint32_t magic)
{
	char *name = strchr(line, '\t'), *text = name ? strchr(name + 1, '\t') : NULL;
	if (!text)
		die(line);
	*name++ = '\0';
	*text++ = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (strcmp(line, "segment") == 0)
		end_segment(magic);
	else if (strcmp(line, "config") == 0)
		ox_buf_printf(&config_text, "%s=%s\n", name, text);
	else if (strcmp(line, "compiled") == 0)
		add_compiled(text);
	else
		add_to_record(line, name, text);
}

static void write_out(void)
{
	struct ox_pack_segment_ref refs[16] = {0};
	uint64_t offsets[16], total;
	struct ox_pack_config *config;
	struct ox_buf out = {0};
	struct ox_err err;
	for (size_t i = 0; i < segment_count; i++)
		refs[i].bytes = ox_buf_view(&segments[i]);
	if (ox_pack_config_read(ox_buf_view(&config_text), &arena, &config, &err) < 0 ||
	    ox_pack_write_head(refs, segment_count, config, &out, offsets, &total, &err) < 0)
		die(err.text);
	for (size_t i = 0; i < segment_count; i++) {
		while (out.len < offsets[i])
			ox_buf_byte(&out, '\0');
		ox_buf_slice(&out, ox_buf_view(&segments[i]));
	}
	fwrite(out.data, 1, out.len, stdout);
	ox_buf_free(&out);
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t size = 0;
	uint32_t magic = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : 0;
	while (getline(&line, &size, stdin) > 0)
		take_line(line, magic);
	if (records.len)
		end_segment(magic);
	write_out();
	for (size_t i = 0; i < segment_count; i++)
		ox_buf_free(&segments[i]);
	ox_buf_free(&config_text);
	ox_arena_free(&arena);
	free(line);
	return 0;
}
