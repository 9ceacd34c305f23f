"""How the hub treats plugins, which may do anything: found, asked, vetted, and forgiven."""
