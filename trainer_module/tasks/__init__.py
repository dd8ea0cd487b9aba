"""What the trainer needs to know of each task: its batches, loss, validation and export."""
