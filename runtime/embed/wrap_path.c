/* Paths (sys.executable, sys.prefix, sys.path): where all of them are set there is nothing to compute, and CPython need
 * not look around in the file system for it. 3.8 and 3.9 look only for what is not set. */
#include "runtime/importer/compat.h"

#if PY_VERSION_HEX >= 0x030A0000
#include "runtime/embed/wrap.h"

OX_WRAP(PyStatus, _PyConfig_InitPathConfig, PyConfig *config, int compute);

PyStatus __wrap__PyConfig_InitPathConfig(PyConfig *config, int compute)
{
	bool complete = config->module_search_paths_set && config->executable && config->base_executable &&
			config->prefix && config->exec_prefix && config->base_prefix && config->base_exec_prefix &&
			!config->home;
	if (!compute || !complete)
		return __real__PyConfig_InitPathConfig(config, compute);
	if (!config->platlibdir)
		return PyConfig_SetBytesString(config, &config->platlibdir, "lib");
	return PyStatus_Ok();
}
#endif
