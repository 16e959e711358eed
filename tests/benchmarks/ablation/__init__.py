"""What the defaults of `study.run` are worth: studies that differ in one choice, at equal cost.

`arms` says which choices are compared, `simulate` runs one study of an arm without Ray, `retrain`
scores what it chose on fresh seeds, `parts` keeps each study on disk, `curves` reads what a study
knew after so many epochs, `standing` compares arms, `figure` and `readme` show them.
"""
