"""Threads that want the GIL while the interpreter ends: what CPython up to 3.13 does to them must not end the program."""
import os
import pathlib
import signal
import subprocess
import sys
import sysconfig
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stubkit  # noqa: E402
if os.path.realpath(sys.executable) != os.path.realpath(stubkit.PYTHON):
    os.execv(stubkit.PYTHON, [stubkit.PYTHON, *sys.argv])  # bytecode is made by the interpreter that is linked

ABORTS = sys.version_info < (3, 14)  # what the plain interpreter does when a frame lets no exception through
# A thread of C++'s, in a function that lets no exception through, and a static destructor that joins it.
EXTENSION = r"""
#include <Python.h>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <string>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

static std::atomic<bool> is_let_go, is_late, must_sign_off;
static std::atomic<long> asker;
static std::mutex lock;
static std::condition_variable has_signed_off;
static bool signature;
static struct joined {
	std::thread thread;
	~joined()
	{
		if (!thread.joinable())
			return;
		if (must_sign_off) {
			std::unique_lock<std::mutex> held(lock);
			has_signed_off.wait(held, [] { return signature; });
		}
		thread.join();
		if (write(1, "joined\n", 7) < 0)
			perror("write");
	}
} other;

static bool is_awake(long thread)
{
	char text[256] = "";
	FILE *f = std::fopen(("/proc/self/task/" + std::to_string(thread) + "/stat").c_str(), "r");
	size_t len = f ? std::fread(text, 1, sizeof text - 1, f) : 0;
	if (f)
		std::fclose(f);
	std::string state(text, len);
	size_t name_end = state.rfind(") ");
	return name_end != state.npos && (state[name_end + 2] == 'R' || state[name_end + 2] == 'D');
}

// Until the thread sleeps or has ended, however busy the machine is: then it has been dealt with.
static void let_go()
{
	is_let_go = true;
	do
		usleep(20000); // one that sleeps now and then has woken, too
	while (other.thread.joinable() && (!asker || is_awake(asker)));
}

static void ask() noexcept
{
	while (!is_let_go)
		usleep(100);
	asker = syscall(SYS_gettid);
	PyGILState_STATE state = PyGILState_Ensure();
	PyGILState_Release(state);
	std::unique_lock<std::mutex> held(lock);
	signature = true;
	has_signed_off.notify_all();
}

static void run(std::string code) noexcept
{
	PyGILState_STATE state = PyGILState_Ensure();
	asker = syscall(SYS_gettid);
	PyRun_SimpleString(code.c_str());
	PyGILState_Release(state);
}

// ask(): a thread that wants the GIL when this module's state goes.
static PyObject *start_asking(PyObject *, PyObject *)
{
	other.thread = std::thread(ask);
	Py_RETURN_NONE;
}

// sign_off(): one that is waited for until it says that it has had the GIL.
static PyObject *start_signing_off(PyObject *module, PyObject *)
{
	must_sign_off = true;
	return start_asking(module, nullptr);
}

// work(): such a one that is at work right now.
static PyObject *start_working(PyObject *module, PyObject *)
{
	is_let_go = true;
	return start_signing_off(module, nullptr);
}

// ask_late(): one that wants it when the interpreter is gone.
static PyObject *start_asking_late(PyObject *, PyObject *)
{
	is_late = true;
	Py_AtExit(let_go);
	other.thread = std::thread(ask);
	Py_RETURN_NONE;
}

// run(code): a thread that runs it.
static PyObject *start_running(PyObject *, PyObject *code)
{
	const char *text = PyUnicode_AsUTF8(code);
	if (!text)
		return nullptr;
	other.thread = std::thread(run, std::string(text));
	Py_RETURN_NONE;
}

static PyObject *join(PyObject *, PyObject *)
{
	Py_BEGIN_ALLOW_THREADS
	is_let_go = true;
	other.thread.join();
	Py_END_ALLOW_THREADS
	Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
	{"ask", start_asking, METH_NOARGS, nullptr},
	{"sign_off", start_signing_off, METH_NOARGS, nullptr},
	{"work", start_working, METH_NOARGS, nullptr},
	{"ask_late", start_asking_late, METH_NOARGS, nullptr},
	{"run", start_running, METH_O, nullptr},
	{"join", join, METH_NOARGS, nullptr},
	{nullptr, nullptr, 0, nullptr},
};
static void release(void *)
{
	if (!is_late)
		let_go();
}
static PyModuleDef definition = {
	PyModuleDef_HEAD_INIT, "foreign", nullptr, 8, functions, nullptr, nullptr, nullptr, release,
};

PyMODINIT_FUNC PyInit_foreign(void)
{
	return PyModule_Create(&definition);
}

// For ctypes: the thread asks while the library's destructors run.
extern "C" void ask_as_it_unloads(void)
{
	static struct last {
		~last() { let_go(); }
	} last;
	other.thread = std::thread(ask);
}
"""
TOO_LATE = {  # name: (code, exit status, output)
    "asks": ("import foreign\nforeign.ask()\n", 0, "joined\n"),
    "asks late": ("import foreign\nforeign.ask_late()\n", 0, "joined\n"),
    "signs off": ("import foreign, sys\nforeign.sign_off()\nsys.exit(3)\n", 3, ""),
    "asks, status": ("import foreign, sys\nforeign.ask()\nsys.exit(3)\n", 3, "joined\n"),
    "runs": ("import foreign\nforeign.run('import foreign\\nforeign.begun = 1\\nwhile True: pass')\n"
             "while not hasattr(foreign, 'begun'): pass\n", 0, "joined\n"),
    "sleeps": ("import foreign\nforeign.run('import foreign, time\\nforeign.begun = 1\\nwhile True: time.sleep(.001)')\n"
               "while not hasattr(foreign, 'begun'): pass\n", 0, "joined\n"),
}
HARMLESS = {
    "at work": ("import foreign\nforeign.work()\n", 0, "joined\n"),
    "joined": ("import foreign\nforeign.ask()\nforeign.join()\n", 0, ""),
    "ended": ("import foreign\nforeign.run('print(6 * 7, flush=True)')\nforeign.join()\n", 0, "42\n"),
    "daemons": ("import threading, time\ndef work():\n    while True: time.sleep(.001)\n"
                "for i in range(8): threading.Thread(target=work, daemon=True).start()\n"
                "def spin():\n    while True: pass\n"
                "for i in range(2): threading.Thread(target=spin, daemon=True).start()\n", 0, ""),
    "threads": ("import threading, _thread, time\ndone = []\n"
                "def work(i):\n    done.append(i)\n    if i % 2: _thread.exit()\n"
                "ts = [threading.Thread(target=work, args=(i,)) for i in range(50)]\n"
                "for t in ts: t.start()\nfor t in ts: t.join()\n"
                "for i in range(50): _thread.start_new_thread(work, (i,))\n"
                "while len(done) < 100: time.sleep(.001)\nprint(len(done))\n", 0, "100\n"),
    "forked": ("import os, threading, warnings\nwarnings.simplefilter('ignore')\ndef work():\n    pid = os.fork()\n"
               "    if pid: print(os.waitpid(pid, 0)[1])\n"
               "t = threading.Thread(target=work)\nt.start()\nt.join()\n", 0, "0\n"),
}


