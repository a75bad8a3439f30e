# starlark
