/* code_check.h - whether a code object can be one that this version of CPython compiled.
 *
 * Packed resources say nowhere which version their bytecode is for, and running that of another one may
 * crash. Unmarshalling fails across the change of layout between 3.10 and 3.11; within either side the
 * instructions tell: those that a version does not have, how many inline cache entries it puts behind one,
 * its operands of comparisons, the form of its line table, what its code ends with. Up to 3.11 the first instruction
 * that only this version has ends the search: it takes a sixth of the time that looking at all of them did. It is a
 * check of plausibility, not of safety: bytecode that was crafted can crash any interpreter. */
#ifndef OX_IMPORTER_CODE_CHECK_H
#define OX_IMPORTER_CODE_CHECK_H

#include "proto/base/slice.h"
#include "runtime/importer/compat.h"

/* Fresh code, with all code objects inside. True for versions that this file does not know. */
bool ox_code_fits(PyObject *code);

/* The same of a module's own instructions in marshalled bytes, without the code objects inside: from 3.12 on CPython
 * writes into code while it unmarshals it, for that of another version beyond its end. True for what is no
 * marshalled code, and for other versions. */
bool ox_marshalled_fits(struct ox_slice bytes);

#endif
