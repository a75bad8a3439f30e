/* Finding, creating and executing modules. */
#include "runtime/importer/arguments.h"
#include "runtime/importer/finder.h"
#include "runtime/importer/importer.h"
#include "runtime/importer/real_package.h"
#include "runtime/importer/teach.h"

/* The file of an extension module that has to be one; NULL without an exception for others. */
static PyObject *extension_file(struct ox_finder *self, const struct ox_found *found, struct ox_slice name)
{
	struct ox_err err = {0};
	const char *path;
	bool is_file;
	bool wants_file = ox_wants_file(self->index.pack, &found->record);
	if (ox_index_is_linked(found))
		return ox_finder_real_file(self, found);
	if (!(found->record.flags & OX_PACK_NEEDS_FILE) && !wants_file)
		return NULL;
	PyObject *root = wants_file ? ox_finder_real_root(self, found) : Py_NewRef(Py_None);
	Py_XDECREF(root);
	if (!root)
		return NULL;
	if (ox_library_path(&self->index, found, &path, &is_file, &err) == 0)
		return PyUnicode_DecodeFSDefault(path);
	PyObject *text = PyUnicode_FromStringAndSize(name.data, (Py_ssize_t)name.len);
	ox_raise(&err, text);
	Py_XDECREF(text);
	return NULL;
}

/* Where a package's modules are: the virtual folder. One that has a real file (borrowed, may be NULL) has the real
 * folder in front: code that lists its templates looks there. A new list. */
static PyObject *search_locations(struct ox_finder *self, PyObject *file, struct ox_slice name)
{
	PyObject *path = ox_finder_virtual_path(self, name);
	PyObject *list = path ? Py_BuildValue("[N]", path) : NULL;
	Py_ssize_t slash = file && list ? PyUnicode_FindChar(file, '/', 0, PyUnicode_GET_LENGTH(file), -1) : -1;
	if (slash < 0)
		return list;
	PyObject *folder = PyUnicode_Substring(file, 0, slash);
	if (!folder || PyList_Insert(list, 0, folder) < 0)
		Py_CLEAR(list);
	Py_XDECREF(folder);
	return list;
}

/* What ModuleSpec's constructor leaves open. A module whose package wants files gets one. */
static int describe(struct ox_finder *self, PyObject *spec, const struct ox_found *found, struct ox_slice name)
{
	PyObject *file = NULL;
	if (found->kind == OX_KIND_MODULE)
		file = ox_finder_real_file(self, found);
	else if (found->kind == OX_KIND_EXTENSION)
		file = extension_file(self, found, name);
	if (!file && PyErr_Occurred())
		return -1;
	int rc = 0;
	if (found->is_package)
		rc = ox_set_attr(spec, "submodule_search_locations", search_locations(self, file, name));
	if (!rc && file && PyObject_SetAttrString(spec, "has_location", Py_True) < 0)
		rc = -1;
	if (!rc && file && PyObject_SetAttrString(spec, "origin", file) < 0)
		rc = -1;
	Py_XDECREF(file);
	return rc;
}

/* A module in a file beside the executable is importlib's own business. */
static PyObject *file_spec(struct ox_finder *self, PyObject *name, const struct ox_found *found)
{
	PyObject *external = PyImport_ImportModule("_frozen_importlib_external");
	PyObject *function = external ? ox_get_attr(external, "spec_from_file_location") : NULL;
	PyObject *path = function ? ox_finder_relative_path(self, found->record.relative_path) : NULL;
	PyObject *spec = path ? PyObject_CallFunctionObjArgs(function, name, path, NULL) : NULL;
	Py_XDECREF(path);
	Py_XDECREF(function);
	Py_XDECREF(external);
	return spec;
}

PyObject *ox_plain_name(PyObject *name, struct ox_slice *utf8)
{
	static const struct ox_slice suffix = {".__init__", 9};
	if (!ox_utf8(name, utf8))
		return NULL;
	if (!ox_slice_ends(*utf8, suffix) || utf8->len == suffix.len)
		return Py_NewRef(name);
	PyObject *plain = PyUnicode_FromStringAndSize(utf8->data, (Py_ssize_t)(utf8->len - suffix.len));
	return plain && ox_utf8(plain, utf8) ? plain : NULL;
}

