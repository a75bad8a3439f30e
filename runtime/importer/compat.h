/* compat.h - Python.h, and what differs between CPython 3.8 and 3.15.
 *
 * Only what several files need: a difference that matters in one place stays there. */
#ifndef OX_IMPORTER_COMPAT_H
#define OX_IMPORTER_COMPAT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <marshal.h>
#include <stdbool.h>
#include <stdint.h>

#if PY_VERSION_HEX < 0x03080000
#error "CPython 3.8 or newer is needed"
#endif

#if PY_VERSION_HEX < 0x030A0000
static inline PyObject *ox_new_ref(PyObject *o)
{
	Py_XINCREF(o);
	return o;
}
#define Py_NewRef(o) ox_new_ref((PyObject *)(o))
#define Py_XNewRef(o) ox_new_ref((PyObject *)(o))
#define Py_TPFLAGS_IMMUTABLETYPE 0
#define Py_TPFLAGS_DISALLOW_INSTANTIATION 0
#endif

#if PY_VERSION_HEX < 0x03090000
#define PyObject_Vectorcall _PyObject_Vectorcall
#define PyThreadState_GetInterpreter(state) ((state)->interp)
#endif

/* In a tp_traverse: an instance holds its heap type. Uses the function's parameters `visit` and `arg`. */
#define OX_VISIT_TYPE(self) Py_VISIT(Py_TYPE(self))

/* A heap type that knows its module; NULL with an exception. 3.8 has no field for the module: the one that CPython
 * keeps "for nothing" (tp_cache) serves, since the collector visits it and the type's
 * deallocation releases it. */
static inline PyTypeObject *ox_type_new(PyObject *module, PyType_Spec *spec)
{
#if PY_VERSION_HEX < 0x03090000
	PyTypeObject *type = (PyTypeObject *)PyType_FromSpec(spec);
	if (type)
		type->tp_cache = Py_NewRef(module);
	return type;
#else
	return (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, NULL);
#endif
}

/* The module that made the type; borrowed. */
static inline PyObject *ox_type_module(PyTypeObject *type)
{
#if PY_VERSION_HEX < 0x03090000
	return type->tp_cache;
#else
	return PyType_GetModule(type);
#endif
}

/* The state of the module that made the type. */
static inline void *ox_type_state(PyTypeObject *type)
{
#if PY_VERSION_HEX < 0x03090000
	return PyModule_GetState(type->tp_cache);
#else
	return PyType_GetModuleState(type);
#endif
}

/* What a bytecode file has in front of the marshalled code: magic, flags, and time and size or hash of its source. */
enum { OX_PYC_HEADER = 16 };

/* What bytecode of this interpreter begins with, known before it has started; 0 when it is not. */
static inline uint32_t ox_bytecode_magic(void)
{
#if PY_VERSION_HEX >= 0x030E0000
	return (uint32_t)PyImport_GetMagicNumber(); /* a constant since 3.14 */
#else
	static const uint16_t words[] = {[8] = 3413, [9] = 3425,  [10] = 3439,
					 [11] = 3495, [12] = 3531, [13] = 3571};
	return 0x0A0D0000u | words[PY_VERSION_HEX >> 16 & 0xFF];
#endif
}

#endif
