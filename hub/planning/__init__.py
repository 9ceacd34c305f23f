"""Planning: the pure function `hub.planning.plan.plan` decides what an order becomes in the books.

Nothing here asks the database or the clock. `hub.orders.context` loads what a plan rests on, and `hub.orders.apply`
writes it down.
"""
