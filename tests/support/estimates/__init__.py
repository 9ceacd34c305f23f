"""A kind of document that the product does not have: the estimate. All that it takes is in this package.

`declaration` would be a module of `hub/plugin/documents`, `builder` one of `hub/planning/kinds`, and `handler` belongs
to a plugin.
"""
