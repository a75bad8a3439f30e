/* platform.h - compiler attributes and calls that this project does not use.
 *
 * Include it from any header that needs an attribute. The poisoned names are
 * those whose misuse has no safe form: an unbounded copy cannot be reviewed
 * at the place where it stands. Include system headers before poisoned names
 * matter: the pragma only affects text after this header. */
#ifndef OX_BASE_PLATFORM_H
#define OX_BASE_PLATFORM_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OX_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define OX_NODISCARD __attribute__((warn_unused_result))
#define OX_UNUSED __attribute__((unused))
#define OX_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#pragma GCC poison strcpy strcat gets strtok mktemp tmpnam
/* With _FORTIFY_SOURCE and clang these two are macros, which cannot be poisoned. */
#ifndef sprintf
#pragma GCC poison sprintf vsprintf
#endif

#endif
