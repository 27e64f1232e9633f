"""One input for each error code that causes it: errors.md prints them, a test runs them.

`tests/docs/test_error_causes.py` makes what ``given`` says, runs the command, and fails where its
error has another code, or where a code has no cause here.
"""

from __future__ import annotations

from dataclasses import dataclass

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
LONG = "SELECT replace(printf('%.*c', 4000000, 'x'), 'x', 'xyz')"


@dataclass(frozen=True, slots=True)
class Cause:
    """What is typed after ``healthsim-store``, and what is the case then.

    ``ward-7`` and ``ward-8`` are scenarios of patients in every case. ``door`` is ``browser`` where
    ``command`` is an address of ``healthsim-store serve``.
    """

    command: str
    given: str = ""
    door: str = "command line"


CAUSES = {
    "error": Cause("shout quietly", "a plugin's command `shout` refuses as click's commands do"),
    "invalid_argument": Cause('query ward-7 "SELECT 1" --limit 0'),
    "invalid_name": Cause("rename ward-7 a/b"),
    "batch_differs": Cause(
        "persist other.json --scenario ward-7 --batch-id b-1", "`b-1` was a batch of other rows"
    ),
    "empty_batch": Cause(
        "import people --format synthea", "`people/patients.csv` has a header and no row"
    ),
    "unknown_entity_type": Cause("samples ward-7 patientz"),
    "ambiguous_entity_type": Cause(
        "schema staff", "one product has doctors, another nurses, both with the alias staff"
    ),
    "unknown_format": Cause("import --format cvs people.txt"),
    "unknown_profile": Cause("generate diabetis"),
    "unknown_question": Cause("query ward-7 -q a1c"),
    "invalid_value": Cause("query ward-7 -q a1c_above -p least high"),
    "invalid_rows": Cause("persist wrong.json", '`wrong.json` is `{"patients": [{"mrn": "P-1"}]}`'),
    "unknown_batch": Cause("remove ward-7 --batch b-9"),
    "rows_in_use": Cause("remove ward-7 patients --where 1"),
    "cannot_undo": Cause("undo ward-8"),
    "changed_since": Cause(
        "undo altered", "another program has changed what the last update of `altered` changed"
    ),
    "invalid_source": Cause("import nothing.csv"),
    "target_exists": Cause("export ward-7 --to taken", "the folder `taken` has files"),
    "usage": Cause("list --lot"),
    "scenario_not_found": Cause("info nobody"),
    "page_not_found": Cause("/ward-7/nothing", door="browser"),
    "ambiguous_scenario": Cause("info ward"),
    "scenario_exists": Cause("clone ward-7 ward-8"),
    "scenario_file": Cause("rename twin other", "`twin.db` and `twin-2.db` are names of one file"),
    "not_a_scenario": Cause("info notes", "`notes.db` is a text"),
    "corrupt_scenario": Cause("summary half", "`half.db` is half of a file"),
    "triggers_refused": Cause(
        "persist more.json --scenario touched", "somebody put a trigger into `touched`"
    ),
    "newer_format": Cause("info future", "`future.db` has a format of a later version"),
    "scenario_busy": Cause("tag ward-7 x", "another program is writing to `ward-7`"),
    "not_writable": Cause("export ward-7 --to people.txt/out", "`people.txt` is a file"),
    "copy_failed": Cause("clone broken", "a row of `broken` refers to a patient that is not there"),
    "merge_conflict": Cause(
        "merge ward-7 ward-8 --on-conflict error", "both have a patient with the same `mrn`"
    ),
    "query_failed": Cause('query ward-7 "SELECT weight FROM patients"'),
    "query_refused": Cause('query ward-7 "DELETE FROM patients"'),
    "query_timeout": Cause(f'query ward-7 "{ENDLESS}" --timeout 0.5'),
    "query_too_large": Cause(f'query ward-7 "{LONG}"'),
    "cannot_serve": Cause("serve --port 99999"),
    "invalid_declaration": Cause("generate wrong.sql", "`wrong.sql` is no profile"),
    "not_conformant": Cause(
        "export ward-7 --format ./club --to out",
        "the standard in the folder `club` has a `@never` that finds a patient",
    ),
    "newer_product": Cause("upgrade ahead", "`ahead` has a later version of a product"),
    "upgrade_refused": Cause(
        "upgrade behind", "`behind` has an older version, and a broken reference"
    ),
    "unknown_version": Cause(
        "upgrade ancient", "`ancient` is older than what the migrations of its product know"
    ),
    "migration_failed": Cause("upgrade lost", "a migration of its product loses rows"),
    "plugin_failed": Cause("shout loudly", "the plugin's command raises a KeyError"),
    "system_failure": Cause("schema > /dev/full"),
    "internal_error": Cause("plugins", "a mistake of ours in what it calls"),
    "interrupted": Cause(f'query ward-7 "{ENDLESS}" --timeout 60', "Ctrl-C while it runs"),
}
