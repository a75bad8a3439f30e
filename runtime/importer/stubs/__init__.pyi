import importlib.machinery
import os
import pathlib
import types
from collections.abc import Buffer, Iterable, Iterator, Mapping, Sequence
from email.message import Message
from typing import IO, Any, ClassVar, Literal, final, overload

