import sys

from behaviour import cases

cases.CASES[sys.argv[1]](*sys.argv[2:])
