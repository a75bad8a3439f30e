#include "runtime/importer/import_lock.h"

#include "runtime/importer/failure.h"
#include "runtime/importer/state.h"

#include <pythread.h>

/* In memory of its own: stacks of coroutine libraries move. */
struct ox_import_lock {
	struct ox_import_lock *next, **link;
	PyObject *name;
	unsigned long thread;
	long count;     /* how often the thread has taken it */
	PyObject *real; /* importlib's lock, once somebody asked for it */
};

int ox_import_locks_init(struct ox_import_locks *l, PyObject *bootstrap_dict)
{
	l->module_locks = Py_XNewRef(PyDict_GetItemString(bootstrap_dict, "_module_locks"));
	l->get = Py_XNewRef(PyDict_GetItemString(bootstrap_dict, "_get_module_lock"));
	l->threads = Py_XNewRef(PyDict_GetItemString(bootstrap_dict, "_thread"));
	if (l->module_locks && PyDict_CheckExact(l->module_locks) && l->get)
		return 0;
	PyErr_SetString(PyExc_ImportError, "importlib has no table of module locks");
	return -1;
}

int ox_import_locks_traverse(struct ox_import_locks *l, visitproc visit, void *arg)
{
	for (struct ox_import_lock *lock = l->first; lock; lock = lock->next)
		Py_VISIT(lock->real);
	Py_VISIT(l->module_locks);
	Py_VISIT(l->get);
	Py_VISIT(l->threads);
	return 0;
}

/* Imports that a thread never finished, because its interpreter ended, go with the list. */
void ox_import_locks_free(struct ox_import_locks *l)
{
	while (l->first) {
		struct ox_import_lock *lock = l->first;
		l->first = lock->next;
		Py_DECREF(lock->name);
		Py_XDECREF(lock->real);
		PyMem_Free(lock);
	}
	Py_CLEAR(l->module_locks);
	Py_CLEAR(l->get);
	Py_CLEAR(l->threads);
}

static struct ox_import_lock *find(const struct ox_import_locks *l, PyObject *name)
{
	struct ox_import_lock *lock = l->first;
	while (lock && lock->name != name && PyUnicode_Compare(lock->name, name) != 0)
		lock = lock->next;
	return lock;
}

static struct ox_import_lock *add(struct ox_import_locks *l, PyObject *name)
{
	struct ox_import_lock *lock = PyMem_Calloc(1, sizeof *lock);
	if (!lock) {
		PyErr_NoMemory();
		return NULL;
	}
	lock->name = Py_NewRef(name);
	lock->thread = PyThread_get_thread_ident();
	lock->next = l->first;
	lock->link = &l->first;
	if (lock->next)
		lock->next->link = &lock->next;
	l->first = lock;
	return lock;
}

/* A package that imports, while it is imported for the sake of its member, that member takes a lock twice. */
int ox_import_lock_take(struct ox_import_locks *l, PyObject *name, struct ox_import_lock **out)
{
	*out = NULL;
	int exists = PyDict_Contains(l->module_locks, name);
	if (exists != 0)
		return exists < 0 ? -1 : 0;
	struct ox_import_lock *lock = find(l, name);
	if (lock && lock->thread != PyThread_get_thread_ident())
		return 0;
	if (!lock)
		lock = add(l, name);
	if (!lock)
		return -1;
	lock->count++;
	*out = lock;
	return 0;
}

/* Returns the real lock, if there is one, once the list no longer needs it. */
static PyObject *drop(struct ox_import_lock *lock)
{
	if (--lock->count > 0)
		return Py_XNewRef(lock->real);
	PyObject *real = lock->real;
	*lock->link = lock->next;
	if (lock->next)
		lock->next->link = lock->link;
	Py_DECREF(lock->name);
	PyMem_Free(lock);
	return real;
}

static PyObject *call_release(PyObject *real)
{
	PyObject *method = ox_get_attr(real, "release");
	PyObject *done = method ? PyObject_CallObject(method, NULL) : NULL;
	Py_XDECREF(method);
	return done;
}

int ox_import_lock_release(struct ox_import_lock *lock)
{
	PyObject *real = drop(lock);
	if (!real)
		return 0;
	struct ox_exception set_aside = ox_exception_take();
	PyObject *done = call_release(real);
	Py_XDECREF(done);
	Py_DECREF(real);
	if (set_aside.type || done)
		ox_exception_give_back(set_aside);
	return done ? 0 : -1;
}

bool ox_import_lock_is_mine(const struct ox_import_locks *l, PyObject *name)
{
	const struct ox_import_lock *lock = find(l, name);
	return lock && !lock->real && lock->thread == PyThread_get_thread_ident();
}

int ox_import_lock_is_foreign(const struct ox_import_locks *l, PyObject *name)
{
	const struct ox_import_lock *lock = find(l, name);
	if (lock && !lock->real)
		return lock->thread != PyThread_get_thread_ident();
	return PyDict_Contains(l->module_locks, name);
}

/* Its count is a number, and since 3.12 a list with an item each time. */
static int set_count(PyObject *real, long taken)
{
	PyObject *count = ox_get_attr(real, "count");
	int rc = count ? 0 : -1;
	if (count && PyList_Check(count)) {
		while (rc == 0 && taken-- > 0)
			rc = PyList_Append(count, Py_True);
	} else if (count) {
		PyObject *number = PyLong_FromLong(taken);
		rc = number ? PyObject_SetAttrString(real, "count", number) : -1;
		Py_XDECREF(number);
	}
	Py_XDECREF(count);
	return rc;
}

/* As importlib calls the thread. gevent has another name for each of its own, also for what began before it. */
static PyObject *name_owner(const struct ox_import_locks *l, const struct ox_import_lock *lock)
{
	bool is_mine = lock->thread == PyThread_get_thread_ident();
	return is_mine && l->threads ? PyObject_CallMethod(l->threads, "get_ident", NULL)
				     : PyLong_FromUnsignedLong(lock->thread);
}

static int make_real(const struct ox_import_locks *l, struct ox_import_lock *lock, PyObject *real)
{
	PyObject *owner = name_owner(l, lock);
	int rc = owner ? PyObject_SetAttrString(real, "owner", owner) : -1;
	Py_XDECREF(owner);
	if (rc == 0)
		rc = set_count(real, lock->count);
	if (rc == 0)
		lock->real = Py_NewRef(real);
	return rc;
}

/* importlib's function is Python code, in which other threads may run: whose the name is
 * is looked at afterwards, before anybody can have seen the lock untaken. */
PyObject *ox_import_lock_get(struct ox_import_locks *l, PyObject *name)
{
	PyObject *real = PyObject_CallFunctionObjArgs(l->get, name, NULL);
	struct ox_import_lock *lock = real && PyUnicode_Check(name) ? find(l, name) : NULL;
	if (lock && !lock->real && make_real(l, lock, real) < 0)
		Py_CLEAR(real);
	return real;
}
