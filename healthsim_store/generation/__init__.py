"""Entities made by a profile, a recipe in one SQL file: reading it, drawing from it,
running it into a scenario. What the entities are is the product's business.
"""