PyObject *ox_finder_packed_spec(struct ox_finder *self, PyObject *name, struct ox_slice utf8,
				const struct ox_found *found)
{
	struct ox_state *state = ox_state_of((PyObject *)self);
	if (!found->given && found->kind != OX_KIND_NAMESPACE && found->record.relative_path.len)
		return file_spec(self, name, found);
	PyObject *args[] = {name, (PyObject *)self, found->is_package ? Py_True : Py_False};
	PyObject *spec = PyObject_Vectorcall(state->module_spec, args, 2, state->spec_kwnames);
	int rc = !spec ? -1 : (found->given ? ox_given_describe : describe)(self, spec, found, utf8);
	if (rc < 0)
		Py_CLEAR(spec);
	return spec;
}

static PyObject *spec_by_name(struct ox_finder *self, PyObject *name)
{
	struct ox_state *state = ox_state_of((PyObject *)self);
	struct ox_slice utf8;
	struct ox_found found;
	PyObject *spec = NULL;
	PyObject *plain = ox_plain_name(name, &utf8);
	if (!plain && PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) {
		PyErr_Clear(); /* a lone surrogate: no module of ours, perhaps a file's */
		return Py_NewRef(Py_None);
	}
	if (!plain || ox_index_find(&self->index, plain, &found) < 0)
		goto out;
	if (found.kind == OX_KIND_BUILTIN)
		spec = PyObject_CallMethod(state->builtin_importer, "find_spec", "O", plain);
	else if (found.kind == OX_KIND_FROZEN)
		spec = PyObject_CallMethod(state->frozen_importer, "find_spec", "O", plain);
	if (found.kind == OX_KIND_FROZEN && spec == Py_None) {
		Py_CLEAR(spec); /* CPython does without this one: the packed one, then */
		ox_index_find_packed(&self->index, utf8, &found);
	}
	if (found.kind == OX_KIND_NONE)
		spec = Py_NewRef(Py_None);
	else if (found.kind >= OX_KIND_EXTENSION) {
		PyObject *owner = Py_XNewRef(found.owner);
		spec = ox_finder_packed_spec(self, plain, utf8, &found);
		Py_XDECREF(owner);
	}
out:
	Py_XDECREF(plain);
	return spec;
}

/* A path that has folders of ours decides; without one, and with one of others, the name does. */
PyObject *ox_finder_spec_of(struct ox_finder *self, PyObject *name, PyObject *path, PyObject *target)
{
	PyObject *spec = path && path != Py_None ? ox_finder_spec_on(self, name, path) : NULL;
	(void)target;
	if (spec || PyErr_Occurred())
		return spec;
	if (path && path != Py_None && ox_finder_is_others(self, name))
		Py_RETURN_NONE;
	spec = spec_by_name(self, name);
	if (!spec || path != Py_None || PyUnicode_FindChar(name, '.', 0, PyUnicode_GET_LENGTH(name), 1) >= 0)
		return spec;
	PyObject *other = spec == Py_None ? ox_finder_spec_on_sys_path(self, name)
					  : ox_finder_spec_in_itself(self, name);
	if (other)
		Py_SETREF(spec, other);
	else if (PyErr_Occurred())
		Py_CLEAR(spec);
	return spec;
}

/* exec(), through the one function whose name tells CPython to leave importlib's frames
 * out of tracebacks. */
static int run(void *context, PyObject *code, PyObject *module)
{
	const struct ox_state *state = context;
	PyObject *dict = PyModule_GetDict(module);
	PyObject *args[] = {state->exec, code, dict};
	PyObject *result = dict ? PyObject_Vectorcall(state->call, args, 3, NULL) : NULL;
	Py_XDECREF(result);
	return result ? 0 : -1;
}

/* A function of _imp, likewise. */
static PyObject *call_imp(const struct ox_state *state, const char *name, PyObject *argument)
{
	PyObject *function = ox_get_attr(state->imp, name);
	PyObject *args[] = {function, argument};
	PyObject *result = function ? PyObject_Vectorcall(state->call, args, 2, NULL) : NULL;
	Py_XDECREF(function);
	return result;
}

