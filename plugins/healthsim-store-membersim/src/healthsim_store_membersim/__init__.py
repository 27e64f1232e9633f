"""MemberSim for healthsim-store: the payer's side (members, claims, authorizations, ...)."""

from healthsim_store import Product, hookimpl


@hookimpl
def healthsim_store_products() -> list[Product]:
    return [Product.from_package(__name__)]
