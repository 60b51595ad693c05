"""Train, calibrate and evaluate the model that `classifier` serves. Needs the extra `train`."""
