"""The pages, one file each: a module-level `VIEW` is found by discovery."""