/* A spec of the same module whose origin is the path that the dynamic loader takes. */
static PyObject *spec_at(struct ox_state *state, PyObject *spec, const char *path)
{
	PyObject *name = ox_get_attr(spec, "name");
	PyObject *loader = name ? ox_get_attr(spec, "loader") : NULL;
	PyObject *copy = loader ? PyObject_CallFunctionObjArgs(state->module_spec, name, loader, NULL) : NULL;
	if (copy && ox_set_attr(copy, "origin", PyUnicode_DecodeFSDefault(path)) < 0)
		Py_CLEAR(copy);
	PyObject *locations = copy ? ox_get_attr(spec, "submodule_search_locations") : NULL;
	if (copy && ox_set_attr(copy, "submodule_search_locations", locations) < 0)
		Py_CLEAR(copy);
	Py_XDECREF(name);
	Py_XDECREF(loader);
	return copy;
}

/* The loader sets __file__ to the path that it was given; a number in /proc is no path to
 * show anybody. The shared part of modules compiled by mypyc keeps one, the virtual path:
 * the modules that it initialises derive theirs from it. */
static int adjust_file(struct ox_finder *self, PyObject *module, const struct ox_pack_record *r)
{
	if (!PyModule_Check(module))
		return 0;
	PyObject *dict = PyModule_GetDict(module);
	if (ox_slice_ends(r->name, OX_SLICE("__mypyc"))) {
		PyObject *path = ox_finder_virtual_path(self, r->name);
		int rc = path ? PyDict_SetItemString(dict, "__file__", path) : -1;
		Py_XDECREF(path);
		return rc;
	}
	return PyDict_GetItemString(dict, "__file__") ? PyDict_DelItemString(dict, "__file__") : 0;
}

/* A given extension module in a file of its own, which the spec names. */
static PyObject *create_from_file(struct ox_finder *self, PyObject *spec, PyObject *name,
				  const struct ox_found *found)
{
	struct ox_err err = {0};
	if (!found->given->blobs[OX_PACKED_EXTENSION_PATH].data) {
		ox_fail(&err, OX_ENOENT, "extension module has neither a shared library nor a path to one");
		return ox_raise(&err, name);
	}
	if (ox_library_load_needs(&self->index, found, &err) < 0)
		return ox_raise(&err, name);
	return call_imp(ox_state_of((PyObject *)self), "create_dynamic", spec);
}

/* The program has entered it among the modules that the interpreter has built in, so that CPython's own rules for them
 * hold: modules that are made once, those that refuse a second interpreter. */
static PyObject *create_linked(struct ox_finder *self, PyObject *spec, const struct ox_found *found)
{
	PyObject *module = call_imp(ox_state_of((PyObject *)self), "create_builtin", spec);
	int rc = 0;
	if (module && !ox_wants_file(self->index.pack, &found->record))
		rc = adjust_file(self, module, &found->record);
	else if (module && PyModule_Check(module)) /* as the loader would: mypyc's has set another */
		rc = ox_set_attr(module, "__file__", ox_get_attr(spec, "origin"));
	if (rc < 0)
		Py_CLEAR(module);
	return module;
}

static PyObject *create_extension(struct ox_finder *self, PyObject *spec, PyObject *name,
				  const struct ox_found *found)
{
	struct ox_state *state = ox_state_of((PyObject *)self);
	struct ox_err err = {0};
	const char *path;
	bool is_file;
	if (ox_index_is_linked(found))
		return create_linked(self, spec, found);
	if (found->given && !found->record.library.data)
		return create_from_file(self, spec, name, found);
	if (ox_library_path(&self->index, found, &path, &is_file, &err) < 0)
		return ox_raise(&err, name);
	PyObject *at = spec_at(state, spec, path);
	PyObject *module = at ? call_imp(state, "create_dynamic", at) : NULL;
	Py_XDECREF(at);
	if (module && is_file && (PyObject_SetAttrString(spec, "has_location", Py_True) < 0 ||
				  ox_set_attr(spec, "origin", PyUnicode_DecodeFSDefault(path)) < 0))
		Py_CLEAR(module);
	if (module && !is_file && adjust_file(self, module, &found->record) < 0)
		Py_CLEAR(module);
	return module;
}

