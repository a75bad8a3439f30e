#include "runtime/embed/exit_threads.h"

#include "runtime/importer/compat.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	MOST_TURNS = 1000, /* how often the GIL is given up for a millisecond */
	MOST_CPU_MS = 50,  /* what the others may use of the processor meanwhile: they may be a pool that spins */
	SAMPLES = 20,      /* this many in a row with the first thread in the same wait are taken for the end */
	SAMPLE_MS = 100,
	BUSY_MS = SAMPLE_MS / 10, /* of the processor's time in one: somebody works, it may be for the first thread */
};

/* As long as the process, like what they tell of. */
static atomic_bool any_ended;
static int exit_status;

static void sleep_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};
	nanosleep(&t, NULL);
}

bool ox_threads_are_several(void)
{
	enum { LINKS_OF_ONE = 3 }; /* the folder's own two, and one for each thread */
	struct stat threads;
	return stat("/proc/self/task", &threads) == 0 && threads.st_nlink > LINKS_OF_ONE;
}

void ox_threads_end_this(void)
{
	if (syscall(SYS_gettid) == getpid())
		return;
	any_ended = true;
	for (;;)
		syscall(SYS_exit, 0);
}

static long cpu_ms(void)
{
	struct timespec t = {0};
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A file of a thread's in /proc as text; empty when it cannot be read. */
static void read_of_thread(const char *thread, const char *name, char *text, size_t size)
{
	char path[300];
	snprintf(path, sizeof path, "/proc/self/task/%s/%s", thread, name);
	FILE *f = fopen(path, "re");
	size_t len = f ? fread(text, 1, size - 1, f) : 0;
	text[len] = 0;
	if (f)
		fclose(f);
}

/* How often the thread has gone to sleep; -1 while it runs. */
static long sleeps_of(const char *thread)
{
	static const char state_key[] = "\nState:\t", count_key[] = "\nvoluntary_ctxt_switches:\t";
	char text[4096];
	read_of_thread(thread, "status", text, sizeof text);
	const char *state = strstr(text, state_key), *count = strstr(text, count_key);
	if (state && (state[sizeof state_key - 1] == 'R' || state[sizeof state_key - 1] == 'D'))
		return -1;
	return count ? strtol(count + sizeof count_key - 1, NULL, 10) : 0;
}

/* The same of all threads but the calling one, together. */
static long sleeps_of_others(void)
{
	long sum = 0;
	char own[16];
	DIR *threads = opendir("/proc/self/task");
	snprintf(own, sizeof own, "%ld", (long)syscall(SYS_gettid));
	for (const struct dirent *e; sum >= 0 && threads && (e = readdir(threads));) {
		long sleeps = e->d_name[0] != '.' && strcmp(e->d_name, own) != 0 ? sleeps_of(e->d_name) : 0;
		sum = sleeps < 0 ? -1 : sum + sleeps;
	}
	if (threads)
		closedir(threads);
	return sum;
}

/* While the second of two threads is looked at, the first may have been woken by it: they slept at one time only if
 * none has gone to sleep again from one look to the next. */
static bool another_is_running(void)
{
	long before = sleeps_of_others();
	return before < 0 || sleeps_of_others() != before;
}

/* PyGILState_Ensure counts when it has the GIL: a new thread that waits in it counts zero. */
static bool another_wants_gil(void)
{
	PyInterpreterState *interpreter = PyThreadState_GetInterpreter(PyThreadState_Get());
	for (PyThreadState *t = PyInterpreterState_ThreadHead(interpreter); t; t = PyThreadState_Next(t))
		if (t->gilstate_counter == 0)
			return true;
	return false;
}

void ox_threads_settle(void)
{
	long start = cpu_ms();
	for (int i = 0; i < MOST_TURNS && ox_threads_are_several(); i++) {
		/* In this order: one that runs may want the GIL, and sleep, by the time that it is looked at again. */
		bool is_work_left = another_is_running() && cpu_ms() - start <= MOST_CPU_MS;
		if (!is_work_left && !another_wants_gil())
			break;
		Py_BEGIN_ALLOW_THREADS;
		sleep_ms(1);
		Py_END_ALLOW_THREADS;
	}
}

static PyObject *settle(PyObject *self, PyObject *ignored)
{
	(void)self;
	(void)ignored;
	ox_threads_settle();
	Py_RETURN_NONE;
}

static PyMethodDef settle_def = {"settle", settle, METH_NOARGS, NULL};

/* What is registered first is called last. */
int ox_threads_settle_at_exit(void)
{
	PyObject *function = PyCFunction_New(&settle_def, NULL);
	PyObject *module = function ? PyImport_ImportModule("atexit") : NULL;
	PyObject *result = module ? PyObject_CallMethod(module, "register", "O", function) : NULL;
	Py_XDECREF(result);
	Py_XDECREF(module);
	Py_XDECREF(function);
	return result ? 0 : -1;
}

/* Whether the system call, as /proc tells it, is a wait without a time limit for a lock or another thread. */
static bool is_endless_wait(const char *call)
{
	long number;
	unsigned long limit;
	return sscanf(call, "%ld %*s %*s %*s %lx", &number, &limit) == 2 && number == SYS_futex && !limit;
}

static void *watch(void *arg)
{
	char first[16], call[256], before[256] = "";
	snprintf(first, sizeof first, "%ld", (long)getpid());
	for (int same = 0; same < SAMPLES;) {
		long used = cpu_ms();
		sleep_ms(SAMPLE_MS);
		read_of_thread(first, "syscall", call, sizeof call);
		/* On a machine that is busy otherwise, who has work to do may get nothing of the processor. */
		bool is_same = strcmp(call, before) == 0 && cpu_ms() - used < BUSY_MS && sleeps_of_others() >= 0;
		same = any_ended && is_same && is_endless_wait(call) ? same + 1 : 0;
		memcpy(before, call, sizeof before);
	}
	_exit(exit_status);
	return arg;
}

void ox_threads_watch(int status)
{
	pthread_t thread;
	sigset_t all, kept;
	if (!any_ended && !ox_threads_are_several())
		return;
	exit_status = status;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &kept);
	if (pthread_create(&thread, NULL, watch, NULL) == 0) {
		pthread_detach(thread);
		fflush(NULL); /* what an exit that is cut short would not do */
	}
	pthread_sigmask(SIG_SETMASK, &kept, NULL);
}
