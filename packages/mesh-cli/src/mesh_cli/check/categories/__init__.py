"""The categories, each in a module of its own: pure judgements, and checks that gather for them."""
