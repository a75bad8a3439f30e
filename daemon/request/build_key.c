#include "daemon/request/build_key.h"

#include "proto/wire/identity.h"
#include "store/digest/digest.h"

/* Each field with its length in front, so that no two builds encode alike. */
static void add(struct ox_buf *b, struct ox_slice field)
{
	ox_buf_u64(b, field.len);
	ox_buf_slice(b, field);
}

int ox_build_key(const struct ox_build *build, struct ox_digest *key, struct ox_err *err)
{
	struct ox_buf b = {0};
	add(&b, OX_SLICE("oxidizer build 1"));
	add(&b, ox_slice_str(ox_build_id()));
	ox_buf_byte(&b, build->mode == OX_BUILD_LIST_TARGETS ? 1 : 0);
	ox_buf_byte(&b, build->release ? 1 : 0);
	ox_buf_u32(&b, build->umask);
	add(&b, build->config_path);
	add(&b, build->target_triple);
	ox_buf_u64(&b, build->target_count);
	for (size_t i = 0; i < build->target_count; i++)
		add(&b, build->targets[i]);
	ox_buf_u64(&b, build->var_count);
	for (size_t i = 0; i < build->var_count; i++) {
		add(&b, build->vars[i].name);
		ox_buf_byte(&b, build->vars[i].unset ? 1 : 0);
		add(&b, build->vars[i].value);
	}
	int rc = ox_buf_ok(&b, "a build's key", err);
	if (rc == 0)
		rc = ox_digest_bytes(ox_buf_view(&b), key, err);
	ox_buf_free(&b);
	return rc;
}
