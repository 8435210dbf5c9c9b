"""What a web server and the `flask` command load."""

import config
from app import create_app, supervisor

supervisor.die_with_spawning_parent()
app = create_app(config.read_or_exit())
