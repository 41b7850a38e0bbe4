"""The judges: pure functions of a recorded history, one file each, found by discovery."""
