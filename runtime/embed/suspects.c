#include "runtime/embed/internals.h"
#include "runtime/embed/suspects.h"

#include "proto/base/platform.h"

PyObject *ox_tracked_objects(void)
{
	PyObject *gc = PyImport_ImportModule("gc");
	PyObject *objects = gc ? PyObject_CallMethod(gc, "get_objects", NULL) : NULL;
	Py_XDECREF(gc);
	if (objects && !PyList_Check(objects)) {
		PyErr_SetString(PyExc_TypeError, "gc.get_objects() gives no list");
		Py_CLEAR(objects);
	}
	return objects;
}

/* Types that were judged already: there are a thousand objects to a type. */
enum { REMEMBERED = 256 };

struct collection {
	struct {
		PyTypeObject *type;
		bool is_suspect;
	} judged[REMEMBERED];
	PyObject *found; /* NULL: out of memory */
};

static bool is_suspect_type(PyTypeObject *type)
{
	return type->tp_finalize || type->tp_del || PyType_HasFeature(type, Py_TPFLAGS_TYPE_SUBCLASS) ||
	       PyType_IsSubtype(type, &PyModule_Type) || PyType_IsSubtype(type, &_PyWeakref_RefType) ||
	       type == &_PyWeakref_ProxyType || type == &_PyWeakref_CallableProxyType;
}

static inline bool is_suspect(struct collection *c, PyObject *o)
{
	PyTypeObject *type = Py_TYPE(o);
	size_t slot = (size_t)((uintptr_t)type >> 6) % REMEMBERED;
	if (c->judged[slot].type != type) {
		c->judged[slot].type = type;
		c->judged[slot].is_suspect = is_suspect_type(type);
	}
	return c->judged[slot].is_suspect && (!PyWeakref_Check(o) || ((PyWeakReference *)o)->wr_callback);
}

static inline void look_at(struct collection *c, PyObject *o)
{
	if (is_suspect(c, o) && c->found && PyList_Append(c->found, o) < 0)
		Py_CLEAR(c->found);
}

#if PY_VERSION_HEX >= 0x030C0000
static int visit(PyObject *o, void *c)
{
	look_at(c, o);
	return 1;
}

static void look_at_all(struct collection *c)
{
	PyUnstable_GC_VisitObjects(visit, c);
}
#elif PY_VERSION_HEX >= 0x03090000 && OX_HAS_INTERNALS
#include <internal/pycore_gc.h>
#include <internal/pycore_interp.h>

/* Each generation is a ring of the heads that lie before its objects (Modules/gcmodule.c). It is walked from both ends:
 * what takes the time is memory that no cache holds, which then comes from two places at once. */
static void look_at_ring(struct collection *c, PyGC_Head *ring)
{
	PyGC_Head *front = _PyGCHead_NEXT(ring), *back = _PyGCHead_PREV(ring);
	for (bool met = front == ring; !met; front = _PyGCHead_NEXT(front), back = _PyGCHead_PREV(back)) {
		look_at(c, (PyObject *)(front + 1));
		if (front != back)
			look_at(c, (PyObject *)(back + 1));
		met = front == back || _PyGCHead_NEXT(front) == back;
	}
}

static void look_at_all(struct collection *c)
{
	struct _gc_runtime_state *gc = &PyInterpreterState_Get()->gc;
	for (size_t i = 0; i < OX_COUNT(gc->generations); i++)
		look_at_ring(c, &gc->generations[i].head);
}
#else
static void look_at_all(struct collection *c)
{
	PyObject *objects = ox_tracked_objects();
	if (!objects)
		Py_CLEAR(c->found);
	for (Py_ssize_t i = 0; c->found && i < PyList_GET_SIZE(objects); i++)
		look_at(c, PyList_GET_ITEM(objects, i));
	Py_XDECREF(objects);
}
#endif

PyObject *ox_suspects(void)
{
	struct collection c = {.found = PyList_New(0)};
	if (c.found)
		look_at_all(&c);
	return c.found;
}
