"""What `./dev` is made of. Standard library only: it has to run before anything is installed."""
