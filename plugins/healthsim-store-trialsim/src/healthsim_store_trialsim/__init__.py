"""TrialSim for healthsim-store: clinical trials (studies, subjects, visits, ...)."""

from healthsim_store import Check, Product, Profile, Standard, hookimpl


@hookimpl
def healthsim_store_products() -> list[Product]:
    return [Product.from_package(__name__)]


@hookimpl
def healthsim_store_profiles() -> list[Profile]:
    return Profile.all_from_package(__name__)


@hookimpl
def healthsim_store_standards() -> list[Standard]:
    return Standard.all_from_package(__name__)


@hookimpl
def healthsim_store_checks() -> list[Check]:
    from .same_person import CHECK

    return [CHECK]
