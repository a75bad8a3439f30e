"""Small programs about imports: name -> module -> source. `main` is run; `@` stands for the scenario's name, so that
all of them fit into one executable. Whatever a program prints must not depend on where its modules come from."""

SCENARIOS = {
    "plain": {
        "main": """
            import sys, @a, @p.q.r as r, @p.s
            from @p import s, q
            from @p.q import *
            import builtins
            def look(m):
                skipped = ('__file__', '__cached__', '__path__')
                print(m.__name__, [k for k in vars(m) if k not in skipped], repr(m.__package__), m.__doc__)
                spec = m.__spec__
                print(spec.name, repr(spec.parent), spec._initializing, spec.loader is m.__loader__, spec.loader_state,
                      len(spec.submodule_search_locations or ()), getattr(spec, '_uninitialized_submodules', []),
                      m.__dict__['__builtins__'] is vars(builtins), hasattr(m, '__path__'))
                if hasattr(m, '__path__'):
                    print(m.__path__ is spec.submodule_search_locations, len(m.__path__))
            for name in [n for n in sys.modules if n.startswith('@')]:
                look(sys.modules[name])
            print(r.VALUE, s is sys.modules['@p.s'], STAR, @p.q.r is r)
            import importlib
            boot = importlib._bootstrap
            print(importlib.import_module('.s', '@p') is s, importlib.__import__('@p.q.r') is @p,
                  [n for n in boot._module_locks if n.startswith('@')], [*getattr(boot._blocking_on, 'data', boot._blocking_on)])
        """,
        "a": "'''doc'''\nVALUE = 1\n",
        "p/__init__": "from . import q\nfrom .q import r\nBOUND = sorted(k for k in globals() if k[0] != '_')\n",
        "p/s": "from . import BOUND\nfrom .q.r import VALUE\nfrom .. import nothing_above if False else None\n"
               .replace("from .. import nothing_above if False else None\n", ""),
        "p/q/__init__": "STAR = 'star'\n__all__ = ['STAR', 'r', 't']\n",
        "p/q/r": "import @p, @p.q\nVALUE = 2\n",
        "p/q/t": "print('t is imported by *')\n",
    },
    "built-in": {
        "main": """
            import sys, importlib.machinery
            names = 'errno itertools faulthandler pwd time _symtable _tracemalloc gc _sre _locale'.split()
            for name in names:
                sys.modules.pop(name, None)
            for name in names:
                m = __import__(name)
                spec = m.__spec__
                print(name, m is sys.modules[name], list(sys.modules)[-1] == name, spec.name, spec.origin, spec.has_location,
                      spec.loader is m.__loader__ is importlib.machinery.BuiltinImporter, repr(m.__package__),
                      spec._initializing, hasattr(m, '__file__'), hasattr(m, '__path__'), importlib.import_module(name) is m)
            importer = importlib.machinery.BuiltinImporter
            def attempt(what, replacement):
                before = vars(importer)[what]
                setattr(importer, what, replacement)
                del sys.modules['errno']
                try:
                    import errno
                except Exception as e:
                    print(type(e).__name__, e)
                print('errno' in sys.modules)
                setattr(importer, what, before)
                import errno
            attempt('find_spec', classmethod(lambda *args: None))
            attempt('exec_module', staticmethod(lambda module: 1 / 0))
            attempt('create_module', staticmethod(lambda spec: 1 / 0))
        """,
    },
    "circular": {
        "main": """
            import sys, @a
            print(@a.done, @a.b.done, @a.b.seen)
            try:
                import @c
            except ImportError as e:
                print(type(e).__name__, e, e.name)
            print([n for n in ('@c', '@d') if n in sys.modules])
            import @p.x
            print(@p.x.y.back is @p.x, @p.late)
        """,
        "a": "import sys\nimport @b as b\ndone = 'a'\n",
        "b": "import sys, @a\nseen = [k for k in vars(@a) if k[0] != '_'], @a.__spec__._initializing\ndone = 'b'\n",
        "c": "from @d import late\nearly = 1\n",
        "d": "from @c import early\nlate = 1\n",
        "p/__init__": "from .x import y\nlate = 1\n",
        "p/x": "from . import y\nimport @p\nprint(hasattr(@p, 'late'), hasattr(@p, 'x'), hasattr(@p, 'y'))\n"
               "print(getattr(@p.__spec__, '_uninitialized_submodules', ['x']))\n",
        "p/y": "import @p.x as back\n",
    },
    "failing": {
        "main": """
            import sys, importlib
            for name in ('@bad', '@bad', '@p.bad', '@q.child', '@p.good', '@exits', '@interrupts', '@p.exits'):
                try:
                    importlib.import_module(name)
                except BaseException as e:
                    print(name, type(e).__name__, e, e.__context__, e.__cause__, e.__suppress_context__)
                print([n for n in sys.modules if n.startswith('@')])
            print(hasattr(sys.modules['@p'], 'bad'), sys.modules['@p'].good.VALUE)
            import @outer
        """,
        "bad": "import @helper\nraise ValueError('bad')\n",
        "helper": "",
        "p/__init__": "",
        "p/bad": "from . import good\n1 / 0\n",
        "p/good": "VALUE = 1\n",
        "p/exits": "raise SystemExit(4)\n",
        "q/__init__": "from . import loaded\nraise RuntimeError('package')\n",
        "q/loaded": "",
        "q/child": "",
        "exits": "import sys\nsys.exit(3)\n",
        "interrupts": "raise KeyboardInterrupt\n",
        "outer": "def f():\n    import @inner\nf()\n",
        "inner": "def g():\n    raise LookupError('deep')\ng()\n",
    },
    "uncaught import error": {
        "main": "def f():\n    import @a\nf()\n",
        "a": "import @p.b\n",
        "p/__init__": "",
        "p/b": "import nothing_of_that_name\n",
    },
    "uncaught in reload": {
        "main": "import importlib, @a\n@a.fail = True\nimportlib.reload(@a)\n",
        "a": "if 'fail' in globals():\n    raise OSError('again')\n",
    },
    "absent": {
        "main": """
            import sys, importlib, @p, @single
            def attempt(f, *args, **kwargs):
                try:
                    print(f(*args, **kwargs))
                except BaseException as e:
                    print(type(e).__name__, e, getattr(e, 'name', '-'), e.__cause__, e.__suppress_context__)
            for name in ('@nope', '@nope.child', '@p.nope', '@single.child', '@p.nope.child', '.x', 'x.', '', '@p..x'):
                attempt(__import__, name)
                attempt(importlib.import_module, name)
            attempt(importlib.import_module, '.nope', '@p')
            attempt(importlib.import_module, '..nope', '@p')
            attempt(importlib.import_module, 3)
            attempt(importlib.import_module, '@p.\\udc80')
            attempt(__import__, 3)
            attempt(__import__, '@p', fromlist=[1])
            attempt(__import__, '@p', fromlist=('nope', 'VALUE'))
            attempt(__import__, '@p', fromlist=5)
            attempt(__import__, '@p', level=-1)
            class S(str):
                pass
            attempt(lambda: __import__(S('@p.sub')).sub.__name__)
            attempt(lambda: type(__import__(S('@other')).__name__).__name__)
            def f():
                from @p import nothing
            def g():
                from @p import *
            attempt(f)
            attempt(exec, 'from @p import *')
            attempt(exec, 'from . import x', {'__package__': '@p', '__name__': 'n'})
            attempt(exec, 'from ...a import x', {'__package__': '@p', '__name__': 'n'})
            attempt(exec, 'from @q import broken')
            attempt(exec, 'from @q import inner')
            attempt(exec, 'from @q import lazy; print(lazy)')
            print([n for n in sys.modules if n.startswith('@')])
        """.replace("            def g():\n                from @p import *\n", ""),
        "p/__init__": "VALUE = 1\n__all__ = ['VALUE', 'sub', 'missing']\n",
        "p/sub": "",
        "single": "",
        "other": "",
        "q/__init__": "def __getattr__(name):\n    print('asked for', name)\n    if name == 'lazy':\n        return 'lazily'\n"
                      "    raise AttributeError(name)\n",
        "q/broken": "import @gone\n",
        "q/inner": "raise ImportError('mine', name='@q.inner')\n",
    },
    "sys.modules": {
        "main": """
            import sys, importlib
            def attempt(name):
                try:
                    print(name, importlib.import_module(name))
                except BaseException as e:
                    print(name, type(e).__name__, e, getattr(e, 'name', '-'))
            sys.modules['@a'] = None
            attempt('@a')
            attempt('@a.b')
            for statement in ('import @a', 'import @a.b', 'from @a import x'):
                try:
                    exec(statement)
                except ImportError as e:
                    print(type(e).__name__, e, e.name)
            sys.modules['@p.none'] = None
            attempt('@p.none')
            try:
                from @p import none
            except ImportError as e:
                print(type(e).__name__, e, e.name)
            for name in ('@replaced', '@p.replaced', '@gone', '@p.gone', '@nothing', '@moved', '@takes_parent.child',
                         '@hides.child', '@plain_object.child', '@frozen_parent.child', '@preloads.child'):
                attempt(name)
                print(sorted(n for n in sys.modules if n.startswith('@')))
            import @p
            print(@p.replaced, hasattr(@p, 'gone'))
        """,
        "a": "",
        "p/__init__": "",
        "p/none": "",
        "replaced": "import sys\nsys.modules[__name__] = 'a string'\n",
        "p/replaced": "import sys\nsys.modules[__name__] = ['a list']\n",
        "gone": "import sys\ndel sys.modules[__name__]\n",
        "p/gone": "import sys\ndel sys.modules[__name__]\n",
        "nothing": "import sys\nsys.modules[__name__] = None\n",
        "moved": "import sys\nsys.modules['@elsewhere'] = sys.modules.pop(__name__)\nsys.modules[__name__] = 7\n",
        "takes_parent/__init__": "",
        "takes_parent/child": "import sys\ndel sys.modules['@takes_parent']\n",
        "hides/__init__": "del __path__\n",
        "hides/child": "",
        "plain_object/__init__": "import sys\nclass O:\n    __slots__ = ()\n    __path__ = sys.modules[__name__].__path__\n"
                                 "    __spec__ = sys.modules[__name__].__spec__\n    def __repr__(self): return 'O'\n"
                                 "sys.modules[__name__] = O()\n",
        "plain_object/child": "",
        "frozen_parent/__init__": "import sys, types\nclass M(types.ModuleType):\n"
                                  "    def __setattr__(self, n, v): raise TypeError('no ' + n)\n"
                                  "sys.modules[__name__].__class__ = M\n",
        "frozen_parent/child": "",
        "preloads/__init__": "import sys\nsys.modules[__name__ + '.child'] = 'put there'\n",
        "preloads/child": "raise SystemError\n",
    },
    "import warning": {
        "main": """
            import sys, warnings
            with warnings.catch_warnings(record=True) as seen:
                warnings.simplefilter('always')
                import @p.child
                print([(w.category.__name__, str(w.message)) for w in seen])
            with warnings.catch_warnings(record=True) as seen:
                warnings.simplefilter('always')
                kept, sys.meta_path[:] = sys.meta_path[:], []
                try:
                    import @after
                except ImportError as e:
                    print(e)
                sys.meta_path[:] = kept
                print([(w.category.__name__, str(w.message)) for w in seen])
            import @after
        """,
        "p/__init__": "import sys\nclass O:\n    __slots__ = ()\n    __path__ = sys.modules[__name__].__path__\n"
                      "    __spec__ = sys.modules[__name__].__spec__\nsys.modules[__name__] = O()\n",
        "p/child": "",
        "after": "",
    },
    "other finders": {
        "main": """
            import sys, importlib.util, importlib.machinery
            class First:
                def find_spec(self, name, path=None, target=None):
                    if name.startswith('@'):
                        print('asked for', name, path is not None, target)
                    if name == '@made_up':
                        return importlib.machinery.ModuleSpec(name, self)
                def create_module(self, spec):
                    return None
                def exec_module(self, module):
                    module.VALUE = 'made up'
            first = First()
            sys.meta_path.insert(0, first)
            import @a, @p.b, @made_up
            print(@made_up.VALUE, @p.b.seen)
            sys.meta_path.remove(first)
            import @c
            sys.meta_path.append(first)
            import @d, @inserts.child
            try:
                import @unknown
            except ImportError as e:
                print(e)
            print(type(sys.meta_path) is list)
            sys.meta_path = tuple(sys.meta_path)
            import @e
        """,
        "a": "", "c": "", "d": "", "e": "",
        "p/__init__": "", "p/b": "import sys\nseen = '@p' in sys.modules\n",
        "made_up": "raise SystemError\n",
        "inserts/__init__": "import sys\nsys.meta_path.insert(0, sys.meta_path[-1])\n",
        "inserts/child": "",
    },
    "replaced import": {
        "main": """
            import builtins, sys
            own = builtins.__import__
            def ours(name, *args, **kwargs):
                if name.startswith('@') or kwargs or (len(args) > 3 and args[3]):
                    print('import', name, args[2:], kwargs)
                return own(name, *args, **kwargs)
            builtins.__import__ = ours
            import @a
            from @p import b, VALUE
            builtins.__import__ = own
            import @c
            space = {'__builtins__': {'__import__': lambda *a: print('limited', a[0])}}
            exec('import @d', space)
            print('@d' in sys.modules)
        """,
        "a": "import @c\nfrom . import nothing\n".replace("from . import nothing\n", ""),
        "c": "", "d": "",
        "p/__init__": "VALUE = 1\nfrom . import b\n", "p/b": "from .. import x\n".replace("from .. import x\n", ""),
    },
    "patched importlib": {
        "main": """
            import importlib._bootstrap as b, importlib.util, sys
            def watch(name):
                own = getattr(b, name)
                def patched(*args, **kwargs):
                    shown = getattr(args[0], 'name', args[0])
                    if str(shown).startswith('@'):
                        print(name, shown)
                    return own(*args, **kwargs)
                setattr(b, name, patched)
                return own
            for name, module in (('_find_spec', '@a'), ('_load_unlocked', '@p.b'), ('module_from_spec', '@c'),
                                 ('_find_and_load', '@d'), ('_find_and_load_unlocked', '@p.e'), ('_handle_fromlist', '@f')):
                own = watch(name)
                print(__import__(module, fromlist=['x']).__name__)
                setattr(b, name, own)
            print(__import__('@g').__name__)
        """,
        "a": "", "c": "", "d": "", "f": "", "g": "", "p/__init__": "", "p/b": "", "p/e": "",
    },
    "threads": {
        "main": """
            import sys, threading, importlib
            results = []
            def work(name):
                try:
                    module = importlib.import_module(name)
                    results.append((name, module.done, module.__spec__._initializing))
                except BaseException as e:
                    results.append((name, type(e).__name__, str(e)))
            def together(*names):
                threads = [threading.Thread(target=work, args=(name,)) for name in names]
                for t in threads: t.start()
                for t in threads: t.join(500)
                print(sorted(results, key=str), [t.is_alive() for t in threads])
                results.clear()
            together(*['@slow'] * 8)
            together(*['@p.slow', '@p'] * 4)
            together(*['@failing'] * 4)
            together('@one', '@two')
            def with_statement():
                import @three
                results.append(('three', @three.done))
            threads = [threading.Thread(target=with_statement) for _ in range(4)]
            for t in threads: t.start()
            for t in threads: t.join(500)
            print(results)
            boot = importlib._bootstrap
            print([n for n in boot._module_locks if n.startswith('@')], [*getattr(boot._blocking_on, 'data', boot._blocking_on)])
        """,
        "slow": "import time\ntime.sleep(0.05)\nprint('slow runs')\ndone = 1\n",
        "p/__init__": "import time\ntime.sleep(0.05)\ndone = 'p'\n",
        "p/slow": "import time\ntime.sleep(0.02)\nprint('p.slow runs')\ndone = 2\n",
        "failing": "import time, sys\ntime.sleep(0.02)\nsys.count = getattr(sys, 'count', 0) + 1\n"
                   "if sys.count < 3: raise ValueError('failing')\ndone = 3\n",
        "meet": "import threading\nbarrier = threading.Barrier(2)\n",
        "one": "import @meet\n@meet.barrier.wait(500)\nimport @two\ndone = 1\n",
        "two": "import @meet\n@meet.barrier.wait(500)\nimport @one\ndone = 2\n",
        "three": "import time, @four\ntime.sleep(0.02)\ndone = 3\n",
        "four": "import @three\n",
    },
    "import lock": {
        "main": """
            import _imp, threading, time
            order = []
            def other():
                import @a
                order.append('imported')
            _imp.acquire_lock()
            t = threading.Thread(target=other)
            t.start()
            time.sleep(0.05)
            order.append('released')
            _imp.release_lock()
            t.join(500)
            print(order, _imp.lock_held())
        """,
        "a": "",
    },
    "module locks": {
        "main": """
            import importlib._bootstrap as b, sys
            import @a
            print(@a.during)
            lock = b._get_module_lock('@b')
            lock.acquire()
            import @b
            print(lock.owner is not None, lock.count)
            lock.release()
            print(lock.owner, lock.count, b._get_module_lock('@b') is lock)
            b._lock_unlock_module('@a')
        """,
        "a": "import importlib._bootstrap as b, _thread\nlock = b._get_module_lock(__name__)\n"
             "during = lock.owner == _thread.get_ident(), lock.count, lock.name\ndel lock\n",
        "b": "",
    },
    "threads by other names": {  # as gevent has it
        "main": """
            import _thread
            real = _thread.get_ident
            _thread.get_ident = lambda: real() + 1
            try:
                import @a
            finally:
                _thread.get_ident = real
            print(@a.during)
        """,
        "a": "import importlib._bootstrap as b, _thread\nlock = b._get_module_lock(__name__)\n"
             "during = lock.owner == _thread.get_ident()\ndel lock\n",
    },
    "at the end": {
        "main": """
            import atexit, sys
            class Late:
                def __init__(self, name): self.name = name
                def __del__(self, sys=sys):
                    __import__(self.name)
            def leaving():
                import @exit
                Late('@in_del')
            atexit.register(leaving)
            sys.kept = Late('@shutdown')
            Late('@now')
            Late('@fails')
            print('ends')
        """,
        "exit": "print('imported at exit')\n", "in_del": "print('imported in __del__')\n", "now": "print('now')\n",
        "fails": "raise ValueError('in __del__')\n", "shutdown": "print('imported at shutdown')\n",
    },
    "reload": {
        "main": """
            import sys, importlib, @a, @p.b
            before = @a, @a.__spec__
            @a.kept = 1
            print(importlib.reload(@a) is before[0], @a.__spec__ is before[1], @a.kept, @a.runs)
            print([n for n in sys.modules if n.startswith('@')])
            print(importlib.reload(@p).b is @p.b, importlib.reload(@p.b) is @p.b)
            print([n for n in sys.modules if n.startswith('@')])
            @a.fail = True
            try:
                importlib.reload(@a)
            except ValueError as e:
                print(e, sys.modules['@a'] is before[0])
            del sys.modules['@a']
            try:
                importlib.reload(before[0])
            except ImportError as e:
                print(e, e.name)
            import @a
            print(@a is before[0], hasattr(@a, 'kept'))
            importlib.invalidate_caches()
            import @c
            import types
            odd = types.ModuleType('@c')
            try:
                importlib.reload(odd)
            except ImportError as e:
                print(e)
        """,
        "a": "runs = globals().get('runs', 0) + 1\nif 'fail' in globals(): raise ValueError('again')\n",
        "c": "", "p/__init__": "", "p/b": "",
    },
    "audit": {
        "main": """
            import sys
            events = []
            def hook(event, args):
                if event == 'import' and args[0].startswith('@'):
                    events.append((event, args[0], args[1]))
                elif event == 'exec' and args[0].co_filename.rpartition('/')[2].startswith('@'):
                    events.append((event, args[0].co_name))
                if event == 'import' and args[0] == '@forbidden':
                    raise RuntimeError('forbidden')
            sys.addaudithook(hook)
            import @a
            from @b import c
            import importlib
            importlib.import_module('@d')
            for name in ('@forbidden', '@imports_forbidden'):
                try:
                    __import__(name)
                except RuntimeError as e:
                    print(e)
            for event in events: print(event)
            print([n for n in sys.modules if n.startswith('@')])
        """,
        "a": "import @d\n", "b": "c = 1\n", "d": "", "forbidden": "", "imports_forbidden": "import @forbidden\n",
    },
    "lazy": {
        "main": """
            import sys, importlib.util
            def lazily(name):
                spec = importlib.util.find_spec(name)
                spec.loader = importlib.util.LazyLoader(spec.loader)
                module = importlib.util.module_from_spec(spec)
                sys.modules[name] = module
                spec.loader.exec_module(module)
                return module
            a = lazily('@a')
            print('not yet')
            print(a.VALUE, type(a).__name__)
            b = lazily('@p.b')
            import @p.b
            print('not yet', @p.b is b)
            print(b.VALUE)
        """,
        "a": "print('a runs')\nVALUE = 1\n", "p/__init__": "", "p/b": "print('b runs')\nVALUE = 2\n",
    },
    "frames": {
        "main": """
            import warnings
            warnings.simplefilter('always')
            import @a
            def f():
                import @p.b
            f()
        """,
        "a": "import sys, traceback\n"
             "print([s.name for s in traceback.extract_stack() if 'importlib' not in s.filename"
             " and 'OxidizedFinder' not in s.name])\n",
        "p/__init__": "",
        "p/b": "import warnings\nwarnings.warn('old', DeprecationWarning, stacklevel=2)\nwarnings.warn('here')\n",
    },
    "other mapping": {
        "main": """
            import sys, importlib
            class Modules(dict):
                def __setitem__(self, key, value):
                    if key.startswith('@'): print('set', key)
                    super().__setitem__(key, value)
            own = sys.modules
            sys.modules = Modules(own)
            importlib.import_module('@a')
            print('@a' in own, '@a' in sys.modules)
            sys.modules = own
            import @b
            print('@b' in own, '@swaps' in own)
            importlib.import_module('@swaps')
            print('@swaps' in own, '@swaps' in sys.modules)
        """,
        "a": "", "b": "",
        "swaps": "import sys\nsys.modules = dict(sys.modules)\n",
    },
    "fork": {
        "main": """
            import os, sys, threading
            import @a
            pid = os.fork()
            if pid == 0:
                import @b
                from @p import c
                sys.stdout.flush()
                os._exit(0)
            print(os.waitpid(pid, 0)[1])
            import @forks
            print('parent', @forks.child)
        """,
        "a": "", "b": "print('child', flush=True)\n", "p/__init__": "", "p/c": "print('child c', flush=True)\n",
        "forks": "import os\nchild = os.fork()\nif child == 0:\n    import @b\n    os._exit(0)\nos.waitpid(child, 0)\nchild = 0\n",
    },
    "deep": {
        "main": "import sys\nsys.setrecursionlimit(3000)\nimport @chain\nprint(@chain.total)\n",
        "chain": "import sys, types\ntotal = 0\nimport @n0\ntotal = @n0.total\n",
        **{f"n{i}": f"import @n{i + 1}\ntotal = @n{i + 1}.total + 1\n" for i in range(40)},
        "n40": "total = 0\n",
    },
    "collection": {
        "main": """
            import gc, sys
            usual = gc.get_threshold()
            print(gc.isenabled())
            import @a
            print(@a.threshold == usual, @a.enabled, gc.get_threshold() == usual, gc.isenabled())
            print(gc.get_threshold.__name__, type(gc.get_threshold.__self__).__name__)
            import @b
            print(gc.get_threshold()[0], @b.threshold[0])
            gc.set_threshold(*usual)
            import @c
            print(gc.isenabled(), gc.get_threshold() == usual)
            gc.enable()
            import @d
            print(@d.freed, gc.get_threshold() == usual)
            try:
                import @e
            except ValueError:
                print(gc.get_threshold() == usual, gc.isenabled())
            import @keeps
            print(@keeps.get_threshold() == usual)
            gc.set_threshold(0)
            import @a
            del sys.modules['@a']
            import @a
            print(gc.get_threshold()[0], @a.threshold[0])
            gc.set_threshold(*usual)
            import @f
            print(gc.get_freeze_count() > 0, gc.get_threshold() == usual)
            import @g
            print(gc.get_freeze_count() > 0, gc.get_threshold() == usual)
        """,
        "a": "import gc\nthreshold = gc.get_threshold()\nenabled = gc.isenabled()\n",
        "b": "import gc\ngc.set_threshold(123)\nthreshold = gc.get_threshold()\nimport @b2\n",
        "b2": "kept = [[] for _ in range(20000)]\n",
        "c": "import gc, @b2\ngc.disable()\nkept = [[] for _ in range(2000)]\n",
        "d": "import gc, weakref\nclass A: pass\na = A()\na.self = a\nr = weakref.ref(a)\ndel a\n"
             "gc.collect()\nfreed = r() is None\n",
        "e": "kept = [[] for _ in range(2000)]\nraise ValueError\n",
        "keeps": "from gc import get_threshold\nkept = [[] for _ in range(2000)]\n",
        "f": "import gc\ngc.freeze()\nkept = [[] for _ in range(20000)]\n",
        "g": "kept = [[] for _ in range(20000)]\n",
    },
    "endless collection": {
        "main": "import @a\n",
        "a": "import weakref\nclass A: pass\ndef make():\n    a = A()\n    a.self = a\n    return weakref.ref(a)\n"
             "first = make()\nfor i in range(100000):\n    make()\n    if first() is None:\n        break\n"
             "print('collected while a module runs on', first() is None)\n",
    },
    "crowd": {
        "main": """
            import sys, threading, random, importlib
            sys.setswitchinterval(1e-6)
            sys.runs = []
            order = random.Random(7)
            def work(names, failures):
                for name in names:
                    try:
                        importlib.import_module(name)
                    except BaseException as e:
                        failures.append((name, e))
            failures = []
            threads = []
            for number in range(6):
                names = ['@c%d' % i for i in range(24)] + ['@p.d%d' % i for i in range(4)]
                order.shuffle(names)
                threads.append(threading.Thread(target=work, args=(names, failures)))
            for t in threads: t.start()
            for t in threads: t.join(40)
            boot = importlib._bootstrap
            print(sorted(sys.runs), failures, [t for t in threads if t.is_alive()],
                  [n for n in boot._module_locks if n.startswith('@')], [*getattr(boot._blocking_on, 'data', boot._blocking_on)])
        """,
        **{f"c{i}": f"import sys\nsys.runs.append(__name__)\nimport @c{i * 7 % 24}, @p.d{i % 4}\n"
                    f"from @c{(i + 1) % 24} import __name__ as n\n" for i in range(24)},
        "p/__init__": "import sys\nsys.runs.append(__name__)\n",
        **{f"p/d{i}": "import sys\nsys.runs.append(__name__)\nfor _ in range(1000): pass\n" for i in range(4)},
    },
    # A package under another name, and folders of modules inside a package on sys.path: setuptools does both.
    "by path": {
        "main": """
            import sys, importlib, pkgutil
            import @p as real
            sys.modules['@other'] = real
            import @other.mod, @other.sub.deep as deep
            from @other.sub import own
            for name in [n for n in sys.modules if n.startswith(('@other', '@p'))]:
                m = sys.modules[name]
                print(name, m.__name__, m.__spec__.name, getattr(m, 'VALUE', None), hasattr(m, '__path__'))
            print(own is sys.modules['@other.sub'], deep.__package__, deep.up is own, importlib.reload(deep) is deep)
            for name in '@other.absent', '@other.top', '@p.absent':
                try:
                    importlib.import_module(name)
                except ImportError as e:
                    print(type(e).__name__, e, e.name)
            sys.path.append(real.__path__[0] + '/_vendor')
            import by_path_one, @top, by_path_two.inner
            print(by_path_one.VALUE, @top.VALUE, by_path_two.inner.VALUE, by_path_two.inner.__package__)
            print(by_path_one.__loader__ is by_path_one.__spec__.loader, '@p._vendor.by_path_one' in sys.modules)
            print([m.name for m in pkgutil.iter_modules([sys.path[-1]])])
            import @p._vendor.by_path_one as inside
            print(inside is by_path_one, inside.VALUE)
            real.__path__[:] = [real.__path__[0] + '/elsewhere']
            import @p.moved
            try:
                import @p.never
            except ImportError as e:
                print(type(e).__name__, e, e.name)
            print(@p.moved.VALUE, '@p.elsewhere' in sys.modules)
            real.__path__.append('/nonexistent')
            real.__path__.insert(0, '/nonexistent')
            import @p.moved2
            del sys.path[-1]
            sys.path.append(real.__path__[1].rsplit('/', 1)[0] + '/by_path_self')
            sys.modules['by_path_self'] = real
            del sys.modules['by_path_self']
            import by_path_self
            print(by_path_self.VALUE, hasattr(by_path_self, '__path__'))
        """,
        "top": "VALUE = 'top'\n",
        "p/__init__": "VALUE = 'p'\n",
        "p/mod": "VALUE = __name__\n",
        "p/never": "VALUE = 'not on the path'\n",
        "p/sub/__init__": "VALUE = __name__\nfrom .. import sub as own\n",
        "p/sub/deep": "from .. import sub as up\nVALUE = __name__, __package__\n",
        "p/_vendor/by_path_one": "VALUE = __name__\n",
        "p/_vendor/by_path_top": "VALUE = 'the folder is the last one'\n",
        "p/_vendor/by_path_two/__init__": "from . import inner\n",
        "p/_vendor/by_path_two/inner": "VALUE = __name__\n",
        "p/elsewhere/moved": "VALUE = __name__\n",
        "p/elsewhere/moved2": "",
        "p/by_path_self/by_path_self": "VALUE = __name__\n",
    },
    "files": {
        "main": """
            import sys
            if sys.version_info < (3, 10):
                sys.exit('in 3.9 files() needs more of the library than is packed here')
            import @p, importlib.resources as r
            for package in @p, '@p.sub':
                f = r.files(package)
                print(f.name, (f / '__init__.py').read_text(), f.joinpath('absent').is_file(), f.is_dir())
            print((r.files('@p') / 'mod.py').read_bytes(), (f.parent / 'mod.py').suffix)
            for wrong in 'absent', '@p.mod':
                try:
                    print((r.files(wrong) / 'mod.py').read_bytes())
                except (ImportError, TypeError) as e:
                    print(type(e).__name__)
        """,
        "p/__init__": "'text'\n", "p/mod": "x = 1\n", "p/sub/__init__": "'other text'\n",
    },
    "lazy imports": {
        "main": """
            import sys
            __lazy_modules__ = ['@p', '@p.sub', '@p.other', '@q', '@fails', '@absent']  # means something since 3.15
            import @q, @p.sub
            from @p.other import VALUE
            from @p import late
            def loaded():
                print([n for n in sys.modules if n.startswith('@')])
            loaded()
            print(@q.VALUE)
            loaded()
            print(VALUE, @p.sub.VALUE, late.VALUE)
            loaded()
            for name in '@fails', '@absent':
                try:
                    exec(f'import {name} as x; x')
                except Exception as e:
                    print(type(e).__name__, e)
            import @p.sub.deep
            print(@p.sub.deep is sys.modules['@p.sub.deep'], sorted(k for k in vars(@p) if k[0] != '_'))
        """,
        "p/__init__": "print('p runs')\n__lazy_modules__ = ['@p.late']\nfrom . import late\nimport @p.late as again\n",
        "p/late": "print('late runs')\nVALUE = 'late'\n", "p/other": "VALUE = 'other'\n",
        "p/sub/__init__": "print('sub runs')\nVALUE = 'sub'\n", "p/sub/deep": "print('deep runs')\n",
        "q": "print('q runs')\nVALUE = 'q'\n", "fails": "raise LookupError('fails')\n",
    },
    "nothing leaks": {
        "main": """
            import sys, gc
            def once():
                for name in ('@a', '@p', '@p.child', '@p.other', '@fails', '@q', '@q.child'):
                    sys.modules.pop(name, None)
                import @a, @p.child
                from @p import other, VALUE
                for name in ('@fails', '@q.child', '@absent', '@a.absent'):
                    try:
                        __import__(name)
                    except (ValueError, LookupError, ImportError):
                        pass
            for _ in range(30): once()
            gc.collect()
            before = sys.getallocatedblocks()
            for _ in range(300): once()
            gc.collect()
            print(sys.getallocatedblocks() - before < 700)  # CPython 3.13 itself: 460
        """,
        "a": "import @p\n", "p/__init__": "VALUE = 1\nfrom . import child\n", "p/child": "import @p.other\n", "p/other": "",
        "fails": "raise ValueError\n", "q/__init__": "", "q/child": "import sys\ndel sys.modules['@q']\n",
    },
}
