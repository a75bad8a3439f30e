#include "daemon/python/compiled_list.h"

#include "daemon/python/marshal_normal.h"
#include "runtime/pack/compiled_layout.h"
#include "runtime/pack/put.h"

/* Where the length of its body stands in an entry without a checksum. */
enum { LENGTH_AT = OX_COMPILED_BODY_LEN };

static int add_code(struct ox_slice whole, struct ox_slice body, int minor, struct ox_buf *out, struct ox_err *err)
{
	size_t start = out->len;
	ox_buf_slice(out, ox_slice(whole.data, whole.len - body.len));
	size_t before = out->len;
	int rc = ox_buf_ok(out, "generated code", err);
	if (!rc)
		rc = ox_marshal_normalise(body, minor, out, err);
	if (!rc)
		ox_put_u32(out->data + start + LENGTH_AT, (uint32_t)(out->len - before));
	return rc;
}

int ox_compiled_list_normalise(struct ox_slice list, int minor, struct ox_buf *out, struct ox_err *err)
{
	struct ox_slice head, rest = list, whole;
	struct ox_compiled entry;
	int rc = 0;
	if (!ox_compiled_bytes(&rest, OX_COMPILED_LIST_HEAD, &head))
		return ox_fail(err, OX_ECORRUPT, "not a list of what was compiled");
	ox_buf_slice(out, head);
	while (!rc && rest.len) {
		if (!ox_compiled_next(&rest, &entry, &whole))
			rc = ox_fail(err, OX_ECORRUPT, "a list of what was compiled is cut short");
		else if (entry.kind == OX_COMPILED_EXEC || entry.kind == OX_COMPILED_EVAL)
			rc = add_code(whole, entry.body, minor, out, err);
		else
			ox_buf_slice(out, whole);
	}
	return rc ? rc : ox_buf_ok(out, "a list of what was compiled", err);
}
