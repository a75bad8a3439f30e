"""One function per observable behaviour, run by python3 and by an executable of ours."""
import os
import signal
import sys
import threading
import time


def arguments(*words):
    print(words, len(sys.argv))


def uncaught():
    def inner(value):
        return 1 / value  # the line that must be shown

    inner(0)


def chained():
    try:
        uncaught()
    except ZeroDivisionError as error:
        raise RuntimeError("wrapped") from error


def group():
    raise ExceptionGroup("several", [ValueError(1), KeyError("two")])


def syntax():
    compile("a = (1,\nb = 2\n", "text.py", "exec")


def thread():
    worker = threading.Thread(target=uncaught, name="worker")
    worker.start()
    worker.join()


def accents():
    print("\u00e9\u4e16")
    print(sys.stdout.encoding, sys.getfilesystemencoding())


def unclosed(path):
    handle = open(path, "w", encoding="utf-8")
    handle.write("x" * 100000)
    global kept
    kept = handle


def unclosed_in_cycle(path):
    class Holder:
        pass

    holder = Holder()
    holder.self = holder
    holder.handle = open(path, "w", encoding="utf-8")
    holder.handle.write("complete")


def finaliser():
    class Last:
        def __del__(self, write=os.write):
            write(1, b"finalised\n")

    global last
    last = Last()


def at_exit():
    import atexit
    atexit.register(print, "left")


def daemon_thread():
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    print("started")


def waits_for_thread():
    def late():
        time.sleep(0.2)
        print("late")

    threading.Thread(target=late).start()


def exit_number():
    sys.exit(3)


def exit_text():
    sys.exit("a sentence")


def exit_none():
    sys.exit(None)


def exit_large():
    sys.exit(300)


def exit_float():
    raise SystemExit(2.5)


def leave_at_once():
    print("lost", end="")
    os._exit(7)


def killed_by_signal():
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(5)


def interrupted():
    print("ready", flush=True)
    time.sleep(600)


def handles_interrupt():
    try:
        print("ready", flush=True)
        time.sleep(600)
    except KeyboardInterrupt:
        print("interrupted")
        sys.exit(4)


def broken_pipe():
    print("ready", flush=True)
    sys.stdin.readline()  # what is half written when the pipe breaks would decide whether the rest is tried again
    for number in range(100000):
        print("line", number)


def full_output():
    print("x" * 100000)


def reads_input():
    print(sys.stdin.read().upper(), end="")


def warns():
    import warnings
    warnings.warn("careful")


def recursion():
    def again():
        again()

    try:
        again()
    except RecursionError as error:
        print(type(error).__name__)


def imports_missing():
    import no_such_module  # noqa: F401


def text_of_source():
    import inspect
    print(inspect.getsource(exit_none))


def child_interpreter_pool():
    import multiprocessing
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.map(abs, [-1, -2]))


def double(number):
    return 2 * number


def spawned_functions():
    """What is sent to the workers is found there by its module's name."""
    import concurrent.futures
    import multiprocessing
    for method in ("spawn", "forkserver", "fork"):
        context = multiprocessing.get_context(method)
        with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
            print(method, list(pool.map(double, range(3))))


def data_of_package():
    import importlib.resources
    files = importlib.resources.files("behaviour")
    print(files.joinpath("data.txt").read_text(encoding="utf-8"), end="")
    with importlib.resources.as_file(files / "data.txt") as path:
        print(path.is_file(), path.read_bytes())


def debugger():
    import io
    import pdb
    out = io.StringIO()
    pdb.Pdb(stdin=io.StringIO("list\nstep\nreturn\ncontinue\n"), stdout=out, nosigint=True).runcall(double, 2)
    print([line for line in out.getvalue().splitlines() if line.startswith(("->", "(Pdb)", " "))])


def logs():
    import logging.config
    logging.config.dictConfig({
        "version": 1, "formatters": {"plain": {"format": "%(levelname)s %(funcName)s:%(lineno)d %(message)s"}},
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "plain", "stream": "ext://sys.stdout"}},
        "root": {"handlers": ["out"], "level": "INFO"}})
    logging.getLogger("behaviour").info("configured")


def kept_log():
    """A handler that holds records back gives them at exit."""
    import logging.handlers
    target = logging.StreamHandler(sys.stdout)
    logging.getLogger().addHandler(logging.handlers.MemoryHandler(100, target=target))
    logging.getLogger().warning("kept")


def time_zone():
    import datetime
    import zoneinfo
    print(datetime.datetime(2024, 7, 1, tzinfo=zoneinfo.ZoneInfo("UTC")).isoformat())


def pickled():
    import pickle
    print(pickle.loads(pickle.dumps(double))(4))


def weak_finaliser():
    import weakref

    class Watched:
        pass

    watched = Watched()
    weakref.finalize(watched, print, "finalised")
    CASES["kept"] = watched


CASES = {name: value for name, value in list(globals().items()) if callable(value)}
