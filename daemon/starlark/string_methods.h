/* string_methods.h - methods of strings that look at single characters
 * (string_case.c); those that search and cut are in string_methods.c. Case and
 * classes follow the C library's tables for Unicode in the "C.UTF-8" locale, so
 * that they are the same everywhere. */
#ifndef OX_STARLARK_STRING_METHODS_H
#define OX_STARLARK_STRING_METHODS_H

#include "daemon/starlark/thread.h"

ox_star_native ox_str_capitalize, ox_str_codepoint_ords, ox_str_codepoints, ox_str_elem_ords, ox_str_elems,
    ox_str_isalnum, ox_str_isalpha, ox_str_isdigit, ox_str_islower, ox_str_isspace, ox_str_istitle, ox_str_isupper,
    ox_str_lower, ox_str_title, ox_str_upper;

#endif
