#include "runtime/embed/python_call.h"

#include "runtime/embed/ancestry.h"
#include "runtime/embed/exec.h"
#include "runtime/embed/multiprocess.h"
#include "runtime/embed/script.h"
#include "runtime/embed/venv.h"

#include <assert.h>

/* How many ancestors may be this executable: when it gets an interpreter's arguments as an application, and at all. */
enum { DEEPEST_PYTHON = 8, DEEPEST = 64 };

/* What stands on the command line when it is python3's. */
struct ask {
	enum ox_call_kind kind;
	const char *text; /* in argv: code, module or file */
	int place;        /* of the file in argv */
	char letters[sizeof((struct ox_program *)0)->call_letters];
};

/* Options that take no text, and those that do. */
static const char plain[] = "bBdEiIOPqRsSuvVx", with_text[] = "WX";
static_assert(sizeof plain <= sizeof((struct ask){0}.letters), "room for each once");

static void note(struct ask *ask, char letter)
{
	size_t len = strlen(ask->letters);
	if (!strchr(ask->letters, letter))
		ask->letters[len] = letter;
}

/* What python3 does when no operand follows the options. Without -i or -V they may be anybody's options. */
static bool is_special(const struct ask *ask)
{
	return strpbrk(ask->letters, "iV");
}

static struct ask without_operand(struct ask ask)
{
	ask.kind = is_special(&ask) ? OX_CALL_OTHER : OX_CALL_NOTHING;
	return ask;
}

static struct ask with_operand(struct ask ask, char *const *argv, int i)
{
	ask.kind = strcmp(argv[i], "-") == 0 ? OX_CALL_OTHER : OX_CALL_FILE;
	ask.text = argv[i];
	ask.place = i;
	return ask;
}

static struct ask parse(int argc, char *const *argv)
{
	struct ask ask = {0};
	int i = 1;
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return (struct ask){.kind = OX_CALL_OTHER};
	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		const char *c = argv[i] + 1;
		if (strcmp(argv[i], "--check-hash-based-pycs") == 0 && i + 1 < argc) {
			i++;
			continue;
		}
		for (; *c && strchr(plain, *c); c++)
			note(&ask, *c);
		if (!*c)
			continue;
		bool is_last = *c == 'c' || *c == 'm';
		if (!is_last && !strchr(with_text, *c))
			return (struct ask){0};
		ask.text = c[1] ? c + 1 : ++i < argc ? argv[i] : NULL;
		if (!is_last)
			continue;
		ask.kind = !ask.text ? OX_CALL_NOTHING : is_special(&ask) ? OX_CALL_OTHER :
			   *c == 'c' ? OX_CALL_COMMAND : OX_CALL_MODULE;
		return ask;
	}
	return i < argc ? with_operand(ask, argv, i) : without_operand(ask);
}

static int refuse(const struct ox_program *p, struct ox_err *err)
{
	return ox_fail(err, OX_EUSAGE,
		       "this executable is not a Python interpreter, but was started as one by its own process "
		       "(%s %s); set python_arguments = \"child\" to have it answer",
		       p->argc > 1 ? p->argv[1] : p->argv[0], p->argc > 2 ? p->argv[2] : "");
}

/* The arguments are the application's: once more, but not for ever. */
static int pass_on(const struct ox_program *p, int depth, int most, struct ox_err *err)
{
	if (depth < most)
		return 0;
	const char *what = ox_program_is(p, "python_arguments", "never")
		? "set python_arguments = \"child\" or \"always\""
		: "start it with arguments that are not the application's own, -u in front of them for instance";
	return ox_fail(err, OX_EUSAGE,
		       "this executable has started itself with %s more than %d levels deep; if Python was meant to "
		       "run, %s",
		       p->argc > 1 ? p->argv[1] : "no arguments", most, what);
}

/* sys.executable is what libraries start; some call it python nevertheless, in argv[0]. */
static bool is_named_python(struct ox_program *p)
{
	const char *name = p->argc ? p->argv[0] : "", *set = ox_program_text(p, "executable");
	if (strcmp(name, p->exe) == 0 || (set && strcmp(name, set) == 0))
		return true;
	return ox_program_named_python(name);
}

