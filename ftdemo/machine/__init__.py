"""The machine: its device and number formats, how chat and worker share the cores, memory handed back."""
