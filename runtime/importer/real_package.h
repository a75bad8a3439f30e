/* real_package.h - packages that insist on __file__ and on real files beside them: which ones those are, and
 * where in the extraction cache (extract.h) their files lie. */
#ifndef OX_IMPORTER_REAL_PACKAGE_H
#define OX_IMPORTER_REAL_PACKAGE_H

#include "runtime/importer/extract.h"
#include "runtime/pack/reader.h"

/* Whether the package of a record is one: the record says so itself, or any record of its top-level package does. */
bool ox_wants_file(const struct ox_pack *pack, const struct ox_pack_record *r);

/* The key of a place's top-level package. It is made from the digests of all segments that the package has parts in,
 * so that what another build changes in one of them lies in a folder of its own. */
void ox_extract_key_of(const struct ox_pack *pack, ox_pack_place place, char key[static OX_EXTRACT_KEY]);

#endif