PyObject *ox_finder_create(struct ox_finder *self, PyObject *spec)
{
	struct ox_found found;
	PyObject *module = NULL;
	PyObject *given = PyObject_GetAttr(spec, ox_state_of((PyObject *)self)->names[OX_NAME_NAME]);
	PyObject *name = given ? ox_finder_own_name(self, spec, given) : NULL;
	Py_XDECREF(given);
	if (!name || ox_index_find(&self->index, name, &found) < 0)
		goto out;
	PyObject *owner = Py_XNewRef(found.owner);
	if (found.kind == OX_KIND_EXTENSION)
		module = create_extension(self, spec, name, &found);
	else
		module = Py_NewRef(Py_None);
	Py_XDECREF(owner);
out:
	Py_XDECREF(name);
	return module;
}

static PyObject *compile_source(struct ox_finder *self, const struct ox_found *found)
{
	PyObject *text = ox_finder_source(self, found);
	if (!text)
		return NULL;
	PyObject *name = PyUnicode_FromStringAndSize(found->record.name.data, (Py_ssize_t)found->record.name.len);
	Py_ssize_t len = 0;
	const char *utf8 = PyUnicode_AsUTF8AndSize(text, &len);
	PyObject *code = NULL;
	PyCompilerFlags flags = {.cf_flags = PyCF_IGNORE_COOKIE, .cf_feature_version = PY_MINOR_VERSION};
	if (utf8 && strlen(utf8) != (size_t)len)
		PyErr_SetString(PyExc_SyntaxError, "source code string cannot contain null bytes");
	else if (name && utf8)
		code = Py_CompileStringObject(utf8, name, Py_file_input, &flags, self->index.optimize);
	Py_XDECREF(name);
	Py_DECREF(text);
	return code;
}

/* The code of a module that has a real file names that file, as importlib sees to for what it loads: code that
 * compares __file__ with its own frames, or opens the file that a frame names, relies on it. Takes `code`. */
static PyObject *name_real_file(struct ox_finder *self, const struct ox_found *found, PyObject *code)
{
	PyObject *file = code ? ox_finder_real_file(self, found) : NULL;
	PyObject *imp = ox_state_of((PyObject *)self)->imp, *done = NULL;
	if (file)
		done = PyObject_CallMethod(imp, "_fix_co_filename", "OO", code, file);
	if (code && !done && PyErr_Occurred())
		Py_CLEAR(code);
	Py_XDECREF(done);
	Py_XDECREF(file);
	return code;
}

static PyObject *given_code(struct ox_finder *self, const struct ox_found *found, PyObject *name)
{
	PyObject *owner = Py_XNewRef(found->owner);
	PyObject *code = ox_given_bytecode(self, found, name);
	if (!code && !PyErr_Occurred())
		code = compile_source(self, found);
	Py_XDECREF(owner);
	return code;
}

PyObject *ox_finder_code(struct ox_finder *self, const struct ox_found *found, PyObject *name)
{
	struct ox_slice bytes;
	if (found->kind != OX_KIND_MODULE)
		return NULL;
	if (found->given)
		return given_code(self, found, name);
	bool compiled = ox_index_bytecode(&self->index, &found->record, &bytes);
	if (compiled && !ox_pack_code_intact(bytes))
		return ox_bad_bytecode(name, "is damaged: this executable was altered");
	return name_real_file(self, found, compiled ? ox_unmarshal(bytes, name) : compile_source(self, found));
}

static int set_start_method(struct ox_finder *self, PyObject *module)
{
	PyObject *function = ox_get_attr(module, "set_start_method");
	PyObject *kwargs = function ? Py_BuildValue("{s:O}", "force", Py_True) : NULL;
	PyObject *args = kwargs ? PyTuple_Pack(1, self->mp_start_method) : NULL;
	PyObject *result = args ? PyObject_Call(function, args, kwargs) : NULL;
	Py_XDECREF(result);
	Py_XDECREF(args);
	Py_XDECREF(kwargs);
	Py_XDECREF(function);
	return result ? 0 : -1;
}

