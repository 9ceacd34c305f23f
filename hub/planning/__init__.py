"""What an order becomes in the books, decided by a pure function: `hub.planning.plan.plan`.

Nothing here asks the database or the clock. `hub.orders.context` loads what a plan rests on, and `hub.orders.apply`
writes it down.
"""
