"""Names around plugins: the entry-point group, environment variables, the core's commands."""

from __future__ import annotations

from collections.abc import Mapping

GROUP = "healthsim_store"  # of entry points
CORE = "core"  # what the core's own formats and commands are listed under
DISABLE = "HEALTHSIM_STORE_NO_PLUGINS"
TRACE = "HEALTHSIM_STORE_TRACE_PLUGINS"
FOLDER = "HEALTHSIM_STORE_PLUGINS_DIR"  # of plugins of one file each

#: The core's own commands, and which module of `cli` has each. They stand here because no plugin
#: may take one of these names; `cli`, which is above this package, makes its commands from it.
COMMANDS: Mapping[str, str] = {
    "persist": "writing",
    "import": "writing",
    "map": "writing",
    "update": "changing",
    "remove": "changing",
    "undo": "changing",
    "redo": "changing",
    "history": "changing",
    "generate": "generating",
    "regenerate": "generating",
    "profiles": "generating",
    "list": "listing",
    "tags": "listing",
    "info": "listing",
    "summary": "reading",
    "samples": "reading",
    "query": "reading",
    "check": "inspecting",
    "schema": "inspecting",
    "plugins": "extending",
    "clone": "copying",
    "merge": "copying",
    "diff": "copying",
    "compare": "comparing",
    "export": "exporting",
    "standards": "exporting",
    "metadata": "exporting",
    "serve": "serving",
    "tag": "managing",
    "untag": "managing",
    "rename": "managing",
    "upgrade": "managing",
    "description": "annotating",
    "note": "annotating",
    "question": "annotating",
    "delete": "deleting",
    "restore": "deleting",
    "purge": "deleting",
}
