"""The same ten checks on Nightlatch's judge and on two policy engines, over the same facts."""