/* What is done to particular modules once they have run. */
static int adjust(struct ox_finder *self, PyObject *module, struct ox_slice name)
{
	if (self->mp_start_method && ox_slice_eq_str(name, "multiprocessing"))
		return set_start_method(self, module);
	return ox_teach(self, module, name);
}

int ox_finder_exec_found(struct ox_finder *self, PyObject *module, PyObject *name, const struct ox_found *found,
			 ox_run_code *run_code, void *context)
{
	if (found->kind == OX_KIND_EXTENSION) {
		PyObject *done = call_imp(ox_state_of((PyObject *)self), "exec_dynamic", module);
		Py_XDECREF(done);
		return done ? 0 : -1;
	}
	PyObject *code = ox_finder_code(self, found, name);
	if (!code)
		return PyErr_Occurred() ? -1 : 0;
	PyObject *owner = Py_XNewRef(found->owner);
	int rc = run_code(context, code, module);
	Py_DECREF(code);
	if (!rc)
		rc = adjust(self, module, found->record.name);
	Py_XDECREF(owner);
	return rc;
}

/* A module that CPython has built in or frozen. Where the index holds it too, CPython did not use its own when the spec
 * was asked for (-X frozen_modules=off), and the packed one runs. */
static int exec_interpreters(struct ox_finder *self, PyObject *module, PyObject *name, struct ox_found *found)
{
	struct ox_state *state = ox_state_of((PyObject *)self);
	PyObject *importer = found->kind == OX_KIND_BUILTIN ? state->builtin_importer : state->frozen_importer;
	struct ox_slice utf8;
	if (!ox_utf8(name, &utf8))
		return -1;
	ox_index_find_packed(&self->index, utf8, found);
	if (found->kind != OX_KIND_NONE)
		return ox_finder_exec_found(self, module, name, found, run, state);
	PyObject *done = PyObject_CallMethod(importer, "exec_module", "O", module);
	Py_XDECREF(done);
	return done ? 0 : -1;
}

/* What the index calls a module that importlib made for a spec of ours. */
static PyObject *name_to_run(const struct ox_finder *self, PyObject *module)
{
	PyObject *const *names = ox_state_of((PyObject *)self)->names;
	PyObject *name = PyObject_GetAttr(module, names[OX_NAME_DUNDER_NAME]), *own = NULL;
	PyObject *spec = name ? PyObject_GetAttr(module, names[OX_NAME_DUNDER_SPEC]) : NULL;
	if (name && !spec && PyErr_ExceptionMatches(PyExc_AttributeError))
		PyErr_Clear();
	if (name && !PyErr_Occurred())
		own = ox_finder_own_name(self, spec, name);
	Py_XDECREF(spec);
	Py_XDECREF(name);
	return own;
}

int ox_finder_exec(struct ox_finder *self, PyObject *module)
{
	struct ox_found found = {.kind = OX_KIND_NONE};
	PyObject *name = name_to_run(self, module);
	int rc = name ? ox_index_find(&self->index, name, &found) : -1;
	/* An extension may be any object. */
	if (!PyModule_Check(module) && found.kind != OX_KIND_EXTENSION) {
		PyErr_Clear();
		ox_wrong_type(module, "module", "PyModule");
		rc = -1;
	}
	if (rc == 0 && (found.kind == OX_KIND_BUILTIN || found.kind == OX_KIND_FROZEN))
		rc = exec_interpreters(self, module, name, &found);
	else if (rc == 0)
		rc = ox_finder_exec_found(self, module, name, &found, run, ox_state_of((PyObject *)self));
	Py_XDECREF(name);
	return rc;
}

int ox_finder_main_code(PyObject *finder, PyObject *name, PyObject **spec, PyObject **code)
{
	struct ox_finder *self = (struct ox_finder *)finder;
	struct ox_found found;
	if (ox_index_find(&self->index, name, &found) < 0)
		return -1;
	*code = ox_finder_code(self, &found, name);
	if (!*code)
		return PyErr_Occurred() ? -1 : 0;
	*spec = ox_finder_spec_of(self, name, NULL, NULL);
	if (!*spec)
		Py_CLEAR(*code);
	return *code ? 1 : -1;
}
