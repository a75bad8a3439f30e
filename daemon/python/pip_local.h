/* pip_local.h - files and folders of this machine that a pip command reads. Each call adds
 * their contents to the step's key and records them in ctx->memo. `base`: the folder that relative
 * names start from. What is a URL, or is not there, adds nothing: pip will say so. */
#ifndef OX_PYTHON_PIP_LOCAL_H
#define OX_PYTHON_PIP_LOCAL_H

#include "daemon/python/distribution.h"

struct ox_pip_local {
	struct ox_build_context *ctx;
	struct ox_step *step;
	size_t requirements; /* seen so far */
	size_t inexact;      /* of them: not pinned to one version */
	size_t sources;      /* local archives, projects and wheel folders seen */
	unsigned depth;      /* of requirement files that include others */
};

/* One requirement: a name with a version, an archive, a project's folder. */
int ox_pip_local_requirement(struct ox_pip_local *l, const char *base, struct ox_slice text, struct ox_err *err);
/* -r FILE, -c FILE: with the files that they include. */
int ox_pip_local_requirements(struct ox_pip_local *l, const char *base, struct ox_slice file, struct ox_err *err);
int ox_pip_local_constraints(struct ox_pip_local *l, const char *base, struct ox_slice file, struct ox_err *err);
/* -f: a folder of wheels and archives, or a page. */
int ox_pip_local_links(struct ox_pip_local *l, const char *base, struct ox_slice text, struct ox_err *err);
/* A configuration file that is there, and the wheel folders that it names. */
int ox_pip_local_config(struct ox_pip_local *l, const char *name, const char *path, struct ox_err *err);

/* Whether a requirement names one version: "name==1.2", also with extras and markers. */
bool ox_requirement_is_exact(struct ox_slice requirement);

#endif
