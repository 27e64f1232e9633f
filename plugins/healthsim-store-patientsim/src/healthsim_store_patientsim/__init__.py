"""PatientSim for healthsim-store: the clinical side (patients, encounters, labs, ...)."""

from healthsim_store import Product, Profile, hookimpl


@hookimpl
def healthsim_store_products() -> list[Product]:
    return [Product.from_package(__name__)]


@hookimpl
def healthsim_store_profiles() -> list[Profile]:
    return Profile.all_from_package(__name__)
