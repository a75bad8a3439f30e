/* compat.h - Python.h, and what differs between CPython 3.9 and 3.13. */
#ifndef OX_IMPORTER_COMPAT_H
#define OX_IMPORTER_COMPAT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <marshal.h>

#if PY_VERSION_HEX < 0x030A0000
static inline PyObject *Py_NewRef(PyObject *o)
{
	Py_INCREF(o);
	return o;
}

static inline PyObject *Py_XNewRef(PyObject *o)
{
	Py_XINCREF(o);
	return o;
}
#define Py_TPFLAGS_DISALLOW_INSTANTIATION 0
#define Py_TPFLAGS_IMMUTABLETYPE 0
#endif

/* What bytecode of this interpreter begins with; 0 when not known here. */
static inline uint32_t ox_bytecode_magic(void)
{
	static const uint16_t words[] = {[9] = 3425, [10] = 3439, [11] = 3495, [12] = 3531, [13] = 3571};
	size_t minor = PY_VERSION_HEX >> 16 & 0xFF;
	return minor < sizeof words / sizeof words[0] && words[minor] ? 0x0A0D0000u | words[minor] : 0;
}

#endif