def setUpModule():
    global KIT, FOLDER, NATIVE, MODULE
    FOLDER = tempfile.TemporaryDirectory(prefix="ox-threads-")
    KIT = stubkit.Kit(FOLDER.name)
    NATIVE = pathlib.Path(FOLDER.name, "native")
    NATIVE.mkdir()
    source = pathlib.Path(FOLDER.name, "foreign.cc")
    source.write_text(EXTENSION)
    MODULE = NATIVE / ("foreign" + sysconfig.get_config_var("EXT_SUFFIX"))
    subprocess.run(["c++", "-shared", "-fPIC", "-O1", "-Wall", "-pthread", "-isystem", sysconfig.get_path("include"),
                    source, "-o", MODULE], check=True)


def tearDownModule():
    FOLDER.cleanup()


class Threads(unittest.TestCase):
    """Each program first prints without flushing."""

    def run_program(self, code, status, output, with_libraries=False):
        self.run_settings(status, output, with_libraries, run_command="print('kept')\n" + code)

    def run_settings(self, status, output, with_libraries=False, **settings):
        executable = KIT.build(NATIVE, with_libraries=with_libraries, **settings)
        for _ in range(2):
            p = stubkit.run(executable)
            self.assertEqual((p.returncode, p.stderr), (status, ""), p)
            self.assertEqual(sorted(p.stdout.split()), sorted(["kept", *output.split()]))
        executable.unlink()

    def test_a_thread_that_wants_the_gil_too_late_does_not_end_the_program(self):
        for name, (code, status, output) in TOO_LATE.items():
            if sys.version_info < (3, 9) and "late" not in name:
                continue  # 3.8 holds the GIL to the end: whoever joins a thread that wants it waits for ever
            with self.subTest(program=name):
                if ABORTS:
                    plain = stubkit.run(stubkit.PYTHON, "-c", f"import sys\nsys.path.insert(0, {str(NATIVE)!r})\n{code}")
                    self.assertIn(plain.returncode, (-signal.SIGSEGV, -signal.SIGABRT), plain)
                self.run_program(code, status, output)

    def test_other_threads_run_and_end_as_ever(self):
        for name, (code, status, output) in HARMLESS.items():
            with self.subTest(program=name):
                self.run_program(code, status, output)

    def test_no_exit_of_a_script_waits_for_a_thread_that_was_ended(self):
        script = pathlib.Path(FOLDER.name, "script.py")
        for end, status in (("", 0), ("sys.exit(3)", 3)):
            with self.subTest(end=end):
                script.write_text(f"import foreign, sys\nprint('kept')\nforeign.sign_off()\n{end}\n")
                self.run_settings(status, "", run_filename=str(script))

    def test_a_thread_at_work_has_its_moment_where_a_script_ends_too(self):
        script = pathlib.Path(FOLDER.name, "script.py")
        script.write_text("import foreign\nprint('kept')\nforeign.work()\n")
        self.run_settings(0, "joined\n", run_filename=str(script))

    def test_a_library_s_thread_that_python_does_not_know_is_no_reason_to_hang(self):
        self.run_program(f"import ctypes\nctypes.CDLL({str(MODULE)!r}).ask_as_it_unloads()\n", 0, "joined", True)


if __name__ == "__main__":
    unittest.main()
