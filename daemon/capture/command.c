#include "daemon/capture/command.h"

#include "daemon/capture/elf_facts.h"
#include "daemon/capture/response.h"
#include "store/fs/file.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct reader {
	struct ox_link_command *c;
	struct ox_arena *arena;
	struct ox_words words, folders;
	bool prefer_static; /* since -Bstatic */
	struct ox_err *err;
};

enum content { CONTENT_OTHER, CONTENT_OBJECT, CONTENT_ARCHIVE, CONTENT_SHARED, CONTENT_BITCODE };

/* Options with a value in the next word that are of no interest here. */
static const char *const with_value[] = {
	"-plugin", "-plugin-opt", "-dynamic-linker", "--dynamic-linker", "-I", "-h", "-soname", "--soname", "-e",
	"--entry", "-u", "--undefined", "-y", "-z", "-rpath", "--rpath", "-rpath-link", "--rpath-link", "-Map",
	"--version-script", "--dynamic-list", "-a", "-A", "-b", "--format", "-F", "-f", "-G", "-R", "-Y",
	"--exclude-libs", "--sysroot", "-init", "-fini", "--hash-style", "--section-start", "-Ttext", "-Tdata", "-Tbss",
	"--build-id",
};

/* They would mean something else when the parts are joined first. */
static const char *const altering[] = {"--wrap", "-wrap", "--defsym", "-defsym", "-T", "--script", "--just-symbols"};

/* What decides how archives after it are taken. */
static const char *const kept[] = {
	"--whole-archive", "-whole-archive", "--no-whole-archive", "-no-whole-archive", "--start-group", "-(",
	"--end-group", "-)", "--push-state", "-push-state", "--pop-state", "-pop-state",
};

/* Every link has these again. */
static const char *const own_libraries[] = {"c", "gcc", "gcc_s", "gcc_eh"};

static bool is_one_of(const char *word, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(word, list[i]) == 0)
			return true;
	return false;
}

static int keep(struct reader *r, const char *word)
{
	const char **slot = word ? ox_vec_push(&r->c->pieces) : NULL;
	if (!slot)
		return ox_fail_nomem(r->err, "arguments of the linker");
	*slot = word;
	return 0;
}

static int refuse(struct reader *r, const char *reason)
{
	if (!reason)
		return ox_fail_nomem(r->err, "arguments of the linker");
	if (!r->c->reason)
		r->c->reason = reason;
	return 0;
}

static enum content content_of_head(const unsigned char *head, ssize_t len)
{
	if (len >= 18 && memcmp(head, ELFMAG, SELFMAG) == 0) {
		unsigned type = head[EI_DATA] == ELFDATA2MSB ? head[17] : head[16];
		return type == ET_REL ? CONTENT_OBJECT : type == ET_DYN ? CONTENT_SHARED : CONTENT_OTHER;
	}
	if (len >= 8 && (memcmp(head, "!<arch>\n", 8) == 0 || memcmp(head, "!<thin>\n", 8) == 0))
		return CONTENT_ARCHIVE;
	return len >= 4 && memcmp(head, "BC\xC0\xDE", 4) == 0 ? CONTENT_BITCODE : CONTENT_OTHER;
}

static enum content content_of(const char *path)
{
	unsigned char head[18];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, head, sizeof head);
	if (fd >= 0)
		close(fd);
	return content_of_head(head, len);
}

