"""What every figure of the benchmark needs: a place of its own, processes timed alternately, and how a figure looks."""
import glob
import os
import shutil
import statistics
import subprocess
import tempfile
import time

TOP = os.environ.get("OX_BUILDDIR") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OXC = os.path.join(TOP, "client", "oxc")
PYTHON = os.path.realpath("/usr/bin/python3")  # Debian's, as tests/whole has it


class Place:
    """A folder with its own store, runtime folder and HOME."""

    def __init__(self):
        self.others = []  # places that end with this one
        self.root = tempfile.mkdtemp(prefix="oxbench-")
        self.env = {name: value for name, value in os.environ.items()
                    if name in ("PATH", "SSL_CERT_FILE") or name.startswith(("PIP_", "http", "HTTP"))}
        self.env.update(HOME=self.root, OXIDIZER_PYTHON=PYTHON, OXIDIZER_STORE=self.path("store"),
                        OXIDIZER_RUNTIME_DIR=self.path("run"), LC_ALL="C.UTF-8", PIP_ROOT_USER_ACTION="ignore")

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as out:
            out.write(text)

    def oxc(self, *args, check=True):
        result = subprocess.run([OXC, *args], env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                check=False)
        if check and result.returncode:
            raise RuntimeError(f"oxc {' '.join(args)}: {result.stderr or result.stdout}")
        return result

    def build(self, folder, *args):
        self.oxc("build", "--path", self.path(folder), *args)
        return next(name for name in glob.glob(self.path(folder, "build/*/*/exe/*")) if os.access(name, os.X_OK))

    def close(self):
        for other in self.others:
            other.close()
        self.oxc("daemon", "stop", check=False)
        shutil.rmtree(self.root, ignore_errors=True)


def timed(argv, env):
    """Milliseconds from starting argv to its end, and those of the processor: on a busy machine the steadier ones."""
    null = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in (0, 1, 2)]
    start = time.perf_counter_ns()
    pid = os.posix_spawn(argv[0], argv, env, file_actions=null)
    usage = os.wait4(pid, 0)[2]
    return (time.perf_counter_ns() - start) / 1e6, (usage.ru_utime + usage.ru_stime) * 1e3


def spawn(argv, env):
    return timed(argv, env)[0]


def alternate(runs, *actions):
    """Calls the actions in turn; a list of samples for each."""
    for action in actions:
        action()
    samples = [[] for _ in actions]
    for _ in range(runs):
        for action, into in zip(actions, samples):
            into.append(action())
    return samples


def spread(samples, unit="ms"):
    quartiles = statistics.quantiles(samples, n=4) if len(samples) > 1 else [samples[0]] * 3
    return {"unit": unit, "median": statistics.median(samples), "min": min(samples), "q1": quartiles[0],
            "q3": quartiles[2], "runs": len(samples)}


def compare(ours, theirs, budget, what, reference):
    ratio = statistics.median(ours) / statistics.median(theirs)
    return {"what": what, "ours": spread(ours), "reference": spread(theirs), "reference_is": reference,
            "ratio": ratio, "budget": budget, "met": ratio <= budget}


def compare_timed(ours, theirs, budget, what, reference):
    """compare() for what timed() gave: the ratio is that of elapsed time, that of the processor's stands beside it."""
    result = compare([wall for wall, _ in ours], [wall for wall, _ in theirs], budget, what, reference)
    used = [statistics.median(cpu for _, cpu in samples) for samples in (ours, theirs)]
    result["of_processor_time"] = used[0] / used[1]
    return result


def forget(path):
    """The kernel keeps nothing of the file in memory."""
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)


def compare_files(rounds, runs, ours, theirs, env, budget, what, reference):
    """Starts of two files that should take the same time. How a file got into memory (written, read ahead, in pages of which
    size) makes a tenth of a start's difference, so it is read anew in each round, and the ratio is the median of the rounds'."""
    samples, ratios = ([], []), []
    for _ in range(rounds):
        forget(ours)
        forget(theirs)
        pair = alternate(runs, lambda: timed([ours], env), lambda: timed([theirs], env))
        walls = [[wall for wall, _ in one] for one in pair]
        ratios.append(statistics.median(walls[0]) / statistics.median(walls[1]))
        for into, one in zip(samples, pair):
            into.extend(one)
    result = compare_timed(*samples, budget, what, reference)
    quartiles = statistics.quantiles(ratios, n=4)
    result.update(ratio=quartiles[1], ratios_q1=quartiles[0], ratios_q3=quartiles[2], met=quartiles[1] <= budget)
    return result


def absolute(samples, budget, what, value=None, unit="ms"):
    value = statistics.median(samples) if value is None else value
    return {"what": what, "ours": spread(samples, unit), "value": value, "budget": budget, "met": value <= budget}
