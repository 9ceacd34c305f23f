"""The families of the kit's tests. `IntegrationSuite` is all of them; a class may also take some."""
