#include "client/cmd/order.h"

struct list_sink {
	struct ox_sink sink;
	struct ox_sink *output;
	struct ox_arena arena;
	OX_VEC(struct ox_target) targets;
	bool failed;
};

static void emit(struct ox_sink *sink, const struct ox_event *event)
{
	struct list_sink *self = (struct list_sink *)sink;
	ox_emit(self->output, event);
	if (event->type != OX_EVENT_TARGET || event->as.target.state != OX_TARGET_REGISTERED)
		return;
	struct ox_target *target = ox_vec_push(&self->targets);
	if (target) {
		*target = event->as.target;
		target->name = ox_arena_slice(&self->arena, target->name);
	}
	if (!target || !target->name.data)
		self->failed = true;
}

static int by_name(const void *a, const void *b)
{
	return ox_slice_cmp(((const struct ox_target *)a)->name, ((const struct ox_target *)b)->name);
}

static int show(struct ox_cli *cli, struct list_sink *list)
{
	if (list->failed) {
		struct ox_err err;
		ox_fail_nomem(&err, "the list of targets");
		return ox_cli_fail(cli, &err);
	}
	if (list->targets.len)
		qsort(list->targets.items, list->targets.len, sizeof *list->targets.items, by_name);
	ox_output_targets(cli->output, list->targets.items, list->targets.len);
	return 0;
}

static int run(struct ox_cli *cli)
{
	struct ox_options *o = &cli->options;
	struct list_sink list = {.sink.emit = emit, .output = ox_output_sink(cli->output)};
	struct ox_order order;
	struct ox_err err;
	int code = ox_order_make(&order, o, OX_BUILD_LIST_TARGETS, o->word_count ? o->words[0] : o->path, &err);
	int exit_code = code ? ox_cli_fail(cli, &err) : ox_cli_ask(cli, ox_order_how(o), &order.msg, &list.sink);
	if (exit_code == 0)
		exit_code = show(cli, &list);
	ox_order_free(&order);
	ox_vec_free(&list.targets);
	ox_arena_free(&list.arena);
	return exit_code;
}

const struct ox_command ox_command_list_targets = {
	.name = "list-targets",
	.synopsis = "[OPTION]... [PATH]",
	.summary = "list the targets of a configuration; the default one is marked with *",
	.options = OX_OPTION_COMMON | OX_OPTION_PATH | OX_OPTION_RELEASE | OX_OPTION_TARGET_TRIPLE | OX_OPTION_VAR |
		   OX_OPTION_VAR_ENV | OX_OPTION_NO_DAEMON | OX_OPTION_OFFLINE,
	.run = run,
};
