"""The names of the data splits and what each is for."""

TRAIN = "train"  # weights are learned from it
VALIDATION = "validation"  # early stopping and hyperparameters look at it
TEST = "test"  # reported figures and the push decision come from it

SPLITS = (TRAIN, VALIDATION, TEST)
