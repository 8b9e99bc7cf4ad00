"""Our resources, as Pulumi's engine sees them: thin adapters over the platforms."""
