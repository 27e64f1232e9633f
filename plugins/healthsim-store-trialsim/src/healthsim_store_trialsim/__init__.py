"""TrialSim for healthsim-store: clinical trials (studies, subjects, visits, ...)."""

from healthsim_store import Product, hookimpl


@hookimpl
def healthsim_store_products() -> list[Product]:
    return [Product.from_package(__name__)]
