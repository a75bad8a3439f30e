#!/bin/sh
# contrib/check-headers - every header compiles as a file of its own.
set -eu
cd "${OX_SRCDIR:-$(dirname "$0")/..}"
build=${OX_BUILDDIR:-$PWD}
python_include=$(ls -d /usr/include/python3.[0-9]* 2>/dev/null | head -n 1)
count=0 bad=0
for header in $(find proto runtime store client daemon -name '*.h' ! -name '*.pb.h' | LC_ALL=C sort); do
	if grep -q '<Python.h>' "$header" && [ ! -e "$python_include/Python.h" ]; then
		echo "skipped (no Python.h): $header"
		continue
	fi
	count=$((count + 1))
	${CC:-cc} -std=c17 -D_GNU_SOURCE -Wall -Wextra -Werror -fsyntax-only -I. -I"$build" \
		${python_include:+-isystem "$python_include"} -x c "$header" || bad=$((bad + 1))
done
echo "headers: $count compiled, $bad failed"
[ "$bad" = 0 ] && [ "$count" -gt 0 ]
