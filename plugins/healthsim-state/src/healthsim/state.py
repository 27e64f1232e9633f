"""The import line of the auto-persist examples, on top of healthsim-store."""

from healthsim_store import add_tags as add_tags
from healthsim_store import clone_scenario as clone_scenario
from healthsim_store import delete_scenario as delete_scenario
from healthsim_store import diff_scenarios as diff_scenarios
from healthsim_store import export_scenario as export_scenario
from healthsim_store import get_samples as get_samples
from healthsim_store import get_summary as get_summary
from healthsim_store import list_scenarios as list_scenarios
from healthsim_store import list_tags as list_tags
from healthsim_store import load_scenario as load_scenario
from healthsim_store import merge_scenarios as merge_scenarios
from healthsim_store import persist as persist
from healthsim_store import query_scenario as query_scenario
from healthsim_store import remove_tags as remove_tags
from healthsim_store import rename_scenario as rename_scenario
from healthsim_store import restore_scenario as restore_scenario
from healthsim_store import save_scenario as save_scenario
from healthsim_store import scenario_info as scenario_info
