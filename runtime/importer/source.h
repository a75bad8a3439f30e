/* source.h - source code as text: by the rules of Python's own tokenizer, a byte order mark and the declarations of
 * PEP 263 included, with "\n" at the end of each line. */
#ifndef OX_IMPORTER_SOURCE_H
#define OX_IMPORTER_SOURCE_H

#include "proto/base/slice.h"
#include "runtime/importer/compat.h"

/* A new str; SyntaxError or UnicodeDecodeError where importlib's decode_source() raises them. */
PyObject *ox_decode_source(struct ox_slice bytes);

#endif
