"""What a web server and the `flask` command load."""

import gc

import config
from app import create_app, supervisor

supervisor.die_with_spawning_parent()
app = create_app(config.read_or_exit())
gc.freeze()  # what is loaded by now stays: no request waits while it is looked through for garbage
