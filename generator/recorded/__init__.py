"""How does recorded, labelled card data become a replay like any other?"""
