/* main of every produced executable. */
#include "runtime/embed/exec.h"
#include "runtime/embed/interpreter.h"
#include "runtime/embed/payload.h"
#include "runtime/embed/python_call.h"
#include "runtime/embed/run.h"
#include "runtime/embed/terminfo.h"

int main(int argc, char **argv)
{
	struct ox_program p = {.argc = argc, .argv = argv, .libraries.lock = PTHREAD_MUTEX_INITIALIZER};
	struct ox_err err = {0};
	struct ox_slice payload;
	int exit_code = -1;
	int rc = ox_payload_find(&payload, &err);
	if (!rc)
		rc = ox_program_load(&p, payload, &err);
	if (!rc) {
		ox_exec_remember(&p);
		rc = ox_python_call_decide(&p, &err);
	}
	if (!rc) {
		ox_terminfo_set(&p);
		rc = ox_interpreter_start(&p, &exit_code, &err);
	}
	if (rc < 0)
		fprintf(stderr, "%s: %s\n", argc ? argv[0] : "?", err.text);
	else if (exit_code < 0)
		exit_code = ox_run(&p);
	return rc < 0 ? 1 : exit_code;
}
