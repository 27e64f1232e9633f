"""MemberSim for healthsim-store: the payer's side (members, claims, authorizations, ...)."""

from healthsim_store import Check, Product, Profile, hookimpl


@hookimpl
def healthsim_store_products() -> list[Product]:
    return [Product.from_package(__name__)]


@hookimpl
def healthsim_store_profiles() -> list[Profile]:
    return Profile.all_from_package(__name__)


@hookimpl
def healthsim_store_checks() -> list[Check]:
    from .same_person import CHECK

    return [CHECK]
