"""How models are judged: TFMA metrics, the evaluation config and the verdict."""
