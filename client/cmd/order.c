#include "client/cmd/order.h"

#include "client/cmd/config.h"
#include "client/conn/paths.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

int ox_order_environment(struct ox_arena *arena, struct ox_name_value **list, size_t *count, struct ox_err *err)
{
	size_t lines = 0;
	while (environ[lines])
		lines++;
	*count = 0;
	*list = ox_arena_array(arena, lines + 1, sizeof **list);
	if (!*list)
		return ox_fail_nomem(err, "the environment");
	for (size_t i = 0; i < lines; i++) {
		const char *equals = strchr(environ[i], '=');
		if (!equals || equals == environ[i])
			continue;
		(*list)[(*count)++] = (struct ox_name_value){
			.name = ox_slice(environ[i], (size_t)(equals - environ[i])),
			.value = ox_slice_str(equals + 1),
		};
	}
	return 0;
}

static int add_places(struct ox_order *order, const char *path, struct ox_err *err)
{
	struct ox_build *b = &order->msg.as.build;
	struct ox_buf config = {0}, store = {0};
	char *cwd = getcwd(NULL, 0);
	int code = cwd ? 0 : ox_fail_errno(err, errno, "cannot find out the current folder");
	if (!code)
		code = ox_config_find(path, &config, err);
	if (!code)
		code = ox_store_path(&store, err);
	if (!code) {
		b->cwd = ox_arena_slice(&order->arena, ox_slice_str(cwd));
		b->config_path = ox_arena_slice(&order->arena, ox_buf_view(&config));
		b->store = ox_arena_slice(&order->arena, ox_buf_view(&store));
		if (!b->cwd.data || !b->config_path.data || !b->store.data)
			code = ox_fail_nomem(err, "a request");
	}
	free(cwd);
	ox_buf_free(&config);
	ox_buf_free(&store);
	return code;
}

static mode_t current_umask(void)
{
	mode_t mask = umask(077);
	umask(mask);
	return mask;
}

int ox_order_make(struct ox_order *order, const struct ox_options *options, enum ox_build_mode mode,
		  const char *path, struct ox_err *err)
{
	*order = (struct ox_order){.msg.kind = OX_MSG_BUILD};
	order->msg.as.build = (struct ox_build){
		.mode = mode,
		.target_triple = ox_slice_str(options->target_triple),
		.vars = options->vars.items,
		.var_count = options->vars.len,
		.release = options->release,
		.offline = options->offline,
		.refresh = options->refresh,
		.explain = options->explain,
		.detach = options->detach,
		.verbosity = options->verbosity,
		.umask = current_umask(),
		.nice = getpriority(PRIO_PROCESS, 0),
	};
	int code = add_places(order, path, err);
	struct ox_build *b = &order->msg.as.build;
	return code ? code : ox_order_environment(&order->arena, &b->environment, &b->environment_count, err);
}

int ox_order_targets(struct ox_order *order, char *const *names, size_t count, struct ox_err *err)
{
	struct ox_build *b = &order->msg.as.build;
	b->targets = ox_arena_array(&order->arena, count + 1, sizeof *b->targets);
	if (!b->targets)
		return ox_fail_nomem(err, "a request");
	for (size_t i = 0; i < count; i++)
		b->targets[i] = ox_slice_str(names[i]);
	b->target_count = count;
	return 0;
}

void ox_order_free(struct ox_order *order)
{
	ox_arena_free(&order->arena);
}

enum ox_conn_how ox_order_how(const struct ox_options *options)
{
	return options->no_daemon ? OX_CONN_WORKER : OX_CONN_DAEMON;
}
