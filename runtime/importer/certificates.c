/* Where OpenSSL finds the certificates that it trusts.
 *
 * Their folder is compiled into it, and differs from system to system; an executable meets systems that its interpreter
 * was not built on. When neither the compiled-in file nor a folder in OpenSSL's form is there, SSL_CERT_FILE is set to
 * the first bundle of the places that distributions are known for (those in Go's crypto/x509/root_linux.go).
 * Whatever the user set stands. */
#include "runtime/importer/teach.h"

#include <ctype.h>
#include <dirent.h>
#include <unistd.h>

static const char *const bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt",                /* Debian, Ubuntu, Arch, Alpine */
	"/etc/pki/tls/certs/ca-bundle.crt",                  /* Fedora, RHEL */
	"/etc/ssl/ca-bundle.pem",                            /* openSUSE */
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* RHEL 7 */
	"/etc/pki/tls/cacert.pem",
	"/etc/ssl/cert.pem",
};

/* OpenSSL looks a certificate up by the hash of its name: "5ed36f99.0". */
static bool is_hashed(const char *name)
{
	for (int i = 0; i < 8; i++)
		if (!isxdigit((unsigned char)name[i]))
			return false;
	return name[8] == '.' && isdigit((unsigned char)name[9]);
}

static bool has_certificates(const char *folder)
{
	bool found = false;
	DIR *dir = opendir(folder);
	for (struct dirent *e; dir && !found && (e = readdir(dir));)
		found = is_hashed(e->d_name);
	if (dir)
		closedir(dir);
	return found;
}

static const char *choose_bundle(const char *file, const char *folder)
{
	if (access(file, R_OK) == 0 || has_certificates(folder))
		return NULL;
	for (size_t i = 0; i < sizeof bundles / sizeof bundles[0]; i++)
		if (access(bundles[i], R_OK) == 0)
			return bundles[i];
	return NULL;
}

/* As a program would, so that os.environ and child processes know it too. */
static void set_variable(const char *name, const char *value)
{
	PyObject *os = PyImport_ImportModule("os");
	PyObject *environ = os ? PyObject_GetAttrString(os, "environ") : NULL;
	PyObject *text = environ ? PyUnicode_DecodeFSDefault(value) : NULL;
	if (text)
		(void)PyMapping_SetItemString(environ, name, text);
	Py_XDECREF(text);
	Py_XDECREF(environ);
	Py_XDECREF(os);
}

void ox_find_certificates(PyObject *ssl)
{
	const char *file_variable, *file, *folder_variable, *folder, *bundle;
	PyObject *core = PyObject_GetAttrString(ssl, "_ssl");
	PyObject *paths = core ? PyObject_CallMethod(core, "get_default_verify_paths", NULL) : NULL;
	if (paths && PyArg_ParseTuple(paths, "ssss", &file_variable, &file, &folder_variable, &folder) &&
	    !getenv(file_variable) && !getenv(folder_variable) && (bundle = choose_bundle(file, folder)))
		set_variable(file_variable, bundle);
	PyErr_Clear(); /* another module that is called ssl, for instance */
	Py_XDECREF(paths);
	Py_XDECREF(core);
}
