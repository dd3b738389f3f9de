"""The commands, by who uses them. Each hands over to the module that does the work; nothing heavy is imported early."""
