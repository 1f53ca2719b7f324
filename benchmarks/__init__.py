"""What `./dev bench` runs: see the section on benchmarks in README.md."""
