/* scan.h - finds the Python resources below a folder.
 *
 * Entries are visited depth-first in the byte order of their names; symbolic links to
 * folders are not followed. A folder "site-packages" or "dist-packages" right
 * below the scanned one is a root of its own and left out. A file is
 *
 *   metadata      below NAME.dist-info or NAME.egg-info whose METADATA or PKG-INFO has Name and Version
 *   a module      when its suffix is one of importlib.machinery's; bytecode only below __pycache__
 *                 and with this interpreter's tag; folders and stems with a dot in them are no packages
 *   a resource    of the deepest package around it, otherwise; files outside of packages are left out
 *
 * .egg folders are looked into, but for EGG-INFO; .pth and .egg files are left out, and so is whatever
 * is no regular file or has a name that is not UTF-8. */
#ifndef OX_IMPORTER_SCAN_H
#define OX_IMPORTER_SCAN_H

#include "runtime/importer/compat.h"

/* A list of the types of value.h: modules and metadata in the order of the walk, then
 * resources. ValueError when the path (bytes) is no folder or cannot be read. types[] by kind. */
PyObject *ox_scan(PyTypeObject *const *types, PyObject *path);

#endif
