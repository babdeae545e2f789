"""The devices of a home: what there is, what it can be told, and how it is connected."""
