/* package.h - which Debian package brings a file that is missing. */
#ifndef OX_LINK_PACKAGE_H
#define OX_LINK_PACKAGE_H

/* The package's name for "cc", "libz.a", ...; NULL when it is not known. */
const char *ox_package_for_file(const char *file);

#endif
