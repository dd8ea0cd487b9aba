"""Where the data-parallel work of the stages runs: options, checks, the package for workers."""
