#include "client/cmd/order.h"
#include "client/conn/paths.h"

static bool find_verb(const char *word, enum ox_store_verb *verb)
{
	static const char *const verbs[] = {
		[OX_STORE_STATS] = "stats",
		[OX_STORE_GC] = "gc",
		[OX_STORE_VERIFY] = "verify",
	};
	for (size_t i = 0; i < OX_COUNT(verbs); i++) {
		if (strcmp(word, verbs[i]) == 0) {
			*verb = (enum ox_store_verb)i;
			return true;
		}
	}
	return false;
}

static int run(struct ox_cli *cli)
{
	struct ox_options *o = &cli->options;
	struct ox_msg msg = {.kind = OX_MSG_STORE, .as.store = {.dry_run = o->dry_run, .repair = o->repair}};
	struct ox_buf path = {0};
	struct ox_err err;
	int code = 0;
	if (o->word_count != 1 || !find_verb(o->words[0], &msg.as.store.verb))
		code = ox_fail(&err, OX_EUSAGE, "say what to do with the store: oxc store stats, gc or verify");
	else if (o->dry_run && msg.as.store.verb != OX_STORE_GC)
		code = ox_fail(&err, OX_EUSAGE, "--dry-run belongs to `oxc store gc`");
	else if (o->repair && msg.as.store.verb != OX_STORE_VERIFY)
		code = ox_fail(&err, OX_EUSAGE, "--repair belongs to `oxc store verify`");
	if (!code)
		code = ox_store_path(&path, &err);
	msg.as.store.path = ox_buf_view(&path);
	int exit_code = code ? ox_cli_fail(cli, &err) : ox_cli_ask(cli, ox_order_how(o), &msg, NULL);
	ox_buf_free(&path);
	return exit_code;
}

const struct ox_command ox_command_store = {
	.name = "store",
	.synopsis = "stats|gc|verify [OPTION]...",
	.summary = "look at the store, make room in it, check it",
	.details = "  stats   what is in it and how large it is\n"
		   "  gc      remove what was not used for the longest time, down to the low-water mark\n"
		   "  verify  read everything and compare it with its digest\n",
	.options = OX_OPTION_COMMON | OX_OPTION_NO_DAEMON | OX_OPTION_DRY_RUN | OX_OPTION_REPAIR,
	.run = run,
};
