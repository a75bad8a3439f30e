#include "daemon/dialect/content_value.h"

#include "daemon/bundle/tree.h"
#include "daemon/dialect/path.h"

#include <unistd.h>

struct ox_content_value *ox_content_value_of(ox_star_value v)
{
	return ox_star_native_user(v, &ox_content_type);
}

ox_star_value ox_content_value_new(struct ox_dialect *d, const struct ox_content_value *content)
{
	struct ox_content_value *v = ox_star_alloc(d->star, sizeof *v);
	if (!v)
		return OX_STAR_FAILED;
	*v = *content;
	return ox_star_new_native(d->star, &ox_content_type, v);
}

static bool is_plain_name(struct ox_slice name)
{
	return name.len > 0 && !memchr(name.data, '/', name.len) && !ox_slice_eq_str(name, ".") &&
	       !ox_slice_eq_str(name, "..");
}

static ox_star_value get_filename(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr OX_UNUSED)
{
	return ox_star_slice(s, ox_content_value_of(self)->filename);
}

static int set_filename(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr OX_UNUSED,
			ox_star_value value)
{
	if (!is_plain_name(ox_star_text(value))) {
		ox_star_fail(s, "'%s' is not a file name", ox_star_cstr(value));
		return -1;
	}
	ox_content_value_of(self)->filename = ox_star_text(value);
	return 0;
}

static ox_star_value get_executable(struct ox_star *s OX_UNUSED, ox_star_value self,
				    const struct ox_star_attr_spec *attr OX_UNUSED)
{
	return ox_star_bool(ox_content_value_of(self)->executable);
}

static int set_executable(struct ox_star *s OX_UNUSED, ox_star_value self,
			  const struct ox_star_attr_spec *attr OX_UNUSED, ox_star_value value)
{
	ox_content_value_of(self)->executable = ox_star_truth(value);
	return 0;
}

static ox_star_value construct(struct ox_star *s, ox_star_value self OX_UNUSED, const ox_star_value *args,
			       void *data OX_UNUSED)
{
	struct ox_err err;
	struct ox_dialect *d = ox_dialect_of(s);
	struct ox_content_value v = {0};
	bool has_path = ox_star_kind(args[0]) == OX_STAR_T_STRING, has_text = ox_star_kind(args[2]) == OX_STAR_T_STRING;
	if (has_path == has_text)
		return ox_star_fail(s, "FileContent() takes %s",
				    has_path ? "path or content, not both" : "path or content");
	if (has_text && ox_star_kind(args[1]) != OX_STAR_T_STRING)
		return ox_star_fail(s, "FileContent() with content needs a filename");
	const char *path = has_path ? ox_dialect_path(d, args[0]) : "";
	if (!path)
		return OX_STAR_FAILED;
	v.filename =
		ox_star_kind(args[1]) == OX_STAR_T_STRING ? ox_star_text(args[1]) : ox_path_base(ox_star_text(args[0]));
	if (!is_plain_name(v.filename))
		return ox_star_fail(s, "'%.*s' is not a file name", OX_SLICE_ARG(v.filename));
	int rc = has_path ? ox_dialect_file_blob(d, path, &v.blob, &err)
			  : ox_dialect_text_blob(d, ox_star_text(args[2]), &v.blob, &err);
	if (rc != 0)
		return ox_star_fail_err(s, &err);
	v.executable = has_path && access(path, X_OK) == 0;
	if (ox_star_kind(args[3]) == OX_STAR_T_BOOL)
		v.executable = ox_star_truth(args[3]);
	return ox_content_value_new(d, &v);
}

static const struct ox_star_attr_spec attrs[] = {
	{"executable", OX_STAR_T_ANY, get_executable, set_executable, "Whether the file may be run.", 0},
	{"filename", OX_STAR_T_STRING, get_filename, set_filename, "Its name, without folders.", 0},
	{0},
};

static int repr(struct ox_star *s OX_UNUSED, ox_star_value self, struct ox_buf *out)
{
	ox_buf_printf(out, "FileContent<filename=%.*s>", OX_SLICE_ARG(ox_content_value_of(self)->filename));
	return 0;
}

const struct ox_star_type ox_content_type = {
	.name = "FileContent",
	.attrs = attrs,
	.repr = repr,
	.doc = "The content of a file.",
};

#define TEXT(parameter, text)                                                                                          \
	{                                                                                                              \
		.name = parameter, .types = OX_STAR_T_STRING | OX_STAR_T_NONE, .kind = OX_STAR_OPTIONAL,               \
		.fallback = "None", .doc = text                                                                        \
	}

const struct ox_star_function ox_content_function = {
	.name = "FileContent",
	.params = (const struct ox_star_param[]){TEXT("path", "the file to read"),
						 TEXT("filename", "its name; that of path when not given"),
						 TEXT("content", "the text, in place of path"),
						 {.name = "executable",
						  .types = OX_STAR_T_BOOL | OX_STAR_T_NONE,
						  .kind = OX_STAR_OPTIONAL,
						  .fallback = "None",
						  .doc = "whether it may be run; as path is when not given"},
						 {0}},
	.call = construct,
	.returns = OX_STAR_T_NATIVE,
	.doc = "Content from a file or from text.",
};
