/* Threads that want the GIL while the interpreter ends: daemon threads, and those of libraries that call back into
 * Python. CPython up to 3.13 ends such a thread by pthread_exit, from the depth of whatever it does. glibc then unwinds
 * its stack: a frame of C++ that lets no exception through ends the whole program with SIGABRT, and destructors on the
 * way call an interpreter that is gone. CPython 3.14 lets the thread hang instead, and whoever joins it later, a static
 * destructor for instance, hangs with it.
 *
 * Here such a thread is ended by the kernel: nothing is unwound, its stack stays as it is, the locks that it holds
 * stay locked as in 3.14, and pthread_join returns since glibc waits for what the kernel clears.
 *
 * Not for musl, whose pthread_exit unwinds nothing and whose pthread_join does not wait for the kernel. */
#include "runtime/embed/exit_threads.h"
#include "runtime/embed/wrap.h"
#include "runtime/importer/compat.h"

#if PY_VERSION_HEX < 0x030E0000 && defined(__GLIBC__)
OX_WRAP_LIBC(__attribute__((noreturn)) void, pthread_exit, void *value);
OX_WRAP_LIBC(__attribute__((noreturn)) void, exit, int status);
OX_WRAP(void *, PyThread_tss_get, Py_tss_t *key);

static bool is_finalizing(void)
{
#if PY_VERSION_HEX >= 0x030D0000
	return Py_IsFinalizing();
#else
	return _Py_IsFinalizing();
#endif
}

/* Up to 3.9.5 a thread of Python's that has done its work calls pthread_exit as well, without a thread state. */
static bool is_in_python(void)
{
	return PY_VERSION_HEX >= 0x03090600 || PyGILState_GetThisThreadState();
}

void __wrap_pthread_exit(void *value)
{
	if (is_finalizing() && is_in_python())
		ox_threads_end_this();
	__real_pthread_exit(value);
}

/* When the interpreter is gone, PyGILState_Ensure looks for the thread's state and crashes as it makes one. */
void *__wrap_PyThread_tss_get(Py_tss_t *key)
{
	void *value = __real_PyThread_tss_get(key);
	if (!value && is_finalizing() && !PyInterpreterState_Main())
		ox_threads_end_this();
	return value;
}

/* sys.exit() in what CPython's own main loop runs (run.c) does not come back to us. */
void __wrap_exit(int status)
{
	if (is_finalizing())
		ox_threads_watch(status);
	__real_exit(status);
}
#endif
