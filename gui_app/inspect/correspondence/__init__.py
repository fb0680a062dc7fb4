"""The page of the correspondence: what is wrong with it, another one against it, building one.

May import the base only. Start with `model`, what is known of it; `page` shows that, `difference_in_view`
on the bodies.
"""