/* An application that is configured as python3 is one: CPython itself sees to its arguments. */
static bool is_interpreter(struct ox_program *p)
{
	return ox_program_flag(p, "parse_argv", ox_program_is(p, "config_profile", "python"));
}

static int answer(struct ox_program *p, struct ask ask)
{
	p->call = ask.kind;
	p->call_text = ask.text;
	memcpy(p->call_letters, ask.letters, sizeof p->call_letters);
	return 0;
}

/* EXE [OPTIONS] APPLICATION ARGUMENTS is how a script restarts itself: [sys.executable, *sys.argv]. */
static int restart(struct ox_program *p, struct ask ask, int depth, struct ox_err *err)
{
	p->argc -= ask.place;
	p->argv += ask.place;
	return pass_on(p, depth, DEEPEST, err);
}

/* An application's operand, no file of Python's. */
static bool is_word(struct ask ask)
{
	return ask.kind == OX_CALL_FILE && !ox_script_is(ask.text) && !ox_ancestry_names_this(ask.text);
}

/* Started by the application's own process, with an interpreter's arguments. */
static int decide_child(struct ox_program *p, struct ask ask, struct ox_ancestry above, struct ox_err *err)
{
	if (is_word(ask))
		return pass_on(p, above.depth, DEEPEST, err);
	if (ox_program_is(p, "python_arguments", "never"))
		return pass_on(p, above.depth, DEEPEST_PYTHON, err);
	if (ask.kind == OX_CALL_FILE && ox_ancestry_names_this(ask.text))
		return restart(p, ask, above.depth, err);
	if (ox_program_is(p, "python_arguments", "always"))
		return answer(p, ask);
	if (above.is_restart)
		return pass_on(p, above.depth, DEEPEST_PYTHON, err);
	return ox_program_is(p, "python_arguments", "refuse") ? refuse(p, err) : answer(p, ask);
}

/* In a virtual environment all are python3's arguments, whoever gives them, and the application is never started. */
static int decide_venv(struct ox_program *p, struct ask ask, struct ox_err *err)
{
	if (ox_program_is(p, "python_arguments", "refuse") || ox_program_is(p, "python_arguments", "never"))
		return refuse(p, err);
	if (ask.kind == OX_CALL_NOTHING)
		ask.kind = OX_CALL_OTHER;
	return answer(p, ask);
}

/* By any other name than python, only arguments that may be python3's are worth a look at the files around. */
static bool may_be_venv(const struct ox_program *p, struct ask ask)
{
	return ask.kind != OX_CALL_NOTHING || (p->argc && ox_program_named_python(p->argv[0]));
}

/* Most starts end here: somebody's, of the application. */
static bool is_plain_start(struct ox_program *p, struct ask ask, bool is_named)
{
	if (!is_named && !ox_program_is(p, "python_arguments", "always"))
		return true;
	return !(is_named && ox_ancestry_is_near(p)) && (ask.kind == OX_CALL_NOTHING || is_word(ask));
}

int ox_python_call_decide(struct ox_program *p, struct ox_err *err)
{
	struct ask ask = parse(p->argc, p->argv);
	enum ox_exec how = ox_exec_how();
	bool is_named = is_named_python(p);
	p->venv_python = may_be_venv(p, ask) ? ox_venv_python(p) : NULL;
	if (p->venv_python && !ox_multiprocess_is_helper(p) && !is_interpreter(p))
		return decide_venv(p, ask, err);
	if (how == OX_EXEC_UNKNOWN && is_plain_start(p, ask, is_named))
		return 0;
	if (ox_multiprocess_is_helper(p) || is_interpreter(p))
		return 0;
	if (ask.kind == OX_CALL_NOTHING)
		return pass_on(p, ox_ancestry_look(p).depth, DEEPEST, err);
	struct ox_ancestry above = is_named ? ox_ancestry_look(p) : (struct ox_ancestry){0};
	if (above.count || (is_named && how == OX_EXEC_CALL))
		return decide_child(p, ask, above, err);
	if (!ox_program_is(p, "python_arguments", "always") || (ask.kind == OX_CALL_FILE && !ox_script_is(ask.text)))
		return pass_on(p, above.depth, DEEPEST, err);
	return answer(p, ask);
}
