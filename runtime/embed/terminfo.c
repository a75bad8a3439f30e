#include "runtime/embed/terminfo.h"

/* Those of Debian, Red Hat and their relatives, and of a hand-made installation; ncurses skips
 * what is not there, so nothing needs to be looked for. */
static const char usual_folders[] = "/etc/terminfo:/lib/terminfo:/usr/share/terminfo:/usr/lib/terminfo:"
				    "/usr/local/etc/terminfo:/usr/local/lib/terminfo:/usr/local/share/terminfo";

void ox_terminfo_set(struct ox_program *p)
{
	static const char prefix[] = "static:";
	const char *how = ox_program_text(p, "terminfo_resolution");
	if (how && strncmp(how, prefix, sizeof prefix - 1) == 0)
		setenv("TERMINFO_DIRS", how + sizeof prefix - 1, 1);
	else if (how && strcmp(how, "dynamic") == 0)
		setenv("TERMINFO_DIRS", usual_folders, 0);
}
