#include "daemon/python/license.h"

#include "proto/base/platform.h"

#include <stdlib.h>

static const char *const identifiers[] = {
#define OX_SPDX(id) id,
#include "daemon/python/spdx_ids.def"
#undef OX_SPDX
};

static const char *const families[] = {
	"AGPL-", "CC-BY-NC-SA-", "CC-BY-SA-", "CECILL-", "CPL-", "CDDL-", "EUPL-",
	"GFDL-", "GPL-",	 "LGPL-",     "MPL-",	 "NPL-", "OSL-",
};

static const char *const by_name[] = {"BSD-Protection", "MS-PL", "MS-RL", "Parity-6.0.0", "SISSL", "xinetd", "YPL-1.1"};

static int compare(const void *key, const void *item)
{
	return ox_slice_cmp(*(const struct ox_slice *)key, ox_slice_str(*(const char *const *)item));
}

static bool is_copyleft(struct ox_slice id)
{
	for (size_t i = 0; i < OX_COUNT(families); i++)
		if (ox_slice_starts(id, ox_slice_str(families[i])))
			return true;
	for (size_t i = 0; i < OX_COUNT(by_name); i++)
		if (ox_slice_eq_str(id, by_name[i]))
			return true;
	return false;
}

static enum ox_license judge_one(struct ox_slice id)
{
	struct ox_slice plain = id;
	if (plain.len && plain.data[plain.len - 1] == '+')
		plain.len--; /* "or any later version" of any licence */
	bool known = bsearch(&id, identifiers, OX_COUNT(identifiers), sizeof *identifiers, compare) ||
		     bsearch(&plain, identifiers, OX_COUNT(identifiers), sizeof *identifiers, compare);
	if (!known)
		return OX_LICENSE_UNKNOWN;
	return is_copyleft(plain) ? OX_LICENSE_COPYLEFT : OX_LICENSE_PERMISSIVE;
}

static bool is_break(char c)
{
	return c == ' ' || c == '(' || c == ')';
}

static bool is_operator(struct ox_slice word)
{
	return ox_slice_eq_str(word, "OR") || ox_slice_eq_str(word, "AND") || ox_slice_eq_str(word, "WITH");
}

enum ox_license ox_license_judge(struct ox_slice expression)
{
	size_t seen[OX_LICENSE_PERMISSIVE + 1] = {0};
	bool is_exception = false; /* the word after WITH is no licence */
	for (size_t at = 0; at < expression.len;) {
		size_t end = at;
		while (end < expression.len && !is_break(expression.data[end]))
			end++;
		struct ox_slice word = ox_slice(expression.data + at, end - at);
		at = end + 1;
		if (!word.len)
			continue;
		if (!is_operator(word) && !is_exception)
			seen[judge_one(word)]++;
		is_exception = ox_slice_eq_str(word, "WITH");
	}
	if (seen[OX_LICENSE_UNKNOWN])
		return OX_LICENSE_UNKNOWN;
	if (seen[OX_LICENSE_COPYLEFT])
		return OX_LICENSE_COPYLEFT;
	return seen[OX_LICENSE_PERMISSIVE] ? OX_LICENSE_PERMISSIVE : OX_LICENSE_UNKNOWN;
}
