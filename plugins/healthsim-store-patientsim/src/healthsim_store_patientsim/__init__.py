"""PatientSim for healthsim-store: the clinical side (patients, encounters, labs, ...)."""

from healthsim_store import Product, hookimpl


@hookimpl
def healthsim_store_products() -> list[Product]:
    return [Product.from_package(__name__)]
