s --> np, vp.
np --> [she].
