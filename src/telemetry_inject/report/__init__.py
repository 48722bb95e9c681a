"""What a person, a script or a log sees of a run."""
