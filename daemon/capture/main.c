/* oxidizer-linker: stands where a compiler looks for its linker (COMPILER_PATH) while a package is built.
 *
 * The real linker gets the command as it is. A shared library is given a build id by which it is found again, and what
 * it was linked from is kept in the folder that OXIDIZER_CAPTURE names. That this fails is no reason for a build to
 * fail: the module is a shared library then, as it is without us. */
#include "daemon/capture/capture.h"
#include "daemon/capture/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* The command with the build id, which depends on nothing but the result. */
static const char **with_build_id(int argc, char **argv, const char *real, struct ox_arena *arena)
{
	const char **copy = ox_arena_array(arena, (size_t)argc + 2, sizeof *copy);
	if (!copy)
		return NULL;
	copy[0] = real;
	for (int i = 1; i < argc; i++)
		copy[i] = argv[i];
	copy[argc] = "--build-id=sha1";
	return copy;
}

static int link_and_keep(int argc, char **argv, const char *real, struct ox_capture *capture,
			 struct ox_link_command *command, struct ox_arena *arena)
{
	struct ox_err err = {0};
	const char **with_id = with_build_id(argc, argv, real, arena);
	const char *gnu = ox_real_program("ld.bfd", arena);
	if (!with_id)
		return 127;
	int status = ox_run_program(with_id);
	if (status != 0)
		return status;
	capture->ld = gnu ? gnu : real;
	capture->driver = getenv("COLLECT_GCC");
	if (ox_capture_keep(capture, command, arena, &err) != 0)
		fprintf(stderr, "oxidizer: the objects of %s are not kept: %s\n", command->output, err.text);
	return 0;
}

int main(int argc, char **argv)
{
	struct ox_arena arena = {0};
	struct ox_link_command command = {0};
	struct ox_capture capture = {.folder = getenv("OXIDIZER_CAPTURE")};
	const char *real = argc ? ox_real_program(base_name(argv[0]), &arena) : NULL;
	int status = 127;
	if (!real) {
		fprintf(stderr, "oxidizer: there is no linker %s\n", argc ? base_name(argv[0]) : "");
	} else if (capture.folder && ox_link_command_read(argv + 1, &arena, &command, NULL) == 0 && command.is_shared) {
		status = link_and_keep(argc, argv, real, &capture, &command, &arena);
	} else {
		argv[0] = (char *)(uintptr_t)real;
		execv(real, argv);
		perror(real);
	}
	ox_link_command_free(&command);
	ox_arena_free(&arena);
	return status;
}
