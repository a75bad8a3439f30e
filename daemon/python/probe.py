# Asked of every candidate interpreter, run with -I -S: what it is and where its parts lie.
# Prints one JSON object. Must run on 2.7 and 3.4 too, so that those are named properly when refused.
import json
import sys
import sysconfig

var = sysconfig.get_config_var
paths = sysconfig.get_paths()


def magic():
    try:
        from _frozen_importlib_external import MAGIC_NUMBER
    except ImportError:
        return 0
    return int.from_bytes(MAGIC_NUMBER, "little")


def suffixes():
    try:
        from importlib.machinery import EXTENSION_SUFFIXES
    except ImportError:
        return []
    return EXTENSION_SUFFIXES


json.dump({
    "implementation": getattr(getattr(sys, "implementation", None), "name", "cpython"),
    "version": "%d.%d.%d" % sys.version_info[:3],
    "hexversion": sys.hexversion,
    "executable": sys.executable,
    "cache_tag": getattr(getattr(sys, "implementation", None), "cache_tag", "") or "",
    "magic": magic(),
    "debug": bool(var("Py_DEBUG")),
    "free_threaded": bool(var("Py_GIL_DISABLED")),
    "shared": bool(var("Py_ENABLE_SHARED")),
    "multiarch": var("MULTIARCH") or "",
    "gnu_type": var("HOST_GNU_TYPE") or "",
    "prefix": var("prefix") or "",
    "stdlib": paths["stdlib"],
    "dynload": var("DESTSHARED") or "",
    "include": var("INCLUDEPY") or "",
    "confinclude": var("CONFINCLUDEPY") or "",
    "libpl": var("LIBPL") or "",
    "library": var("LIBRARY") or "",
    "ext_suffix": var("EXT_SUFFIX") or "",
    "suffixes": suffixes(),
    "libs": " ".join(var(name) or "" for name in ("MODLIBS", "LIBS", "SYSLIBS")),
    "builtins": list(sys.builtin_module_names),
}, sys.stdout, sort_keys=True)
