from setuptools import Extension, setup

with open("libraries.txt", encoding="utf-8") as text:
    libraries = text.read()
found = {"library_dirs": [libraries], "runtime_library_dirs": [libraries]}
setup(name="oxpkg", version="1.0", packages=["oxpkg", "oxpkg.sub"], ext_modules=[
    Extension("oxpkg._ext", ["single.c"]),
    Extension("oxpkg.sub._ext", ["phases.c"], libraries=["z"], extra_compile_args=["-flto"], extra_link_args=["-flto"]),
    Extension("oxpkg.plus", ["plus.cc"], language="c++"),
    Extension("oxpkg.shared", ["shared.c"], libraries=["oxshared"], **found),
    Extension("oxpkg.stale", ["stale.c"], libraries=["oxstale"], **found),
])