static bool mentions_lto(const char *path)
{
	static const char section[] = ".gnu.lto_";
	struct ox_buf bytes = {0};
	bool found = ox_fs_read_file(path, &bytes, NULL) == 0 && bytes.len &&
		     memmem(bytes.data, bytes.len, section, sizeof section - 1);
	ox_buf_free(&bytes);
	return found;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* Every link has its own. Packages have objects with other names that begin with "crt". */
static bool is_start_file(const char *path)
{
	static const char *const names[] = {
		"crt1.o", "Scrt1.o", "gcrt1.o", "rcrt1.o", "crti.o", "crtn.o",
		"crtbegin.o", "crtbeginS.o", "crtbeginT.o", "crtend.o", "crtendS.o",
		"crtfastmath.o", "crtprec32.o", "crtprec64.o", "crtprec80.o",
		"crtoffloadbegin.o", "crtoffloadend.o", "crtoffloadtable.o",
	};
	return is_one_of(base_name(path), names, OX_COUNT(names));
}

/* libz.so.1 -> libz.a beside it. NULL when it is not there. */
static const char *archive_beside(struct reader *r, const char *shared, const char *name)
{
	char real[PATH_MAX];
	const char *slash = strrchr(shared, '/');
	int folder = slash ? (int)(slash - shared + 1) : 0;
	const char *path = ox_arena_printf(r->arena, "%.*slib%s.a", folder, shared, name);
	if (!path || access(path, R_OK) != 0 || !realpath(path, real))
		return NULL;
	return ox_arena_str(r->arena, real);
}

/* NULL for a linker script. */
static const char *soname_of(struct reader *r, const char *path)
{
	struct ox_elf_facts facts = {0};
	struct ox_buf bytes = {0};
	if (ox_fs_read_file(path, &bytes, NULL) == 0)
		ox_elf_facts_read(ox_buf_view(&bytes), r->arena, &facts);
	ox_buf_free(&bytes);
	return facts.soname ? facts.soname : content_of(path) == CONTENT_SHARED ? base_name(path) : NULL;
}

static int add_library(struct reader *r, const char *name, const char *shared)
{
	if (is_one_of(name, own_libraries, OX_COUNT(own_libraries)) || strncmp(name, "python", 6) == 0)
		return 0;
	for (size_t i = 0; i < r->c->libraries.len; i++)
		if (strcmp(r->c->libraries.items[i].name, name) == 0)
			return 0;
	struct ox_capture_library *l = ox_vec_push(&r->c->libraries);
	const char **soname = l ? ox_vec_push(&r->c->sonames) : NULL;
	if (!soname)
		return ox_fail_nomem(r->err, "arguments of the linker");
	l->name = name;
	l->archive = shared ? archive_beside(r, shared, name) : NULL;
	*soname = shared ? soname_of(r, shared) : NULL;
	return 0;
}

static int add_shared_file(struct reader *r, const char *path)
{
	const char *name = base_name(path), *end = strstr(name, ".so");
	if (strncmp(name, "lib", 3) != 0 || !end)
		return refuse(r, ox_arena_printf(r->arena, "it is linked with the shared library %s", name));
	name = ox_arena_printf(r->arena, "%.*s", (int)(end - name - 3), name + 3);
	return name ? add_library(r, name, path) : ox_fail_nomem(r->err, "arguments of the linker");
}

static int add_file(struct reader *r, const char *path)
{
	switch (content_of(path)) {
	case CONTENT_OBJECT:
		if (is_start_file(path))
			return 0;
		r->c->has_lto = r->c->has_lto || mentions_lto(path);
		return keep(r, path);
	case CONTENT_ARCHIVE:
		r->c->has_lto = r->c->has_lto || mentions_lto(path);
		return keep(r, path);
	case CONTENT_SHARED:
		return add_shared_file(r, path);
	case CONTENT_BITCODE:
		return refuse(r, "its objects are LLVM bitcode and not machine code");
	case CONTENT_OTHER:
		break;
	}
	return 0;
}

/* The file that -lNAME stands for; NULL when none of the folders has one. */
static const char *find_library(struct reader *r, const char *name)
{
	for (size_t i = 0; i < r->folders.v.len; i++) {
		const char *folder = r->folders.v.items[i];
		for (int is_static = r->prefer_static; is_static < 2; is_static++) {
			const char *path = *name == ':'
				? ox_arena_printf(r->arena, "%s/%s", folder, name + 1)
				: ox_arena_printf(r->arena, "%s/lib%s%s", folder, name, is_static ? ".a" : ".so");
			if (path && access(path, R_OK) == 0)
				return path;
		}
	}
	return NULL;
}

static int add_named(struct reader *r, const char *name)
{
	const char *path = find_library(r, name);
	if (is_one_of(name, own_libraries, OX_COUNT(own_libraries)))
		return 0;
	if (!path || *name == ':')
		return path ? add_file(r, path) : add_library(r, name, NULL);
	/* A shared one, or a linker script in its place. */
	return content_of(path) == CONTENT_ARCHIVE ? add_file(r, path) : add_library(r, name, path);
}

/* The value of an option in the same word or the next: "-lz", "-l z". NULL when the word is another option. */
static const char *value_of(struct reader *r, size_t *i, const char *option)
{
	const char *word = r->words.v.items[*i];
	size_t len = strlen(option);
	if (strncmp(word, option, len) != 0)
		return NULL;
	if (word[len])
		return word + len + (word[len] == '=' && option[1] == '-');
	return *i + 1 < r->words.v.len ? r->words.v.items[++*i] : "";
}

static int collect_folders(struct reader *r)
{
	for (size_t i = 0; i < r->words.v.len; i++) {
		const char *folder = value_of(r, &i, "-L");
		const char **slot = folder ? ox_vec_push(&r->folders.v) : NULL;
		if (folder && !slot)
			return ox_fail_nomem(r->err, "arguments of the linker");
		if (folder)
			*slot = folder;
	}
	return 0;
}

static bool note_binding(struct reader *r, const char *word)
{
	static const char *const to_static[] = {"-Bstatic", "-dn", "-non_shared", "-static"};
	static const char *const to_shared[] = {"-Bdynamic", "-dy", "-call_shared"};
	bool is_static = is_one_of(word, to_static, OX_COUNT(to_static));
	if (!is_static && !is_one_of(word, to_shared, OX_COUNT(to_shared)))
		return false;
	r->prefer_static = is_static;
	return true;
}

static bool is_altering(const char *word)
{
	for (size_t i = 0; i < OX_COUNT(altering); i++) {
		size_t len = strlen(altering[i]);
		if (strncmp(word, altering[i], len) == 0 && (!word[len] || word[len] == '='))
			return true;
	}
	return false;
}

static int read_word(struct reader *r, size_t *i)
{
	const char *word = r->words.v.items[*i], *value;
	if (is_one_of(word, with_value, OX_COUNT(with_value))) {
		++*i;
		return 0;
	}
	if (is_altering(word))
		return refuse(r, ox_arena_printf(r->arena, "it is linked with %s", word));
	if (is_one_of(word, kept, OX_COUNT(kept)))
		return keep(r, word);
	if (note_binding(r, word))
		return 0;
	if (strcmp(word, "-shared") == 0 || strcmp(word, "--shared") == 0 || strcmp(word, "-Bshareable") == 0)
		r->c->is_shared = true;
	else if ((value = value_of(r, i, "--output")) || (value = value_of(r, i, "-o")))
		r->c->output = value;
	else if ((value = value_of(r, i, "-m")))
		r->c->emulation = value;
	else if ((value = value_of(r, i, "--library")) || (value = value_of(r, i, "-l")))
		return add_named(r, value);
	else if (word[0] != '-')
		return add_file(r, word);
	else
		(void)value_of(r, i, "-L"); /* known by now */
	return 0;
}

int ox_link_command_read(char *const *args, struct ox_arena *arena, struct ox_link_command *out, struct ox_err *err)
{
	struct reader r = {.c = out, .arena = arena, .err = err};
	*out = (struct ox_link_command){.output = "a.out"};
	int rc = ox_response_expand(args, arena, &r.words, err);
	if (!rc)
		rc = collect_folders(&r);
	for (size_t i = 0; !rc && i < r.words.v.len; i++)
		rc = read_word(&r, &i);
	ox_vec_free(&r.words.v);
	ox_vec_free(&r.folders.v);
	return rc;
}

void ox_link_command_free(struct ox_link_command *c)
{
	ox_vec_free(&c->pieces);
	ox_vec_free(&c->libraries);
	ox_vec_free(&c->sonames);
}
