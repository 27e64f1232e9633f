"""Plugins: each is loaded alone, wholly or not at all, and cannot break the tool.

Here are the loading of entry points, the look at what their hooks answer, the names that they claim
and the collection of all that they bring. What a plugin implements is in `hookspecs`; what it
brings, such as a product or a format, is a value of the package below that uses it.
"""

from .collection import Plugins as Plugins
from .collection import installed as installed
from .names import COMMANDS as COMMANDS
from .names import CORE as CORE
from .names import DISABLE as DISABLE
from .names import FOLDER as FOLDER
from .names import GROUP as GROUP
from .names import TRACE as TRACE
from .plugin import Plugin as Plugin
