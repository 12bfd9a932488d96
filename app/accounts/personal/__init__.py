"""Personal data: what each module holds of a person, how it is given out, and how it goes."""
