"""The Dockerfiles, as far as they can be judged without building them."""
