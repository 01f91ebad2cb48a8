"""What the vendors' simulators share: the world that they tell about, switches to break them, a record of calls.

A simulator is a product feature: tests, the demo and the bench run the same ones.
"""
