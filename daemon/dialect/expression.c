#include "daemon/dialect/session.h"

enum { JSON_SIZE_MAX = 16 << 20 };

/* Calls a built-in with the value; what goes wrong is reported as for any program. */
static int text_by(struct ox_star *s, const char *built_in, ox_star_value v, struct ox_slice *text, struct ox_err *err)
{
	ox_star_value function, result;
	int rc = ox_star_eval_expr(s, "<expression>", ox_slice_str(built_in), NULL, &function, err);
	if (rc != 0)
		return rc;
	result = ox_star_call(s, function, &v, 1, NULL, 0, err);
	if (!ox_star_ok(result))
		return err ? err->code : OX_EUSAGE;
	*text = ox_star_text(result);
	return 0;
}

int ox_dialect_expression(struct ox_dialect *d, struct ox_slice text, struct ox_err *err)
{
	ox_star_value v;
	struct ox_text told = {0};
	struct ox_buf json = {.limit = JSON_SIZE_MAX};
	int rc = ox_star_eval_expr(d->star, "<expression>", text, d->module, &v, err);
	if (rc != 0 || ox_star_kind(v) == OX_STAR_T_NONE)
		return rc;
	rc = text_by(d->star, "repr", v, &told.text, err);
	if (rc == 0 && ox_star_json(d->star, v, &json) && !json.failed)
		told.json = ox_buf_view(&json);
	if (rc == 0)
		ox_emit(d->ctx->sink, &(struct ox_event){.type = OX_EVENT_TEXT, .as.text = told});
	ox_buf_free(&json);
	return rc;
}
