"""The parts of the `zwavejs` ecosystem: what the server says, what a lock answers, what that means."""
